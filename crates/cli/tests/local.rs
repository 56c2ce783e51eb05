//! Every command on a data folder itself, through the library, with its output captured.

mod backup;
mod credentials;
mod support;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use breakglass_cli::Exit;
use serde_json::Value;
use support::Folder;

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

#[tokio::test]
async fn a_token_goes_into_a_new_file_that_is_its_owners_alone() {
    let folder = Folder::initialized().await;
    let create = "ec create LOCAL --client-id a --ttl 60 --token-file BESIDE/token";
    let told = folder.succeeds(create).await;
    let kept = std::fs::read_to_string(folder.beside("token")).unwrap();
    let token = kept.trim_end();
    assert_eq!(token.split('.').count(), 3);
    assert!(!told.out.contains(token) && told.out.contains("Token left"));
    let mode = folder.beside("token").metadata().unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);

    // Nothing is written over, and nothing is issued that could not be kept.
    let again = "ec regenerate LOCAL a --token-file BESIDE/token";
    folder.fails(again, Exit::Failed).await;
    folder
        .succeeds("token verify LOCAL --file BESIDE/token")
        .await;
    // What is refused leaves no file.
    folder
        .fails(
            "ec regenerate LOCAL nobody --token-file BESIDE/other",
            Exit::NotFound,
        )
        .await;
    assert!(!folder.beside("other").exists());
}

#[tokio::test]
async fn an_emergency_client_lives_its_whole_life() {
    let folder = Folder::initialized().await;
    let create = "emergency-client create LOCAL --client-id night-shift --ttl 30d";
    let created = folder
        .succeeds(&format!("{create} --output json"))
        .await
        .json();
    assert_eq!(created["clientId"], "night-shift");
    assert_eq!(created["clientName"], "night-shift");
    assert_eq!(created["accessTokenTtl"], 43_200);
    let first = created["accessToken"].as_str().unwrap().to_owned();
    folder.fails(create, Exit::Conflict).await;

    let listed = folder.succeeds("emergency-client list LOCAL").await;
    assert!(
        listed.out.contains("night-shift") && listed.out.contains("29d 23h"),
        "{}",
        listed.out
    );
    assert!(!listed.out.contains(&first));
    let shown = folder.succeeds("ec show LOCAL night-shift").await;
    for part in ["ACTIVE", "Created by", "Last regenerated"] {
        assert!(shown.out.contains(part), "{part} in {}", shown.out);
    }
    let shown = folder
        .succeeds("ec show LOCAL night-shift --output json")
        .await
        .json();
    assert_eq!(shown["accessToken"], Value::Null);

    let second = folder
        .succeeds("ec regenerate LOCAL --client-id night-shift --output token")
        .await;
    let second = second.out.trim_end().to_owned();
    assert_ne!(first, second);
    folder
        .fails(
            &format!("token verify --local --data-dir DATA {first}"),
            Exit::TokenRecalled,
        )
        .await;
    let verified = folder
        .succeeds(&format!("token verify LOCAL {second}"))
        .await;
    assert!(verified.out.contains("not recalled") && verified.out.contains("night-shift"));

    let deleted = folder
        .succeeds("emergency-client delete LOCAL night-shift --output json")
        .await;
    assert_eq!(deleted.out, "");
    folder
        .fails("emergency-client show LOCAL night-shift", Exit::NotFound)
        .await;
    let failed = folder
        .fails(
            &format!("token verify LOCAL {second} --output json"),
            Exit::TokenRecalled,
        )
        .await;
    assert_eq!(failed.json()["valid"], false);
}

#[tokio::test]
async fn a_token_for_people_is_shown_with_a_warning_and_alone_on_its_line() {
    let folder = Folder::initialized().await;
    let told = folder
        .succeeds("emergency-client create LOCAL --client-id a --ttl 60")
        .await;
    assert!(told.err.contains("only this once"), "{}", told.err);
    let token = told.out.lines().last().unwrap();
    assert_eq!(token.split('.').count(), 3);
    assert!(!told.err.contains(token));
}

#[tokio::test]
async fn every_faulty_field_is_named() {
    let folder = Folder::initialized().await;
    let line = "emergency-client create LOCAL --client-id a/b --client-name= --ttl 200000000";
    let failed = folder.fails(line, Exit::Invalid).await;
    for field in ["clientId", "clientName", "accessTokenTtl"] {
        assert!(
            failed.failure().contains(field),
            "{field} in {}",
            failed.failure()
        );
    }
}

#[tokio::test]
async fn brokers_and_realms_are_made_and_deleted() {
    let folder = Folder::initialized().await;
    let broker = "broker add LOCAL --tenant NIGHT --name Night --algorithm EdDSA --output json";
    assert_eq!(folder.succeeds(broker).await.json()["algorithm"], "EdDSA");
    folder.fails(broker, Exit::Conflict).await;
    assert!(
        folder
            .succeeds("broker list LOCAL")
            .await
            .out
            .contains("NIGHT")
    );

    let told = folder.succeeds("realm create LOCAL --broker NIGHT").await;
    let name = told.out.lines().find(|line| line.starts_with("Name"));
    assert!(name.unwrap().ends_with("  Night"), "{}", told.out);
    folder.succeeds("realm delete LOCAL NIGHT").await;
    let realm = folder
        .succeeds("realm create LOCAL --broker NIGHT --output json")
        .await
        .json();
    let id = realm["id"].as_str().unwrap().to_owned();
    folder
        .fails("realm create LOCAL --broker NIGHT", Exit::Conflict)
        .await;
    folder
        .fails("realm create LOCAL --broker DAY", Exit::NotFound)
        .await;
    folder
        .fails("emergency-client list LOCAL", Exit::Usage)
        .await;
    folder
        .succeeds("ec create LOCAL --realm NIGHT --client-id a --ttl 60")
        .await;
    assert!(
        folder
            .succeeds("realm list LOCAL")
            .await
            .out
            .contains("1 of 1")
    );

    let failed = folder
        .fails("realm delete LOCAL NIGHT", Exit::TaskFailed)
        .await;
    assert!(failed.failure().contains("holds 1"), "{}", failed.failure());
    folder
        .succeeds("realm delete LOCAL --realm NIGHT --force")
        .await;
    folder
        .fails(&format!("realm delete LOCAL {id}"), Exit::NotFound)
        .await;
}

#[tokio::test]
async fn a_role_lives_its_whole_life() {
    let folder = Folder::initialized().await;
    let listed = folder.succeeds("role list LOCAL --page-size 3").await;
    for part in ["vcf_administrator", "BUILT_IN", "VCENTER, NSX_MANAGER"] {
        assert!(listed.out.contains(part), "{part} in {}", listed.out);
    }
    assert!(listed.err.contains("3 of 4"), "{}", listed.err);
    let last = folder
        .succeeds("role list LOCAL --page-size 3 --page 1")
        .await;
    assert_eq!((last.out.lines().count(), last.err.as_str()), (2, ""));

    let components = "--component VCENTER=ReadOnly --component HCX=Admin --component VCENTER=Other";
    let create = format!("role create LOCAL --role-name reader {components}");
    let created = folder
        .succeeds(&format!("{create} --output json"))
        .await
        .json();
    assert_eq!(
        created["componentRoles"],
        serde_json::json!([
            {"componentType": "VCENTER", "roles": ["ReadOnly", "Other"]},
            {"componentType": "HCX", "roles": ["Admin"]},
        ])
    );
    folder.fails(&create, Exit::Conflict).await;
    let update = "role update LOCAL --role-name reader --role-display-name Reads --component HCX=a";
    let updated = folder.succeeds(update).await;
    for part in ["Reads", "CUSTOM", "local_operator:", "HCX"] {
        assert!(updated.out.contains(part), "{part} in {}", updated.out);
    }
    let custom = folder
        .succeeds("role list LOCAL --type custom --output json")
        .await
        .json();
    assert_eq!(custom["pageInfo"]["totalCount"], 1);
    folder.succeeds("role delete LOCAL reader").await;
    folder.fails("role show LOCAL reader", Exit::NotFound).await;
    folder
        .fails("role delete LOCAL vcf_viewer", Exit::Conflict)
        .await;
    let faulty = "role create LOCAL --role-name a/b --component HCX=";
    let failed = folder.fails(faulty, Exit::Invalid).await;
    for field in ["roleName", "componentRoles[0].roles"] {
        let told = failed.failure();
        assert!(told.contains(field), "{field} in {told}");
    }
}

#[tokio::test]
async fn an_api_client_lives_its_whole_life() {
    let folder = Folder::initialized().await;
    let create = "api-client create LOCAL --client-id ci --client-description Builds";
    let created = folder
        .succeeds(&format!("{create} --output json"))
        .await
        .json();
    assert_eq!(
        (&created["clientId"], &created["clientName"]),
        (&"ci".into(), &"ci".into())
    );
    folder.fails(create, Exit::Conflict).await;
    folder
        .succeeds("api-client update LOCAL ci --client-name Nightly")
        .await;

    folder
        .succeeds("api-client grant LOCAL ci --role vcf_viewer")
        .await;
    folder
        .succeeds("api-client grant LOCAL ci --role vcf_viewer --for 1d")
        .await;
    folder
        .succeeds("api-client grant LOCAL ci --role sddc_viewer --instance vcf-1")
        .await;
    let failed = folder
        .fails("api-client grant LOCAL ci --role absent", Exit::Invalid)
        .await;
    assert!(failed.failure().contains("roleName"), "{failed:?}");
    let shown = folder.succeeds("api-client show LOCAL ci").await;
    for part in [
        "Nightly",
        "Builds",
        "VCF Viewer",
        "the realm",
        "vcf-1",
        "23h",
    ] {
        assert!(shown.out.contains(part), "{part} in {}", shown.out);
    }
    let shown = folder
        .succeeds("api-client show LOCAL --client-id ci --output json")
        .await
        .json();
    let roles = shown["roles"].as_array().unwrap();
    let names: Vec<_> = roles.iter().map(|held| &held["roleName"]).collect();
    assert_eq!(names, ["vcf_viewer", "sddc_viewer"]);

    folder
        .succeeds("api-client create LOCAL --client-id deploy")
        .await;
    let found = async |line: &str| {
        let told = folder
            .succeeds(&format!("api-client list LOCAL {line}"))
            .await;
        let clients = told.out.lines().skip(1);
        let ids = clients.filter_map(|row| row.split(' ').next().map(str::to_owned));
        (ids.collect::<Vec<_>>().join(" "), told.err)
    };
    assert_eq!(found("--page-size 5").await.0, "ci deploy");
    assert_eq!(found("--like NIGHT").await.0, "ci");
    assert_eq!(found("--like e --role sddc_viewer").await.0, "");
    assert_eq!(found("--role sddc_viewer").await.0, "ci");
    let (ids, told) = found("--page-size 1").await;
    assert_eq!(ids, "ci");
    assert!(told.contains("1 of 2"), "{told}");

    folder
        .succeeds("api-client revoke LOCAL ci --role vcf_viewer")
        .await;
    folder
        .fails(
            "api-client revoke LOCAL ci --role vcf_viewer",
            Exit::NotFound,
        )
        .await;
    assert_eq!(found("--role sddc_viewer").await.0, "ci");
    folder.succeeds("api-client revoke LOCAL ci --all").await;
    assert_eq!(found("--role sddc_viewer").await.0, "");
    folder.succeeds("api-client delete LOCAL ci").await;
    folder
        .fails("api-client show LOCAL ci", Exit::NotFound)
        .await;
}

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
