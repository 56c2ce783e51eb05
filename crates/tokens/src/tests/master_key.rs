//! The master key's file.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;

use breakglass_ports::{CryptoError, Entropy};
use tempfile::TempDir;

use crate::{MasterKey, MasterKeyError, SystemEntropy};

/// A key of zeroes as its file has it: 43 characters and a line end.
fn zeroes() -> String {
    format!("{}\n", "A".repeat(43))
}

fn file(folder: &TempDir, content: &str, mode: u32) -> PathBuf {
    let path = folder.path().join("master.key");
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn check_malformed(content: &str) {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, content, 0o600);
    assert!(
        matches!(
            MasterKey::load(&path),
            Err(MasterKeyError::Malformed { .. })
        ),
        "{content:?}"
    );
}

struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) -> Result<(), CryptoError> {
        Err(CryptoError::Failed)
    }
}

#[test]
fn a_created_key_is_loaded_again() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("master.key");
    let created = MasterKey::create(&path, &SystemEntropy).unwrap();
    assert_eq!(mode_of(&path), 0o600);
    assert_eq!(fs::read_to_string(&path).unwrap().len(), 44);
    assert_ne!(created.expose(), &[0; 32]);
    assert_eq!(MasterKey::load(&path).unwrap().expose(), created.expose());
}

#[test]
fn a_key_that_exists_is_kept() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, &zeroes(), 0o600);
    let key = MasterKey::create(&path, &SystemEntropy).unwrap();
    assert_eq!(key.expose(), &[0; 32]);
    assert_eq!(fs::read_to_string(&path).unwrap(), zeroes());
}

#[test]
fn first_starts_at_the_same_time_agree_and_leave_one_file() {
    const STARTS: usize = 8;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("master.key");
    let barrier = Barrier::new(STARTS);
    let keys: Vec<MasterKey> = thread::scope(|scope| {
        let starts: Vec<_> = (0..STARTS)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    MasterKey::create(&path, &SystemEntropy).unwrap()
                })
            })
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    let stored = MasterKey::load(&path).unwrap();
    assert!(keys.iter().all(|key| key.expose() == stored.expose()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_file_open_to_others_is_refused_with_its_path_and_mode() {
    for mode in [0o644, 0o640, 0o604, 0o620, 0o601, 0o660] {
        let folder = TempDir::new().unwrap();
        let path = file(&folder, &zeroes(), mode);
        let error = MasterKey::load(&path).unwrap_err();
        assert!(matches!(error, MasterKeyError::Exposed { mode: found, .. } if found == mode));
        let text = error.to_string();
        assert!(text.contains("master.key") && text.contains(&format!("{mode:04o}")));
        assert!(
            MasterKey::create(&path, &SystemEntropy).is_err(),
            "nor is it replaced"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), zeroes());
    }
}

#[test]
fn a_file_of_its_owner_alone_is_read() {
    for mode in [0o600, 0o400] {
        let folder = TempDir::new().unwrap();
        let path = file(&folder, &zeroes(), mode);
        assert_eq!(MasterKey::load(&path).unwrap().expose(), &[0; 32]);
    }
}

#[test]
fn a_line_end_is_optional() {
    for content in [
        zeroes().trim_end().to_owned(),
        zeroes().replace('\n', "\r\n"),
    ] {
        let folder = TempDir::new().unwrap();
        let path = file(&folder, &content, 0o600);
        assert_eq!(MasterKey::load(&path).unwrap().expose(), &[0; 32]);
    }
}

#[test]
fn other_content_is_refused() {
    check_malformed("");
    check_malformed("\n");
    check_malformed(&"A".repeat(42));
    check_malformed(&"A".repeat(44));
    check_malformed(&"A".repeat(64));
    check_malformed(&"A".repeat(100_000));
    check_malformed(&format!("{}B", "A".repeat(42)));
    check_malformed(&format!("{}=\n", "A".repeat(43)));
    check_malformed(&format!("{}+\n", "A".repeat(42)));
    check_malformed(&format!(" {}", zeroes()));
    check_malformed(&zeroes().repeat(3));
    check_malformed(&format!("{}\n", zeroes()).replace('A', "\nA"));
    check_malformed(&format!("{}x\n", zeroes()));
}

#[test]
fn a_missing_file_is_missing_and_not_made() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("master.key");
    assert!(matches!(
        MasterKey::load(&path),
        Err(MasterKeyError::Missing { .. })
    ));
    assert!(!path.exists());
}

#[test]
fn a_folder_is_no_key() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(
        MasterKey::load(folder.path()),
        Err(MasterKeyError::Malformed { .. })
    ));
}

#[test]
fn a_folder_that_is_missing_is_an_error_of_the_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("absent").join("master.key");
    assert!(matches!(
        MasterKey::create(&path, &SystemEntropy),
        Err(MasterKeyError::Io { .. })
    ));
}

#[test]
fn without_randomness_there_is_no_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("master.key");
    assert!(matches!(
        MasterKey::create(&path, &NoEntropy),
        Err(MasterKeyError::Randomness)
    ));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_key_is_not_printed() {
    assert_eq!(format!("{:?}", MasterKey::new([7; 32])), "MasterKey(..)");
}

#[test]
fn a_key_is_replaced_in_two_steps_and_its_file_stays_its_owners() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, &zeroes(), 0o600);
    let begun = MasterKey::begin_replacement(&path, &SystemEntropy).unwrap();
    let keys: Vec<_> = begun.opening().copied().collect();
    assert_ne!(keys[0], [0; 32]);
    assert_eq!(keys[1..], [[0; 32]]);
    assert_eq!(mode_of(&path), 0o600);

    let again = MasterKey::begin_replacement(&path, &SystemEntropy).unwrap();
    assert!(
        again.opening().eq(&keys),
        "it goes on with the one that broke off"
    );

    MasterKey::end_replacement(&path, &SystemEntropy).unwrap();
    let ended = MasterKey::load(&path).unwrap();
    assert!(ended.opening().eq(&keys[..1]));
    assert_eq!(mode_of(&path), 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_key_that_is_not_there_is_not_replaced() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("master.key");
    assert!(MasterKey::begin_replacement(&path, &SystemEntropy).is_err());
    assert!(MasterKey::end_replacement(&path, &SystemEntropy).is_err());
    assert!(!path.exists());
}
