//! `/breakglass/v1/realms/{realmId}/clients/{clientId}/keys`.

use http::StatusCode;
use serde_json::{Value, json};

use crate::samples::public_jwk;
use crate::support::{Ask, Harness};

fn path(harness: &Harness) -> String {
    format!("/breakglass/v1/realms/{}/clients/ci/keys", harness.realm())
}

async fn replace(harness: &Harness, keys: &Value) -> crate::support::Told {
    let ask = Ask::put(path(harness)).json(&json!({"keys": keys}));
    harness.send_as_admin(ask).await
}

#[tokio::test]
async fn keys_are_replaced_as_a_set_and_those_that_stay_stay() {
    let harness = Harness::start().await;
    harness.add_api_client("ci").await;
    let mut named = public_jwk();
    named["kid"] = json!("first");
    let told = replace(&harness, &json!([named])).await;
    let first = told.expect(StatusCode::OK).json();
    let key = &first["clientKeys"][0];
    assert_eq!(
        (&key["kid"], &key["algorithm"]),
        (&json!("first"), &json!("EdDSA"))
    );
    // RFC 8037, appendix A.3.
    assert_eq!(
        key["thumbprint"],
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
    harness.test.clock.advance_minutes(1);
    let again = replace(&harness, &json!([public_jwk()])).await.json();
    assert_eq!(again, first);
    let listed = harness.send_as_admin(Ask::get(path(&harness))).await.json();
    assert_eq!(listed, first);
    let none = replace(&harness, &json!([])).await.json();
    assert_eq!(none, json!({"clientKeys": []}));
}

#[tokio::test]
async fn every_key_that_is_not_taken_is_named() {
    let harness = Harness::start().await;
    harness.add_api_client("ci").await;
    let mut private = public_jwk();
    private["d"] = json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
    let keys = json!([public_jwk(), private, public_jwk(), {"kty": "oct", "k": "AAAA"}]);
    let told = replace(&harness, &keys).await;
    assert_eq!(told.status, 400);
    let body = told.json();
    let fields: Vec<&str> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["path"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["keys[1]", "keys[2]", "keys[3]"]);
    assert!(!told.text.contains("nWGxne"));
    let listed = harness.send_as_admin(Ask::get(path(&harness))).await.json();
    assert_eq!(listed, json!({"clientKeys": []}));
}
