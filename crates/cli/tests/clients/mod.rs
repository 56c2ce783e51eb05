//! Realms, roles and clients, through their whole lives.

use std::os::unix::fs::PermissionsExt;

use breakglass_cli::Exit;
use serde_json::Value;

use crate::support::Folder;

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
