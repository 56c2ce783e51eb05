//! Every command on a data folder itself, through the library, with its output captured.

mod backup;
mod clients;
mod credentials;
mod start;
mod support;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use breakglass_cli::Exit;
use serde_json::Value;
use support::Folder;

#[tokio::test]
async fn the_audit_tells_what_was_done_and_by_whom() {
    let folder = Folder::initialized().await;
    folder
        .succeeds("ec create LOCAL --client-id a --ttl 60")
        .await;
    let listed = folder
        .succeeds("audit list LOCAL --action emergency_client.created")
        .await;
    assert!(listed.out.contains("local_operator:"), "{}", listed.out);

    let signed = folder
        .succeeds("audit checkpoint LOCAL --append BESIDE/checkpoints")
        .await;
    assert_eq!(signed.out.trim_end().split('.').count(), 3);
    folder.succeeds("ec delete LOCAL a").await;
    let held = folder
        .succeeds("audit verify LOCAL --checkpoint BESIDE/checkpoints")
        .await;
    assert!(held.out.contains("holds"), "{}", held.out);
    folder
        .fails("audit verify LOCAL --checkpoint a.b.c", Exit::Invalid)
        .await;

    let exported = folder.succeeds("audit export LOCAL").await;
    let records: Vec<Value> = exported
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let sequences: Vec<u64> = records
        .iter()
        .filter_map(|it| it["sequence"].as_u64())
        .collect();
    assert_eq!(sequences, (1..=sequences.len() as u64).collect::<Vec<_>>());
    folder
        .succeeds("audit export LOCAL --file BESIDE/export.jsonl")
        .await;
    folder
        .fails(
            "audit export LOCAL --file BESIDE/export.jsonl",
            Exit::Failed,
        )
        .await;
    let page = folder
        .succeeds("audit list LOCAL --limit 1 --order ascending --output json")
        .await;
    assert_eq!(page.json()["next"], 1);
}

#[tokio::test]
async fn checkpoints_go_to_the_file_that_the_settings_name() {
    let folder = Folder::initialized().await;
    std::fs::write(
        folder.data().join("breakglass.toml"),
        "checkpoint-file = 'elsewhere'",
    )
    .unwrap();
    let signed = folder.succeeds("audit checkpoint LOCAL").await;
    let kept = std::fs::read_to_string(folder.data().join("elsewhere")).unwrap();
    assert_eq!(kept, signed.out);
}

#[tokio::test]
async fn a_password_is_set_from_standard_input_or_a_file() {
    let folder = Folder::initialized().await;
    folder
        .succeeds_with("admin set-password LOCAL", "another long password\n")
        .await;
    folder
        .fails_with("admin set-password LOCAL", "short\n", Exit::Invalid)
        .await;
    folder
        .fails_with(
            "admin set-password LOCAL --username nobody",
            "another long password\n",
            Exit::NotFound,
        )
        .await;
    folder.secret("password", "a third long password\n");
    folder
        .succeeds("admin set-password LOCAL --password-file BESIDE/password")
        .await;
    let exposed = folder.beside("exposed");
    std::fs::write(&exposed, "a fourth long password\n").unwrap();
    std::fs::set_permissions(&exposed, Permissions::from_mode(0o644)).unwrap();
    let told = folder
        .succeeds("admin set-password LOCAL --password-file BESIDE/exposed")
        .await;
    assert!(
        told.err.contains("everybody on this machine"),
        "{}",
        told.err
    );
}

#[tokio::test]
async fn a_chosen_password_is_not_shown() {
    let folder = Folder::empty();
    folder.secret("password", "correct horse battery\n");
    let told = folder
        .succeeds("init --data-dir DATA --admin-password-file BESIDE/password")
        .await;
    assert!(!told.out.contains("correct horse") && !told.err.contains("correct horse"));
}

#[tokio::test]
async fn the_status_warns_of_a_lockout() {
    let folder = Folder::initialized().await;
    let status = folder.succeeds("status LOCAL").await;
    assert!(
        status.out.contains("CUSTOMER") && status.out.contains("0 of 0"),
        "{}",
        status.out
    );
    assert!(status.err.contains("warning: "), "{}", status.err);
    let started = status.out.lines().find(|line| line.starts_with("Started"));
    assert!(started.unwrap().ends_with(" -"), "{}", status.out);
    let status = folder.succeeds("status LOCAL --output json").await.json();
    assert_eq!(status["realms"][0]["tenant"], "CUSTOMER");
}

#[tokio::test]
async fn a_token_is_inspected_and_verified_offline() {
    let folder = Folder::initialized().await;
    let token = folder
        .succeeds("ec create LOCAL --client-id a --ttl 60 --output token")
        .await
        .out;
    let token = token.trim_end();
    let inspected = folder.succeeds(&format!("token inspect {token}")).await;
    assert!(inspected.err.contains("Not verified"), "{}", inspected.err);
    assert_eq!(inspected.json()["header"]["typ"], "at+jwt");
    assert_eq!(inspected.json()["claims"]["client_id"], "a");
    folder
        .fails("token inspect nonsense", Exit::TokenInvalid)
        .await;

    let other = Folder::initialized().await;
    let theirs = other
        .succeeds("ec create LOCAL --client-id a --ttl 60 --output token")
        .await
        .out;
    folder
        .fails(
            &format!("token verify LOCAL {}", theirs.trim_end()),
            Exit::TokenInvalid,
        )
        .await;
    let (body, _) = token.rsplit_once('.').unwrap();
    folder
        .fails(
            &format!("token verify LOCAL {body}.AAAA"),
            Exit::TokenInvalid,
        )
        .await;
    std::fs::write(folder.beside("jwks.json"), r#"{"keys": []}"#).unwrap();
    let line = format!("token verify --jwks BESIDE/jwks.json {token}");
    folder.fails(&line, Exit::TokenInvalid).await;
}

#[tokio::test]
async fn completions_and_manual_pages_are_made() {
    let folder = Folder::empty();
    assert!(
        folder
            .succeeds("completions bash")
            .await
            .out
            .contains("emergency-client")
    );
    assert!(folder.succeeds("man").await.out.contains(".TH"));
    folder.succeeds("man --dir BESIDE/man").await;
    assert!(folder.beside("man/breakglass-token-verify.1").exists());
}
