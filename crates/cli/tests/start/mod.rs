//! A first start, and the settings and keys that every command needs.

use breakglass_cli::Exit;

use crate::support::Folder;

#[tokio::test]
async fn a_first_start_makes_everything_and_tells_it_once() {
    let folder = Folder::empty();
    let told = folder.succeeds("init --data-dir DATA").await;
    for part in [
        "Realm",
        "Administrator",
        "shown only this once",
        "curl -sS",
        "accessTokenTtl",
    ] {
        assert!(told.out.contains(part), "{part} in {}", told.out);
    }
    let mode = |name: &str| folder.mode(name);
    assert_eq!(
        (mode(""), mode("master.key"), mode("breakglass.db")),
        (0o700, 0o600, 0o600)
    );

    let again = folder.fails("init --data-dir DATA", Exit::Conflict).await;
    assert_eq!(again.out, "");
}

#[tokio::test]
async fn nothing_is_made_by_a_command_that_finds_nothing() {
    let folder = Folder::empty();
    folder.fails("status LOCAL", Exit::NotInitialized).await;
    assert!(!folder.data().exists());
}

#[tokio::test]
async fn a_missing_or_wrong_master_key_is_refused_and_no_other_is_made() {
    let folder = Folder::initialized().await;
    let key = folder.data().join("master.key");
    let kept = std::fs::read(&key).unwrap();

    std::fs::remove_file(&key).unwrap();
    folder.fails("status LOCAL", Exit::MasterKey).await;
    folder.fails("init --data-dir DATA", Exit::Conflict).await;
    folder
        .fails(
            "serve --data-dir DATA --listen 127.0.0.1:0",
            Exit::MasterKey,
        )
        .await;
    assert!(!key.exists());

    let stranger = Folder::initialized().await;
    std::fs::copy(stranger.data().join("master.key"), &key).unwrap();
    folder.fails("status LOCAL", Exit::MasterKey).await;
    folder
        .fails(
            "serve --data-dir DATA --listen 127.0.0.1:0",
            Exit::MasterKey,
        )
        .await;

    std::fs::write(&key, kept).unwrap();
    folder.succeeds("status LOCAL").await;
}

#[tokio::test]
async fn a_key_that_has_lost_its_store_gets_a_new_one_only_when_it_is_asked_for() {
    let folder = Folder::initialized().await;
    std::fs::rename(folder.data(), folder.beside("unmounted")).unwrap();
    let serve =
        "serve --data-dir DATA --listen 127.0.0.1:0 --master-key-file BESIDE/unmounted/master.key";
    let failed = folder.fails(serve, Exit::NotInitialized).await;
    for part in [
        "unmounted/master.key",
        "data/breakglass.db",
        "breakglass init",
    ] {
        assert!(failed.failure().contains(part), "{}", failed.failure());
    }
    assert!(!folder.data().exists());
    folder
        .succeeds("init --data-dir DATA --master-key-file BESIDE/unmounted/master.key")
        .await;
    assert!(!folder.data().join("master.key").exists());
}

#[tokio::test]
async fn a_first_start_that_broke_off_can_be_made_again() {
    let folder = Folder::empty();
    // The key cannot be made, and the store is there by then.
    let nowhere = "init --data-dir DATA --master-key-file BESIDE/nowhere/key";
    folder.fails(nowhere, Exit::MasterKey).await;
    assert!(folder.data().join("breakglass.db").exists());
    folder.fails("status LOCAL", Exit::NotInitialized).await;
    folder.succeeds("init --data-dir DATA").await;
    folder.succeeds("status LOCAL").await;
}

#[tokio::test]
async fn a_password_that_breaks_a_rule_is_refused_before_anything_is_made() {
    let folder = Folder::empty();
    folder.secret("password", "short\n");
    for command in ["init", "serve"] {
        let line = format!("{command} --data-dir DATA --admin-password-file BESIDE/password");
        let failed = folder.fails(&line, Exit::Usage).await.failure();
        for part in [
            "admin-password-file",
            "password is no password",
            "must have 12",
        ] {
            assert!(failed.contains(part), "{part} in {failed}");
        }
        let missing = format!("{command} --data-dir DATA --admin-password-file BESIDE/none");
        let failed = folder.fails(&missing, Exit::Usage).await.failure();
        assert!(failed.contains("admin-password-file: "), "{failed}");
    }
    assert!(!folder.data().exists());
}

#[tokio::test]
async fn a_first_start_on_every_address_has_to_be_told_its_url() {
    let folder = Folder::empty();
    for command in ["init", "serve"] {
        let line = format!("{command} --data-dir DATA --listen 0.0.0.0:8730 --tls-self-signed");
        let failed = folder.fails(&line, Exit::Usage).await.failure();
        assert!(failed.contains("--public-url"), "{failed}");
    }
    assert!(!folder.data().exists());
    let told = folder
        .succeeds("init --data-dir DATA --listen 0.0.0.0:8730 --tls-self-signed --public-url https://b.example")
        .await;
    assert!(told.out.contains("https://b.example"), "{}", told.out);
}

#[tokio::test]
async fn a_checkpoint_file_that_cannot_be_written_is_named_at_once() {
    let folder = Folder::empty();
    let nowhere = "--checkpoint-file BESIDE/nowhere/checkpoints";
    for command in [
        "init --data-dir DATA",
        "serve --data-dir DATA --listen 127.0.0.1:0",
    ] {
        let failed = folder
            .fails(&format!("{command} {nowhere}"), Exit::Usage)
            .await;
        let told = failed.failure();
        assert!(
            told.contains("checkpoint-file: ") && told.contains("nowhere/checkpoints"),
            "{told}"
        );
    }
    folder.succeeds("init --data-dir DATA").await;
    folder
        .fails(&format!("audit checkpoint LOCAL {nowhere}"), Exit::Usage)
        .await;
    folder
        .fails(
            "audit checkpoint LOCAL --append BESIDE/nowhere/checkpoints",
            Exit::Failed,
        )
        .await;
    // In an emergency a share that is gone is no reason to make nothing.
    folder
        .succeeds(&format!("ec create LOCAL {nowhere} --client-id a --ttl 60"))
        .await;
}

#[tokio::test]
async fn the_line_for_this_machine_names_the_files_that_were_named() {
    let folder = Folder::empty();
    std::fs::write(folder.beside("own.toml"), "log = 'error'").unwrap();
    let told = folder
        .succeeds("init --config BESIDE/own.toml --data-dir DATA --master-key-file BESIDE/key")
        .await;
    let line = told.out.lines().find(|line| line.contains("--local"));
    let words = line.unwrap().strip_prefix("breakglass ").unwrap();
    assert!(words.contains("--master-key-file") && words.contains("--config"));
    folder.succeeds(words).await;
}

#[tokio::test]
async fn a_key_that_the_folders_own_file_names_is_found_by_every_command() {
    let folder = Folder::empty();
    std::fs::create_dir(folder.data()).unwrap();
    let text = format!("master-key-file = '{}'", folder.beside("key").display());
    std::fs::write(folder.data().join("breakglass.toml"), text).unwrap();
    let told = folder.succeeds("init --data-dir DATA").await;
    assert!(!told.out.contains("--master-key-file"), "{}", told.out);
    assert!(folder.beside("key").exists());
    assert!(!folder.data().join("master.key").exists());
    folder
        .succeeds("ec create LOCAL --client-id a --ttl 60")
        .await;
}
