//! `/breakglass/v1/realms/{realmId}/signing-keys` and `/key-policy`.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Ask, Harness, Told};

fn path(harness: &Harness, what: &str) -> String {
    format!("/breakglass/v1/realms/{}/{what}", harness.realm())
}

async fn rotate(harness: &Harness, body: &Value) -> Told {
    let ask = Ask::post(path(harness, "signing-keys")).json(body);
    harness.send_as_admin(ask).await
}

/// The published keys, and the body of the metadata.
async fn published(harness: &Harness) -> Vec<Value> {
    let told = harness
        .send(Ask::get("/acs/t/CUSTOMER/jwks".to_owned()))
        .await;
    told.json()["keys"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_rotation_publishes_the_next_key_and_lists_it() {
    let harness = Harness::start().await;
    let told = rotate(&harness, &json!({})).await;
    let made = told.expect(StatusCode::CREATED).json();
    let key = &made["signingKey"];
    assert_eq!(key["state"], "NEXT");
    assert_eq!(made["recalledCredentials"], 0);
    let ahead = key["activatesAt"].as_i64().unwrap() - key["createdAt"].as_i64().unwrap();
    assert_eq!(ahead, 24 * 60 * 60 * 1000);
    let listed = harness
        .send_as_admin(Ask::get(path(&harness, "signing-keys")))
        .await;
    let listed = listed.expect(StatusCode::OK).json();
    assert_eq!(listed["signingKeys"][0], *key);
    assert_eq!(listed["signingKeys"][1]["state"], "ACTIVE");
    assert_eq!(published(&harness).await[0]["kid"], key["kid"]);

    let again = rotate(&harness, &json!({"immediately": false})).await;
    assert_eq!(again.status, 409);
    assert_eq!(again.json()["code"], "NEXT_KEY_EXISTS");
}

#[tokio::test]
async fn an_immediate_rotation_leaves_one_key() {
    let harness = Harness::start().await;
    let before = published(&harness).await;
    let told = rotate(&harness, &json!({"immediately": true})).await;
    let made = told.expect(StatusCode::CREATED).json();
    assert_eq!(made["signingKey"]["state"], "ACTIVE");
    let after = published(&harness).await;
    assert_eq!(after.len(), 1);
    assert_ne!(after, before);
    assert_eq!(after[0]["kid"], made["signingKey"]["kid"]);
}

#[tokio::test]
async fn a_policy_is_changed_in_parts_and_every_fault_is_named() {
    let harness = Harness::start().await;
    let change = async |body: &Value| {
        let ask = Ask::patch(path(&harness, "key-policy")).json(body);
        harness.send_as_admin(ask).await
    };
    let expected = json!({"algorithm": "EdDSA", "rotationPeriod": 129_600, "overlap": 1440});
    let changed = change(&json!({"algorithm": "EdDSA"})).await;
    assert_eq!(changed.expect(StatusCode::OK).json(), expected);
    let read = harness
        .send_as_admin(Ask::get(path(&harness, "key-policy")))
        .await;
    assert_eq!(read.json(), expected);
    let faulty = change(&json!({"rotationPeriod": 5, "overlap": 0})).await;
    assert_eq!(faulty.status, 400);
    for field in ["rotationPeriod", "overlap"] {
        assert!(faulty.text.contains(field), "{field}: {}", faulty.text);
    }
}
