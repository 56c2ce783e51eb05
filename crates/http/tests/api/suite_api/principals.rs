//! `…/iam/ssorealms/{ssoRealmId}/principals`.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Ask, Harness, IAM, is_millis, shaped};

const ABSENT: &str = "00000000-0000-4000-8000-000000000000";

fn over_the_realm(role: &str) -> Value {
    json!({"roleName": role, "roleScope": {"scopeType": "SSO_REALM", "resources": []}})
}

fn all(assignments: &[Value]) -> Value {
    json!({"vcfRoleAssignments": assignments})
}

async fn give(harness: &Harness, principal: &str, assignments: &[Value]) {
    let ask = Ask::put(harness.roles_of(principal)).json(&all(assignments));
    let told = harness.send_as_admin(ask).await.expect(StatusCode::OK);
    assert_eq!(told.text, "");
}

async fn held(harness: &Harness, principal: &str) -> Value {
    let ask = Ask::get(harness.roles_of(principal));
    let told = harness.send_as_admin(ask).await;
    told.expect(StatusCode::OK).json()
}

#[tokio::test]
async fn roles_are_given_with_scope_and_end() {
    let harness = Harness::start().await;
    let principal = harness.add_api_client("ci").await;
    assert_eq!(held(&harness, &principal).await, all(&[]));
    let end = harness.test.app.now().plus_millis(60_000).millis();
    let instance = json!({"id": "vcf-1", "name": "First"});
    let mut over_instance = over_the_realm("sddc_viewer");
    over_instance["roleScope"] = json!({
        "scopeType": "VCF_INSTANCE",
        "resources": [instance, {"id": "vcf-2"}],
    });
    let mut ending = over_the_realm("vcf_viewer");
    ending["expiresAt"] = json!(end);
    ending["roleDisplayName"] = json!("what only the server sets");
    give(&harness, &principal, &[over_instance, ending]).await;
    insta::assert_json_snapshot!(held(&harness, &principal).await, {
        ".vcfRoleAssignments[].expiresAt" => insta::dynamic_redaction(shaped("millis", is_millis)),
    }, @r#"
    {
      "vcfRoleAssignments": [
        {
          "roleDisplayName": "SDDC Viewer",
          "roleName": "sddc_viewer",
          "roleScope": {
            "resources": [
              {
                "id": "vcf-1",
                "name": "First"
              },
              {
                "id": "vcf-2"
              }
            ],
            "scopeType": "VCF_INSTANCE"
          }
        },
        {
          "expiresAt": "[millis]",
          "roleDisplayName": "VCF Viewer",
          "roleName": "vcf_viewer",
          "roleScope": {
            "resources": [],
            "scopeType": "SSO_REALM"
          }
        }
      ]
    }
    "#);
    let client = harness
        .send_as_admin(Ask::get(format!("{}/ci", harness.api_clients())))
        .await;
    assert_eq!(
        client.json()["roles"],
        held(&harness, &principal).await["vcfRoleAssignments"]
    );
    harness.test.clock.advance_minutes(1);
    let left = held(&harness, &principal).await;
    assert_eq!(left["vcfRoleAssignments"].as_array().unwrap().len(), 1);
    assert_eq!(left["vcfRoleAssignments"][0]["roleName"], "sddc_viewer");
}

#[tokio::test]
async fn a_put_replaces_all_and_a_delete_takes_all() {
    let harness = Harness::start().await;
    let principal = harness.add_api_client("ci").await;
    let other = harness.add_api_client("other").await;
    give(&harness, &other, &[over_the_realm("vcf_viewer")]).await;
    let two = [over_the_realm("vcf_viewer"), over_the_realm("sddc_viewer")];
    give(&harness, &principal, &two).await;
    give(&harness, &principal, &[over_the_realm("sddc_viewer")]).await;
    let left = held(&harness, &principal).await;
    assert_eq!(left["vcfRoleAssignments"].as_array().unwrap().len(), 1);
    let told = harness
        .send_as_admin(Ask::delete(harness.roles_of(&principal)))
        .await;
    assert_eq!((told.status, told.text.as_str()), (204, ""));
    assert_eq!(held(&harness, &principal).await, all(&[]));
    let others = held(&harness, &other).await;
    assert_eq!(others["vcfRoleAssignments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn every_faulty_field_of_an_assignment_is_named_and_nothing_changes() {
    let harness = Harness::start().await;
    let principal = harness.add_api_client("ci").await;
    give(&harness, &principal, &[over_the_realm("vcf_viewer")]).await;
    let before = held(&harness, &principal).await;
    let scoped = |scope: Value| json!({"roleName": "vcf_viewer", "roleScope": scope});
    let mut over = over_the_realm("vcf_viewer");
    over["expiresAt"] = json!(harness.test.app.now().millis());
    let at = |field: &str| format!("vcfRoleAssignments[0].{field}");
    for (assignments, expected) in [
        (json!(null), vec!["vcfRoleAssignments".to_owned()]),
        (json!([{}]), vec![at("roleName"), at("roleScope")]),
        (json!([over_the_realm("absent")]), vec![at("roleName")]),
        (json!([over_the_realm("a b")]), vec![at("roleName")]),
        (json!([over]), vec![at("expiresAt")]),
        (
            json!([scoped(json!({"scopeType": "UNKNOWN"}))]),
            vec![at("roleScope.scopeType")],
        ),
        (
            json!([scoped(json!({"resources": []}))]),
            vec![at("roleScope.scopeType")],
        ),
        (
            json!([scoped(json!({"scopeType": "VCF_INSTANCE"}))]),
            vec![at("roleScope.resources")],
        ),
        (
            json!([scoped(
                json!({"scopeType": "VCF_INSTANCE", "resources": [{"name": "x"}]})
            )]),
            vec![at("roleScope.resources[0].id")],
        ),
        (
            json!([scoped(
                json!({"scopeType": "SSO_REALM", "resources": [{"id": "x"}]})
            )]),
            vec![at("roleScope.resources")],
        ),
        (
            json!([over_the_realm("vcf_viewer"), over_the_realm("vcf_viewer")]),
            vec!["vcfRoleAssignments[1]".to_owned()],
        ),
    ] {
        let body = json!({"vcfRoleAssignments": assignments});
        let ask = Ask::put(harness.roles_of(&principal)).json(&body);
        let told = harness.send_as_admin(ask).await;
        assert_eq!(told.status, 400, "{body} {}", told.text);
        assert_eq!(told.faulty_fields(), expected, "{body}");
    }
    assert_eq!(held(&harness, &principal).await, before);
}

#[tokio::test]
async fn a_principal_is_found_in_its_own_realm_alone() {
    let harness = Harness::start().await;
    let principal = harness.add_api_client("ci").await;
    let other = harness.test.add_realm("OTHER").await;
    let body = all(&[over_the_realm("vcf_viewer")]);
    for (path, expected) in [
        (harness.roles_of(ABSENT), "PRINCIPAL_NOT_FOUND"),
        (harness.roles_of("none"), "PRINCIPAL_NOT_FOUND"),
        (
            format!("{IAM}/ssorealms/{}/principals/{principal}/roles", other.id),
            "PRINCIPAL_NOT_FOUND",
        ),
        (
            format!("{IAM}/ssorealms/{ABSENT}/principals/{principal}/roles"),
            "REALM_NOT_FOUND",
        ),
    ] {
        for ask in [
            Ask::get(&path),
            Ask::put(&path).json(&body),
            Ask::delete(&path),
        ] {
            let told = harness.send_as_admin(ask).await;
            assert_eq!(told.status, 404, "{path}");
            assert_eq!(told.code(), expected, "{path}");
        }
    }
    assert_eq!(held(&harness, &principal).await, all(&[]));
}
