//! `/acs/t/{tenant}/statuslist`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::Value;

use crate::support::{Ask, Harness, is_jwt};

async fn list(harness: &Harness) -> String {
    let told = harness
        .send(Ask::get("/acs/t/CUSTOMER/statuslist"))
        .await
        .expect(StatusCode::OK);
    assert_eq!(told.header("content-type"), "application/statuslist+jwt");
    assert_eq!(told.header("cache-control"), "public, max-age=30");
    assert!(is_jwt(&told.text), "{}", told.text);
    told.text
}

fn part(jwt: &str, place: usize) -> Value {
    let part = URL_SAFE_NO_PAD
        .decode(jwt.split('.').nth(place).unwrap())
        .unwrap();
    serde_json::from_slice(&part).unwrap()
}

#[tokio::test]
async fn the_list_is_a_jwt_of_its_own_kind() {
    let harness = Harness::start().await;
    let jwt = list(&harness).await;
    assert_eq!(part(&jwt, 0)["typ"], "statuslist+jwt");
    let claims = part(&jwt, 1);
    assert_eq!(
        claims["sub"],
        "https://breakglass.test/acs/t/CUSTOMER/statuslist"
    );
    assert_eq!(claims["ttl"], 30);
    assert_eq!(claims["status_list"]["bits"], 1);
}

#[tokio::test]
async fn a_recall_shows_in_the_very_next_list() {
    let harness = Harness::start().await;
    harness.add_client("x").await;
    let before = list(&harness).await;
    assert_eq!(list(&harness).await, before, "nothing happened in between");
    let path = format!("{}/x", harness.clients());
    harness
        .send_as_admin(Ask::delete(path))
        .await
        .expect(StatusCode::ACCEPTED);
    let after = list(&harness).await;
    assert_ne!(
        part(&before, 1)["status_list"]["lst"],
        part(&after, 1)["status_list"]["lst"]
    );
}
