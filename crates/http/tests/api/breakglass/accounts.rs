//! `/breakglass/v1/accounts/{username}/password`.

use breakglass_test_support::ADMIN_PASSWORD;
use http::StatusCode;
use serde_json::json;

use crate::support::{Ask, Harness, bearer};

fn set(username: &str, password: &str) -> Ask {
    Ask::put(format!("/breakglass/v1/accounts/{username}/password"))
        .json(&json!({"password": password}))
}

fn acquire(password: &str) -> Ask {
    Ask::post("/suite-api/api/auth/token/acquire")
        .json(&json!({"username": "admin", "password": password}))
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one_and_ends_every_session() {
    let harness = Harness::start().await;
    let told = harness
        .send_as_admin(set("admin", "another long password"))
        .await;
    assert_eq!((told.status, told.text.as_str()), (204, ""));
    assert_eq!(harness.send(acquire(ADMIN_PASSWORD)).await.status, 401);
    assert_eq!(
        harness.send(acquire("another long password")).await.status,
        200
    );
    let told = harness
        .send_as_admin(Ask::get("/breakglass/v1/status"))
        .await;
    assert_eq!(told.status, 401);
}

#[tokio::test]
async fn a_short_password_and_an_unknown_account_are_told_apart() {
    let harness = Harness::start().await;
    let told = harness.send_as_admin(set("admin", "short")).await;
    let body = told.expect(StatusCode::BAD_REQUEST).json();
    assert_eq!(body["errors"][0]["path"], "password");
    assert!(!body.to_string().contains("short"));
    let told = harness
        .send_as_admin(set("absent", "another long password"))
        .await;
    assert_eq!(
        told.expect(StatusCode::NOT_FOUND).json()["code"],
        "ACCOUNT_NOT_FOUND"
    );
}

#[tokio::test]
async fn accounts_are_out_of_reach_of_the_clients_of_a_realm() {
    let harness = Harness::start().await;
    let token = harness.add_client("x").await;
    let ask = set("admin", "another long password").authorization(&bearer(&token));
    assert_eq!(harness.send(ask).await.status, 403);
    assert_eq!(harness.send(acquire(ADMIN_PASSWORD)).await.status, 200);
}
