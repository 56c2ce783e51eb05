//! What `/acs/t/{tenant}/token` issues dies with what it was issued for, and is good for one tenant.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::json;

use super::token::{
    ACCESS_TOKEN, API_TOKEN, EXCHANGE, access_token, api_token, ask, error, secret,
};
use crate::support::{Ask, Harness, IAM, Told};

/// The status of a request with this access token.
async fn status_with(harness: &Harness, access: &str) -> u16 {
    let list = Ask::get(format!("{IAM}/ssorealms")).authorization(&format!("Bearer {access}"));
    harness.send(list).await.status
}

async fn exchange(harness: &Harness, token: &str) -> Told {
    let fields = [("grant_type", API_TOKEN), ("api_token", token)];
    harness.send(ask(&fields)).await
}

async fn by_secret(harness: &Harness, secret: &str) -> Told {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", "ci"),
        ("client_secret", secret),
    ];
    harness.send(ask(&fields)).await
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn an_api_token_that_is_over_is_an_invalid_grant() {
    let harness = Harness::start().await;
    harness.add_api_client("ci").await;
    let body = json!({"apiClientId": "ci", "tokenName": "short", "apiTokenTtl": 2});
    let told = harness
        .send_as_admin(Ask::post(harness.api_tokens()).json(&body))
        .await;
    let token = told.expect(StatusCode::CREATED).json()["token"].clone();
    let token = token.as_str().unwrap();
    let issued = exchange(&harness, token).await;
    access_token(&issued);
    // No access token outlives the token it was issued for.
    assert!(issued.json()["expires_in"].as_i64().unwrap() <= 120);
    harness.test.clock.advance_minutes(3);
    let told = exchange(&harness, token).await;
    assert_eq!(error(&told), refused(400, "invalid_grant"));
}

#[tokio::test]
async fn a_deleted_client_is_unknown_and_its_tokens_are_dead_at_the_next_request() {
    let harness = Harness::start().await;
    let token = api_token(&harness, &["vcf_viewer"]).await;
    let secret = secret(&harness).await;
    let of_token = access_token(&exchange(&harness, &token).await);
    let of_secret = access_token(&by_secret(&harness, &secret).await);
    for access in [&of_token, &of_secret] {
        assert_eq!(status_with(&harness, access).await, 200);
    }
    let delete = Ask::delete(format!("{}/ci", harness.api_clients()));
    assert_eq!(harness.send_as_admin(delete).await.status, 204);
    for access in [&of_token, &of_secret] {
        assert_eq!(status_with(&harness, access).await, 401);
        let introspect = Ask::post("/acs/t/CUSTOMER/introspect").form(&format!("token={access}"));
        let told = harness.send_as_admin(introspect).await;
        assert_eq!(told.json(), json!({"active": false}));
    }
    let told = by_secret(&harness, &secret).await;
    assert_eq!(error(&told), refused(401, "invalid_client"));
    let told = exchange(&harness, &token).await;
    assert_eq!(error(&told), refused(400, "invalid_grant"));
}

#[tokio::test]
async fn a_regenerated_token_ends_the_old_one_and_what_it_opened() {
    let harness = Harness::start().await;
    let old = api_token(&harness, &["vcf_viewer"]).await;
    let access = access_token(&exchange(&harness, &old).await);
    let query = Ask::post(format!("{}/query", harness.api_tokens())).json(&json!({}));
    let found = harness.send_as_admin(query).await.json();
    let id = found["apiTokens"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("{}/{id}/regenerate", harness.api_tokens());
    let told = harness.send_as_admin(Ask::post(path)).await;
    let new = told.expect(StatusCode::OK).json()["token"].clone();
    assert_eq!(status_with(&harness, &access).await, 401);
    let told = exchange(&harness, &old).await;
    assert_eq!(error(&told), refused(400, "invalid_grant"));
    let access = access_token(&exchange(&harness, new.as_str().unwrap()).await);
    assert_eq!(status_with(&harness, &access).await, 200);
}

#[tokio::test]
async fn the_credentials_of_one_tenant_open_nothing_at_another() {
    let harness = Harness::start().await;
    harness.test.add_realm("OTHER").await;
    let token = api_token(&harness, &["vcf_viewer"]).await;
    let secret = secret(&harness).await;
    let access = access_token(&exchange(&harness, &token).await);
    let elsewhere = async |fields: &[(&str, &str)]| {
        let mut ask = ask(fields);
        ask.path = "/acs/t/OTHER/token".to_owned();
        error(&harness.send(ask).await)
    };
    let by_token = [("grant_type", API_TOKEN), ("api_token", &token)];
    assert_eq!(elsewhere(&by_token).await, refused(400, "invalid_grant"));
    let by_secret = [
        ("grant_type", "client_credentials"),
        ("client_id", "ci"),
        ("client_secret", &secret),
    ];
    assert_eq!(elsewhere(&by_secret).await, refused(401, "invalid_client"));
    let copy = [
        ("grant_type", EXCHANGE),
        ("subject_token", &access),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    assert_eq!(elsewhere(&copy).await, refused(400, "invalid_grant"));
    let form = format!("token={access}&client_id=ci&client_secret={secret}");
    for name in ["introspect", "revoke"] {
        let ask = Ask::post(format!("/acs/t/OTHER/{name}")).form(&form);
        let told = harness.send(ask).await;
        assert_eq!(error(&told), refused(401, "invalid_client"), "{name}");
    }
    assert_eq!(status_with(&harness, &access).await, 200);
}

#[tokio::test]
async fn a_guess_in_the_header_is_told_the_same_of_every_client() {
    let harness = Harness::start().await;
    api_token(&harness, &[]).await;
    secret(&harness).await;
    for path in ["token", "introspect", "revoke"] {
        let mut told = Vec::new();
        for client in ["ci", "unknown"] {
            let header = format!("Basic {}", STANDARD.encode(format!("{client}:guess")));
            let ask = Ask::post(format!("/acs/t/CUSTOMER/{path}"))
                .form("grant_type=client_credentials&token=x")
                .authorization(&header);
            let answer = harness.send(ask).await;
            let challenges = answer.challenges().join(", ");
            assert!(challenges.contains("Basic "), "{path}: {challenges}");
            told.push((answer.status, answer.text.clone(), challenges));
        }
        assert_eq!(told[0].0, 401, "{path}");
        assert_eq!(told[0], told[1], "{path}");
    }
}
