//! `/breakglass/v1/realms/{realmId}/clients/{clientId}/secrets`.

use http::StatusCode;
use serde_json::json;

use crate::support::{Ask, Harness};

fn path(harness: &Harness, client: &str) -> String {
    format!(
        "/breakglass/v1/realms/{}/clients/{client}/secrets",
        harness.realm()
    )
}

#[tokio::test]
async fn a_secret_is_shown_once_listed_without_itself_and_deleted() {
    let harness = Harness::start().await;
    harness.add_api_client("ci").await;
    let path = path(&harness, "ci");
    for overlap in [0, 60] {
        let body = json!({"overlapMinutes": overlap});
        let told = harness.send_as_admin(Ask::post(&path).json(&body)).await;
        let made = told.expect(StatusCode::CREATED).json();
        assert_eq!(made["clientSecret"].as_str().map(str::len), Some(64));
        assert_eq!(made["clientId"], "ci");
        harness.test.clock.advance_minutes(1);
    }
    let listed = harness.send_as_admin(Ask::get(&path)).await.json();
    let secrets = listed["clientSecrets"].as_array().unwrap();
    assert_eq!(secrets.len(), 2);
    assert!(secrets.iter().all(|one| one.get("clientSecret").is_none()));
    assert_eq!(secrets[0].get("expiresAt"), None);
    assert!(secrets[1]["expiresAt"].is_i64());
    let one = format!("{path}/{}", secrets[1]["secretId"].as_str().unwrap());
    for status in [204, 404] {
        assert_eq!(
            harness.send_as_admin(Ask::delete(&one)).await.status,
            status
        );
    }
}

#[tokio::test]
async fn an_overlap_has_bounds_and_a_client_has_to_be_there() {
    let harness = Harness::start().await;
    harness.add_api_client("ci").await;
    let long = json!({"overlapMinutes": 10_081});
    let ask = Ask::post(path(&harness, "ci")).json(&long);
    let told = harness.send_as_admin(ask).await;
    assert_eq!(told.status, 400);
    assert!(told.text.contains("overlapMinutes"));
    let ask = Ask::post(path(&harness, "nobody")).json(&json!({}));
    let told = harness.send_as_admin(ask).await;
    assert_eq!(
        (told.status, &told.json()["code"]),
        (404, &json!("CLIENT_NOT_FOUND"))
    );
}
