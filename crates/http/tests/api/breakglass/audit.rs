//! `/breakglass/v1/audit`.

use breakglass_domain::audit::AuditAction;
use http::StatusCode;
use serde_json::Value;

use crate::support::{Ask, Harness, bearer, is_millis, shaped};

const RECORDS: &str = "/breakglass/v1/audit/records";

fn is_mac(text: &str) -> bool {
    text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit())
}

async fn records(harness: &Harness, query: &str) -> Value {
    let told = harness
        .send_as_admin(Ask::get(format!("{RECORDS}?{query}")))
        .await;
    told.expect(StatusCode::OK).json()
}

fn sequences(page: &Value) -> Vec<u64> {
    let records = page["records"].as_array().unwrap().iter();
    records
        .map(|record| record["sequence"].as_u64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_record_tells_who_did_what_to_what_and_from_where() {
    let harness = Harness::start().await;
    let body = serde_json::json!({"clientId": "x", "clientName": "X", "accessTokenTtl": 5});
    let ask = Ask::post(harness.clients())
        .json(&body)
        .header("x-request-id", "request-1");
    harness.send_as_admin(ask).await.expect(StatusCode::CREATED);
    let page = records(&harness, "order=DESCENDING&limit=1").await;
    let record = &page["records"][0];
    assert_eq!(record["realmId"], harness.realm());
    insta::assert_json_snapshot!(record, {
        ".time" => insta::dynamic_redaction(shaped("millis", is_millis)),
        ".mac" => insta::dynamic_redaction(shaped("mac", is_mac)),
        ".realmId" => "[realm]",
        ".sequence" => "[sequence]",
        ".details.token_id" => insta::dynamic_redaction(shaped("uuid", crate::support::is_uuid)),
        ".details.expires_at" => insta::dynamic_redaction(shaped("millis", is_millis)),
    }, @r#"
    {
      "action": "emergency_client.created",
      "actor": {
        "id": "admin",
        "kind": "account"
      },
      "details": {
        "expires_at": "[millis]",
        "token_id": "[uuid]",
        "ttl_minutes": "5"
      },
      "emergency": false,
      "mac": "[mac]",
      "outcome": "SUCCESS",
      "realmId": "[realm]",
      "requestId": "request-1",
      "sequence": "[sequence]",
      "sourceAddress": "198.51.100.7",
      "target": {
        "id": "x",
        "kind": "emergency_client"
      },
      "time": "[millis]"
    }
    "#);
}

#[tokio::test]
async fn records_are_paged_both_ways_without_a_gap() {
    let harness = Harness::start().await;
    let total = harness.records().await.len() as u64;
    for (order, expected) in [
        ("ASCENDING", (1..=total).collect::<Vec<_>>()),
        ("DESCENDING", (1..=total).rev().collect()),
    ] {
        let mut found = Vec::new();
        let mut query = format!("order={order}&limit=2");
        loop {
            let page = records(&harness, &query).await;
            found.extend(sequences(&page));
            let Some(next) = page["next"].as_u64() else {
                break;
            };
            query = format!("order={order}&limit=2&after={next}");
        }
        assert_eq!(found, expected, "{order}");
    }
}

#[tokio::test]
async fn a_damaged_record_is_named_and_hides_no_other() {
    let harness = Harness::start().await;
    for id in ["a", "b", "c"] {
        harness.add_client(id).await;
    }
    let total = harness.records().await.len() as u64;
    let damaged = total - 1;
    harness.test.meddler().spoil_audit_record(damaged).await;
    for (order, before, beyond) in [
        ("ASCENDING", (1..damaged).collect::<Vec<_>>(), vec![total]),
        ("DESCENDING", vec![total], (1..damaged).rev().collect()),
    ] {
        let page = records(&harness, &format!("order={order}")).await;
        assert_eq!(sequences(&page), before, "{order}");
        assert_eq!(page["next"].as_u64(), before.last().copied(), "{order}");

        let after = page["next"].as_u64().unwrap();
        let path = format!("{RECORDS}?order={order}&after={after}");
        let told = harness.send_as_admin(Ask::get(path)).await;
        let problem = told.expect(StatusCode::INTERNAL_SERVER_ERROR).json();
        assert_eq!(problem["code"], "AUDIT_DAMAGED");
        let detail = format!("Record {damaged} of the audit cannot be read: it was changed.");
        assert_eq!(problem["detail"], detail.as_str());

        let page = records(&harness, &format!("order={order}&after={damaged}")).await;
        assert_eq!(sequences(&page), beyond, "{order}");
    }
}

#[tokio::test]
async fn records_are_filtered_by_action_and_realm() {
    let harness = Harness::start().await;
    harness.add_client("x").await;
    let page = records(&harness, "action=emergency_client.created").await;
    assert_eq!(sequences(&page).len(), 1);
    let realm = harness.realm();
    let page = records(&harness, &format!("realmId={realm}")).await;
    let all = page["records"].as_array().unwrap();
    assert!(!all.is_empty() && all.iter().all(|record| record["realmId"] == realm.as_str()));
}

#[tokio::test]
async fn every_faulty_parameter_is_named() {
    let harness = Harness::start().await;
    let query = "after=-1&limit=many&order=UP&realmId=1&action=none";
    let told = harness
        .send_as_admin(Ask::get(format!("{RECORDS}?{query}")))
        .await;
    let body = told.expect(StatusCode::BAD_REQUEST).json();
    let errors = body["errors"].as_array().unwrap().iter();
    let paths: Vec<&str> = errors
        .map(|error| error["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["action", "after", "limit", "order", "realmId"]);
    for limit in [0, 1001] {
        let told = harness
            .send_as_admin(Ask::get(format!("{RECORDS}?limit={limit}")))
            .await;
        assert_eq!(told.status, 400, "{limit}");
    }
}

#[tokio::test]
async fn a_client_of_a_realm_sees_the_records_of_its_realm_alone() {
    let harness = Harness::start().await;
    let other = harness.test.add_realm("OTHER").await;
    let token = harness.test.add_emergency_client(&other, "x").await;
    let told = harness
        .send(Ask::get(RECORDS).authorization(&bearer(&token)))
        .await;
    let page = told.expect(StatusCode::OK).json();
    let realm = other.id.to_string();
    let all = page["records"].as_array().unwrap();
    assert!(!all.is_empty() && all.iter().all(|record| record["realmId"] == realm.as_str()));
}

#[tokio::test]
async fn the_catalogue_holds_every_action() {
    let harness = Harness::start().await;
    let told = harness
        .send_as_admin(Ask::get("/breakglass/v1/audit/actions"))
        .await;
    let body = told.expect(StatusCode::OK).json();
    let names: Vec<&str> = body["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| action["action"].as_str().unwrap())
        .collect();
    let expected: Vec<&str> = AuditAction::ALL
        .iter()
        .map(|action| action.name())
        .collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_checkpoint_is_signed_listed_and_verified_against() {
    let harness = Harness::start().await;
    let path = "/breakglass/v1/audit/checkpoints";
    let told = harness
        .send_as_admin(Ask::post(path))
        .await
        .expect(StatusCode::CREATED);
    let signed = told.json();
    assert!(is_mac(signed["mac"].as_str().unwrap()));
    assert!(is_millis(&signed["time"].to_string()));
    let listed = harness.send_as_admin(Ask::get(path)).await.json();
    assert_eq!(listed["checkpoints"], serde_json::json!([signed]));

    let jws = signed["checkpoint"].as_str().unwrap();
    assert!(crate::support::is_jwt(jws));
    let path = format!("/breakglass/v1/audit/verification?checkpoint={jws}");
    let told = harness
        .send_as_admin(Ask::get(path))
        .await
        .expect(StatusCode::OK);
    let total = harness.records().await.len();
    let expected = serde_json::json!({"valid": true, "records": total, "lastSequence": total});
    assert_eq!(told.json(), expected);

    let told = harness
        .send_as_admin(Ask::get(
            "/breakglass/v1/audit/verification?checkpoint=a.b.c",
        ))
        .await;
    assert_eq!(
        told.expect(StatusCode::BAD_REQUEST).json()["errors"][0]["path"],
        "checkpoint"
    );
}
