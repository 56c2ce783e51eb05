//! Trusted issuers whose keys are fetched from where they publish them.

use http::StatusCode;
use serde_json::{Value, json};

use super::support::{ISSUERS, Issuer, fields, grants, list_with, profile, refused};
use crate::support::{Ask, Harness, Told};

const URL: &str = "https://login.example/keys";

async fn create(harness: &Harness, spec: &Value) -> Told {
    harness.send_as_admin(Ask::post(ISSUERS).json(spec)).await
}

/// An API that trusts an issuer by the address of its keys, and lets Alice of it look on.
async fn trusting(issuer: &Issuer) -> Harness {
    let harness = Harness::start().await;
    let spec = json!({"issuer_alias": "login", "issuer": issuer.name, "jwks_uri": URL});
    create(&harness, &spec).await.expect(StatusCode::NO_CONTENT);
    let alice = json!({
        "external_user_name": "alice",
        "issuer_alias": "login",
        "domain": "home",
        "grants": grants(&["READ_ONLY"]),
    });
    profile(&harness, &alice).await;
    harness
}

/// A token for Alice whose header names this key.
fn token(issuer: &Issuer, harness: &Harness, kid: &str) -> String {
    // Where the token says that its keys are is nobody's business.
    let header = json!({"alg": "ES256", "kid": kid, "jku": "https://elsewhere/keys"});
    issuer.token_by(&header, harness, "alice@home", &json!({}))
}

#[tokio::test]
async fn keys_are_fetched_kept_and_fetched_again_for_one_that_is_unknown() {
    let (issuer, next) = (Issuer::new("https://login"), Issuer::new("https://login"));
    let harness = trusting(&issuer).await;
    let published = &harness.test.published_keys;
    published.publish(URL, Some(issuer.key_set("k1")));
    let ask = async |issuer: &Issuer, kid: &str| {
        let told = list_with(&harness, &token(issuer, &harness, kid)).await;
        (told.status, published.fetches())
    };
    assert_eq!(ask(&issuer, "k1").await, (200, 1));
    assert_eq!(ask(&issuer, "k1").await, (200, 1));
    // Somebody else's signature under a known name costs nobody a fetch.
    harness.test.clock.advance(31_000);
    assert_eq!(ask(&next, "k1").await, (401, 1));
    published.publish(URL, Some(next.key_set("k2")));
    assert_eq!(ask(&next, "k2").await, (200, 2));
    assert_eq!(ask(&issuer, "k1").await, (401, 2), "within the pause");
    harness.test.clock.advance(31_000);
    assert_eq!(ask(&issuer, "k1").await, (401, 3));
    // An issuer that cannot be reached is believed for an hour.
    published.publish(URL, None);
    harness.test.clock.advance(3_000_000);
    assert_eq!(ask(&next, "k2").await, (200, 4));
    harness.test.clock.advance(600_000);
    assert_eq!(ask(&next, "k2").await, (401, 5));
    published.publish(URL, Some(next.key_set("k2")));
    harness.test.clock.advance(31_000);
    assert_eq!(ask(&next, "k2").await, (200, 6));
}

#[tokio::test]
async fn a_certificate_needs_no_fetch_and_an_address_can_be_taken_away() {
    let issuer = Issuer::new("https://login");
    let harness = trusting(&issuer).await;
    let whole = format!("{ISSUERS}/login");
    let change = async |body: Value| harness.send_as_admin(Ask::patch(&whole).json(&body)).await;
    let told = change(json!({"jwks_uri": ""})).await;
    let body = refused(&told, 400, "INVALID_ARGUMENT");
    assert_eq!(fields(&body), ["signing_cert_chains"]);
    let chains = issuer.spec("login")["signing_cert_chains"].clone();
    let told = change(json!({"signing_cert_chains": chains, "jwks_uri": ""})).await;
    told.expect(StatusCode::NO_CONTENT);
    let told = harness.send_as_admin(Ask::get(&whole)).await.json();
    assert_eq!(told.get("jwks_uri"), None);
    let told = list_with(&harness, &token(&issuer, &harness, "k1")).await;
    assert_eq!(
        (told.status, harness.test.published_keys.fetches()),
        (200, 0)
    );
    let told = change(json!({"signing_cert_chains": [], "jwks_uri": URL})).await;
    told.expect(StatusCode::NO_CONTENT);
    let told = harness.send_as_admin(Ask::get(&whole)).await.json();
    let info = json!({"issuer": "https://login", "signing_cert_chains": [], "jwks_uri": URL});
    assert_eq!(told, info);
}

#[tokio::test]
async fn an_address_without_tls_is_refused() {
    let harness = Harness::start().await;
    for odd in [
        "http://login.example/keys",
        "/keys",
        "https://me@login.example/keys",
    ] {
        let spec = json!({"issuer_alias": "login", "issuer": "https://login", "jwks_uri": odd});
        let body = refused(&create(&harness, &spec).await, 400, "INVALID_ARGUMENT");
        assert_eq!(fields(&body), ["jwks_uri"], "{odd}");
    }
}
