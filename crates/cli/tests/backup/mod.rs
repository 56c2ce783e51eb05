//! Copies of the store, made, checked and put back by the command line.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use breakglass_cli::Exit;

use crate::support::Folder;

/// An emergency client, and its token.
async fn create(folder: &Folder, id: &str) -> String {
    let line = format!("emergency-client create LOCAL --client-id {id} --ttl 1d --output token");
    folder.succeeds(&line).await.out.trim().to_owned()
}

async fn verify_token(folder: &Folder, token: &str, exit: Exit) {
    folder.secret("token", token);
    let line = "token verify LOCAL --file BESIDE/token";
    if exit == Exit::Success {
        folder.succeeds(line).await;
    } else {
        folder.fails(line, exit).await;
    }
}

#[tokio::test]
async fn a_copy_put_back_keeps_the_recalled_recalled_and_the_living_alive() {
    let folder = Folder::initialized().await;
    let (lives, dies) = (
        create(&folder, "lives").await,
        create(&folder, "dies").await,
    );
    let told = folder
        .succeeds("backup create --to BESIDE/copy --data-dir DATA")
        .await;
    assert!(told.out.contains("Copied everything"), "{}", told.out);
    let mode = fs::metadata(folder.beside("copy"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    folder
        .succeeds("emergency-client delete LOCAL dies --yes")
        .await;
    create(&folder, "later").await;

    folder
        .fails("restore BESIDE/copy --data-dir DATA", Exit::Conflict)
        .await;
    let told = folder
        .succeeds("restore BESIDE/copy --data-dir DATA --replace")
        .await;
    assert!(told.out.contains("Recalled again: 1"), "{}", told.out);
    verify_token(&folder, &lives, Exit::Success).await;
    verify_token(&folder, &dies, Exit::TokenRecalled).await;
    folder.succeeds("audit verify LOCAL").await;
    let audit = folder
        .succeeds("audit list LOCAL --action backup.restored")
        .await;
    assert!(audit.out.contains("backup.restored"), "{}", audit.out);
    let kept = fs::read_dir(folder.data()).unwrap();
    let kept = kept.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains("breakglass.db.replaced-")
    });
    assert_eq!(kept.count(), 1);
}

#[tokio::test]
async fn a_copy_never_takes_the_place_of_a_file_and_is_on_record() {
    let folder = Folder::initialized().await;
    fs::write(folder.beside("copy"), "precious").unwrap();
    folder
        .fails(
            "backup create --to BESIDE/copy --data-dir DATA",
            Exit::Conflict,
        )
        .await;
    assert_eq!(fs::read(folder.beside("copy")).unwrap(), b"precious");
    folder
        .fails(
            "backup create --to BESIDE/no/copy --data-dir DATA",
            Exit::Failed,
        )
        .await;
    folder
        .succeeds("backup create --to BESIDE/other --data-dir DATA -o json")
        .await;
    let audit = folder
        .succeeds("audit list LOCAL --action backup.created -o json")
        .await;
    assert!(audit.out.contains("/other"), "{}", audit.out);
    let left: Vec<_> = fs::read_dir(folder.beside("")).unwrap().collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[tokio::test]
async fn a_changed_byte_of_a_copy_is_found_wherever_it_is() {
    let folder = Folder::initialized().await;
    folder
        .succeeds("backup create --to BESIDE/copy --data-dir DATA")
        .await;
    let verify = "backup verify BESIDE/copy --data-dir DATA";
    let told = folder.succeeds(verify).await;
    assert!(told.out.contains("every byte"), "{}", told.out);
    let whole = fs::read(folder.beside("copy")).unwrap();
    let manifest = whole.iter().position(|byte| *byte == b'{').unwrap();
    let number = manifest
        + whole[manifest..]
            .windows(10)
            .position(|it| it == b"createdAt\"")
            .unwrap()
        + 12;
    for place in [
        0,
        number,
        whole.len() / 2,
        whole.len() - 40,
        whole.len() - 1,
    ] {
        let mut changed = whole.clone();
        changed[place] = if changed[place] == b'1' { b'2' } else { b'1' };
        fs::write(folder.beside("copy"), changed).unwrap();
        folder.fails(verify, Exit::BackupTampered).await;
    }
    fs::write(folder.beside("copy"), &whole[..whole.len() - 1]).unwrap();
    folder.fails(verify, Exit::BackupTampered).await;
    fs::write(folder.beside("copy"), &whole).unwrap();
    folder.succeeds(verify).await;
    let stranger = Folder::initialized().await;
    fs::write(stranger.beside("copy"), &whole).unwrap();
    stranger.fails(verify, Exit::MasterKey).await;
    let refused = "restore BESIDE/copy --data-dir DATA --replace";
    stranger.fails(refused, Exit::MasterKey).await;
    stranger.succeeds("status LOCAL").await;
}

#[tokio::test]
async fn where_the_record_of_recalls_is_lost_the_operator_chooses() {
    for (choice, exit) in [
        ("accept", Exit::Success),
        ("end-everything", Exit::TokenInvalid),
    ] {
        let folder = Folder::initialized().await;
        let token = create(&folder, "fire").await;
        folder
            .succeeds("backup create --to BESIDE/copy --data-dir DATA")
            .await;
        // The disk is lost but for the copy and the key, which lay elsewhere.
        fs::rename(
            folder.data().join("master.key"),
            folder.beside("master.key"),
        )
        .unwrap();
        fs::remove_dir_all(folder.data()).unwrap();
        let restore = "restore BESIDE/copy --data-dir DATA --master-key-file BESIDE/master.key";
        let failure = folder.fails(restore, Exit::RecallsLost).await;
        assert_eq!(failure.out, "");
        assert!(!folder.data().join("breakglass.db").exists());
        folder
            .succeeds(&format!("{restore} --recalls-lost {choice}"))
            .await;
        fs::rename(
            folder.beside("master.key"),
            folder.data().join("master.key"),
        )
        .unwrap();
        verify_token(&folder, &token, exit).await;
        folder.succeeds("audit verify LOCAL").await;
    }
}

#[tokio::test]
async fn a_store_that_is_put_back_by_hand_learns_what_was_recalled_since() {
    let folder = Folder::initialized().await;
    let token = create(&folder, "fire").await;
    let (store, copy) = (
        folder.data().join("breakglass.db"),
        folder.beside("by-hand"),
    );
    fs::copy(&store, &copy).unwrap();
    folder
        .succeeds("emergency-client delete LOCAL fire --yes")
        .await;
    fs::copy(&copy, &store).unwrap();
    verify_token(&folder, &token, Exit::TokenRecalled).await;
    folder.succeeds("audit verify LOCAL").await;
    let audit = folder
        .succeeds("audit list LOCAL --action recalls.taken_over")
        .await;
    assert!(audit.out.contains("recalls.taken_over"), "{}", audit.out);
}

#[tokio::test]
async fn a_command_that_is_not_told_of_the_record_uses_the_one_that_the_folder_is_used_with() {
    let folder = Folder::initialized().await;
    let (lives, dies) = (
        create(&folder, "lives").await,
        create(&folder, "dies").await,
    );
    fs::create_dir(folder.beside("disk")).unwrap();
    folder
        .succeeds("status LOCAL --recall-file BESIDE/disk/recalls")
        .await;
    folder
        .succeeds("backup create --to BESIDE/copy --data-dir DATA")
        .await;
    let line = "emergency-client delete LOCAL dies --yes";
    folder.succeeds(line).await;
    // The store is beyond reading, and nobody remembers where the record is but the folder.
    fs::write(folder.data().join("breakglass.db"), "no database").unwrap();
    let told = folder
        .succeeds("restore BESIDE/copy --data-dir DATA --replace")
        .await;
    assert!(told.out.contains("Recalled again: 1"), "{}", told.out);
    verify_token(&folder, &lives, Exit::Success).await;
    verify_token(&folder, &dies, Exit::TokenRecalled).await;
}

#[tokio::test]
async fn a_restore_that_could_keep_no_record_changes_nothing() {
    let folder = Folder::initialized().await;
    let token = create(&folder, "fire").await;
    folder
        .succeeds("backup create --to BESIDE/copy --data-dir DATA")
        .await;
    let lost = "--recall-file BESIDE/gone/recalls --recalls-lost end-everything";
    let restore = format!("restore BESIDE/copy --data-dir DATA --replace {lost}");
    let failure = folder.fails(&restore, Exit::Failed).await;
    assert_eq!(failure.out, "");
    verify_token(&folder, &token, Exit::Success).await;
}

#[tokio::test]
async fn a_restore_that_was_interrupted_is_brought_to_its_end_first() {
    let folder = Folder::initialized().await;
    let token = create(&folder, "fire").await;
    folder
        .succeeds("backup create --to BESIDE/copy --data-dir DATA")
        .await;
    create(&folder, "later").await;
    // As a kill leaves it that comes after the copy counts and before it is opened.
    let stage = folder.data().join("restoring");
    fs::create_dir(&stage).unwrap();
    fs::copy(
        folder.data().join("breakglass.db"),
        stage.join("breakglass.db"),
    )
    .unwrap();
    fs::write(folder.data().join("breakglass.db.ready"), "7").unwrap();
    let told = folder.succeeds("restore BESIDE/copy --data-dir DATA").await;
    assert!(told.out.contains("interrupted"), "{}", told.out);
    assert!(!stage.exists());
    assert!(folder.data().join("breakglass.db.replaced-7").exists());
    verify_token(&folder, &token, Exit::Success).await;
}
