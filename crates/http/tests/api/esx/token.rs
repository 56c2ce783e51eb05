//! `…/token`.

use breakglass_domain::Privilege;
use http::StatusCode;
use serde_json::json;

use super::support::{Issuer, PROFILES, TOKEN, grants, list_with, profile, refused, trust};
use crate::support::{Ask, Harness, basic, bearer, ops};

async fn exchange(harness: &Harness, authorization: &str) -> String {
    let ask = Ask::post(TOKEN).authorization(authorization);
    let told = harness.send(ask).await.expect(StatusCode::CREATED);
    assert_eq!(told.header("cache-control"), "no-store");
    told.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_password_gives_a_token_of_what_the_profiles_grant() {
    let harness = Harness::start().await;
    harness.test.add_account("viewer", &[Privilege::View]).await;
    let bare = exchange(&harness, &basic("viewer")).await;
    refused(&list_with(&harness, &bare).await, 403, "UNAUTHORIZED");
    let spec = json!({"local_user_name": "viewer", "grants": grants(&["READ_ONLY"])});
    let id = profile(&harness, &spec).await;
    let token = exchange(&harness, &basic("viewer")).await;
    assert_eq!(list_with(&harness, &token).await.status, 200);
    refused(&list_with(&harness, &bare).await, 403, "UNAUTHORIZED");

    // What a profile grants no longer, no token that was issued before does.
    let delete = Ask::delete(format!("{PROFILES}/{id}"));
    assert_eq!(harness.send_as_admin(delete).await.status, 204);
    refused(&list_with(&harness, &token).await, 403, "UNAUTHORIZED");
    profile(&harness, &spec).await;
    assert_eq!(list_with(&harness, &token).await.status, 200);
    harness.test.clock.advance_minutes(1);
    let path = "/breakglass/v1/accounts/viewer/password";
    let set = Ask::put(path).json(&json!({"password": "another long password"}));
    let told = harness.send_as_admin(set).await;
    assert!(told.status < 300, "{}", told.text);
    refused(&list_with(&harness, &token).await, 401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn the_administrators_token_carries_no_more_than_profiles_grant() {
    let harness = Harness::start().await;
    for authorization in [basic("admin"), ops(&harness.test.ops_token().await)] {
        let token = exchange(&harness, &authorization).await;
        refused(&list_with(&harness, &token).await, 403, "UNAUTHORIZED");
    }
}

/// An API that trusts an issuer, and lets Alice of it look on.
async fn with_alice() -> (Harness, Issuer) {
    let harness = Harness::start().await;
    let issuer = Issuer::new("https://vc");
    trust(&harness, "vc", &issuer).await;
    let alice = json!({
        "external_user_name": "alice",
        "issuer_alias": "vc",
        "domain": "home",
        "grants": grants(&["READ_ONLY"]),
    });
    profile(&harness, &alice).await;
    (harness, issuer)
}

/// A host token for Alice.
async fn host_token(harness: &Harness, issuer: &Issuer) -> String {
    let foreign = issuer.token(harness, "alice@home", &json!({}));
    exchange(harness, &format!("Bearer {foreign}")).await
}

#[tokio::test]
async fn a_token_of_a_trusted_issuer_is_exchanged_and_dies_with_the_trust() {
    let (harness, issuer) = with_alice().await;
    let token = host_token(&harness, &issuer).await;
    assert_eq!(list_with(&harness, &token).await.status, 200);
    harness.test.clock.advance_minutes(29);
    assert_eq!(
        list_with(&harness, &token).await.status,
        200,
        "longer than the one it is for"
    );
    let delete = Ask::delete(format!("{}/vc", super::support::ISSUERS));
    assert_eq!(harness.send_as_admin(delete).await.status, 204);
    refused(&list_with(&harness, &token).await, 401, "UNAUTHENTICATED");
    // The alias means another issuer, perhaps: what the first one vouched for stays dead.
    trust(&harness, "vc", &issuer).await;
    refused(&list_with(&harness, &token).await, 401, "UNAUTHENTICATED");

    let token = host_token(&harness, &issuer).await;
    assert_eq!(list_with(&harness, &token).await.status, 200);
    harness.test.clock.advance(1);
    let chains = Issuer::new("https://vc").spec("vc")["signing_cert_chains"].clone();
    let change = Ask::patch(format!("{}/vc", super::support::ISSUERS));
    let change = change.json(&json!({ "signing_cert_chains": chains }));
    assert_eq!(harness.send_as_admin(change).await.status, 204);
    refused(&list_with(&harness, &token).await, 401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_host_token_ends_after_half_an_hour() {
    let (harness, issuer) = with_alice().await;
    let token = host_token(&harness, &issuer).await;
    harness.test.clock.advance_minutes(29);
    assert_eq!(list_with(&harness, &token).await.status, 200);
    harness.test.clock.advance_minutes(1);
    refused(&list_with(&harness, &token).await, 401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn who_is_not_vouched_for_gets_no_token() {
    let harness = Harness::start().await;
    let stranger = Issuer::new("https://stranger");
    let foreign = stranger.token(&harness, "alice@home", &json!({}));
    let emergency = harness.add_client("fire").await;
    let host = exchange(&harness, &basic("admin")).await;
    for authorization in [
        format!("Bearer {foreign}"),
        bearer(&emergency),
        format!("Bearer {host}"),
        "Basic YWRtaW46d3Jvbmc=".to_owned(),
        "SIGN token=\"H4sIAAAA\"".to_owned(),
    ] {
        let told = harness
            .send(Ask::post(TOKEN).authorization(&authorization))
            .await;
        refused(&told, 401, "UNAUTHENTICATED");
    }
    refused(
        &harness.send(Ask::post(TOKEN)).await,
        401,
        "UNAUTHENTICATED",
    );
    // It is a token of another kind, and no access token of the fleet.
    let realms = format!("{}/ssorealms", crate::support::IAM);
    let ask = Ask::get(realms).authorization(&format!("Bearer {host}"));
    assert_eq!(harness.send(ask).await.status, 401);
}
