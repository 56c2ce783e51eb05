//! What cannot be opened is refused for a reason, and left as it was.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use breakglass_ports::Store;
use breakglass_storage_contract::samples::account;
use breakglass_storage_contract::{Harness, keep, seeded};
use breakglass_storage_sqlite::{OpenError, Options, SqliteStore};
use tempfile::TempDir;

use crate::folder::{Folder, meddle, options};

fn place() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("breakglass.db");
    (folder, file)
}

async fn refusal(file: &Path) -> OpenError {
    SqliteStore::open(file, options()).await.unwrap_err()
}

#[tokio::test]
async fn the_file_and_what_stands_beside_it_are_for_this_user_alone() {
    let folder = seeded::<Folder>().await;
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.file().parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{entry:?}");
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    let expected = ["", "-shm", "-wal", ".lock"].map(|end| format!("breakglass.db{end}"));
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_store_opened_again_has_what_it_had() {
    let (_folder, file) = place();
    for name in ["first", "second"] {
        let store = SqliteStore::open(&file, options()).await.unwrap();
        let mut unit = store.begin().await.unwrap();
        unit.insert_account(&account(name)).await.unwrap();
        let found = unit.find_account(&"first".parse().unwrap()).await;
        assert_eq!(found, Ok(Some(account("first"))));
        keep(unit).await;
        store.close().await;
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let (_folder, file) = place();
    let text = "These are notes, and more than a hundred bytes of them. ".repeat(40);
    std::fs::write(&file, &text).unwrap();
    let error = refusal(&file).await;
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn a_database_of_another_program_is_refused() {
    let (_folder, file) = place();
    meddle(&file, "CREATE TABLE bookmarks (url TEXT)").await;
    let error = refusal(&file).await;
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");

    let (_folder, file) = place();
    meddle(&file, "PRAGMA application_id = 1").await;
    let error = refusal(&file).await;
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_with_both_versions() {
    let folder = Folder::fresh().await;
    folder.store().close().await;
    folder
        .meddle(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9000, 'from the future', TRUE, x'00', 0)",
        )
        .await;
    let error = folder.open().await.unwrap_err();
    let versions = match &error {
        OpenError::Newer { found, known, .. } => (*found, *known),
        _ => unreachable!("{error}"),
    };
    assert_eq!(versions, (9000, 14));
}

#[tokio::test]
async fn a_schema_of_another_build_is_refused() {
    let folder = Folder::fresh().await;
    folder.store().close().await;
    folder
        .meddle("UPDATE _sqlx_migrations SET checksum = x'00'")
        .await;
    let error = folder.open().await.unwrap_err();
    let altered = matches!(error, OpenError::Altered { version: 1, .. });
    assert!(altered, "{error}");
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let folder = Folder::fresh().await;
    folder.store().close().await;
    let mut bytes = std::fs::read(folder.file()).unwrap();
    // The tree of the schema begins after the header of 100 bytes.
    bytes[100..1000].fill(0xff);
    std::fs::write(folder.file(), bytes).unwrap();
    let error = folder.open().await.unwrap_err();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_refused_and_not_made() {
    let (folder, _) = place();
    let missing = folder.path().join("missing");
    let error = refusal(&missing.join("breakglass.db")).await;
    assert!(matches!(error, OpenError::Folder { .. }), "{error}");
    assert!(!missing.exists());
}

#[tokio::test]
async fn a_path_that_names_no_file_is_refused() {
    let (folder, _) = place();
    let error = refusal(folder.path()).await;
    assert!(matches!(error, OpenError::Permission { .. }), "{error}");
    let error = refusal(&folder.path().join("..")).await;
    assert!(matches!(error, OpenError::Folder { .. }), "{error}");
}

#[tokio::test]
async fn a_locked_file_is_refused_when_patience_ends() {
    let folder = Folder::fresh().await;
    let held = folder.sqlite().begin().await.unwrap();
    let impatient = Options {
        patience: Duration::from_millis(50),
        ..options()
    };
    let error = SqliteStore::open(&folder.file(), impatient)
        .await
        .unwrap_err();
    assert!(matches!(error, OpenError::Busy { .. }), "{error}");
    drop(held);
    assert!(SqliteStore::open(&folder.file(), options()).await.is_ok());
}

#[tokio::test]
async fn a_name_that_looks_like_a_url_or_memory_is_a_file() {
    let (folder, _) = place();
    for name in ["file:x.db?mode=memory", ":memory:"] {
        let file = folder.path().join(name);
        let store = SqliteStore::open(&file, options()).await.unwrap();
        store.close().await;
        assert!(std::fs::metadata(&file).unwrap().len() > 0, "{name}");
    }
}
