//! Tokens of other issuers that are bound to a key or a certificate.

use breakglass_domain::{DpopRequest, Thumbprint};
use breakglass_test_support::{KeyHolder, PUBLIC_URL};
use serde_json::{Value, json};

use super::support::{
    EXPANSION, REGISTERED, register, registration_required, twin_claims, watched,
};
use crate::esx::support::{Issuer, PROFILES, refused};
use crate::support::{Ask, Harness, Told};

/// A token of Alice, who may look on, with these further claims.
fn alice(harness: &Harness, issuer: &Issuer, more: &Value) -> String {
    let mut claims = json!({"group_names": ["watch"]});
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    issuer.token(harness, "alice@home", &claims)
}

/// What comes of a request with a bound token and a proof for this path.
async fn proven(harness: &Harness, holder: &KeyHolder, token: &str, ask: Ask, path: &str) -> Told {
    let uri = format!("{PUBLIC_URL}{path}");
    let request = DpopRequest {
        method: ask.method,
        uri: &uri,
        token: Some(token),
    };
    let proof = holder.prove(request, None, harness.test.app.now());
    let ask = ask.authorization(&format!("DPoP {token}"));
    harness.send(ask.header("dpop", proof.expose())).await
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_key_goes_with_a_proof_and_not_without() {
    let (harness, issuer) = watched().await;
    let holder = KeyHolder::new();
    let bound = json!({"cnf": {"jkt": holder.thumbprint().to_string()}});
    let token = alice(&harness, &issuer, &bound);
    let ask = || Ask::get(PROFILES);
    let bare = ask().authorization(&format!("Bearer {token}"));
    refused(&harness.send(bare).await, 401, "UNAUTHENTICATED");
    let told = proven(&harness, &holder, &token, ask(), PROFILES).await;
    assert_eq!(told.status, 200, "{}", told.text);
    let told = proven(&harness, &KeyHolder::new(), &token, ask(), PROFILES).await;
    refused(&told, 401, "UNAUTHENTICATED");
    // A host token would set it free.
    let path = "/api/esx/authentication/token";
    let told = proven(&harness, &holder, &token, Ask::post(path), path).await;
    refused(&told, 401, "UNAUTHENTICATED");
    // So would a session, and a token that is bound to nothing is no token of the scheme.
    let told = proven(
        &harness,
        &holder,
        &token,
        Ask::post("/api/session"),
        "/api/session",
    )
    .await;
    refused(&told, 401, "UNAUTHENTICATED");
    let free = alice(&harness, &issuer, &json!({}));
    let told = proven(&harness, &holder, &free, ask(), PROFILES).await;
    refused(&told, 401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_token_that_is_bound_to_a_certificate_or_to_what_nobody_knows_is_not_good_without() {
    let (harness, issuer) = watched().await;
    let thumbprint = Thumbprint::of(b"a certificate").to_string();
    for cnf in [
        json!({"x5t#S256": thumbprint}),
        json!({"kid": "k"}),
        json!({"jkt": "short"}),
        json!("x"),
    ] {
        let token = alice(&harness, &issuer, &json!({"cnf": cnf}));
        let ask = Ask::get(PROFILES).authorization(&format!("Bearer {token}"));
        refused(&harness.send(ask).await, 401, "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn a_bound_token_and_its_twin_are_bound_to_the_same() {
    let (harness, issuer) = watched().await;
    let holder = KeyHolder::new();
    let cnf = json!({"jkt": holder.thumbprint().to_string()});
    let more = json!({"jti": "o-alice", "client_id": "alice", "ovl": EXPANSION, "cnf": cnf});
    let token = issuer.token(&harness, "alice@home", &more);
    let mut claims = twin_claims("alice");
    let free = issuer.token(&harness, "alice@home", &claims);
    claims["cnf"] = cnf;
    let bound = issuer.token(&harness, "alice@home", &claims);
    let body = |twin: &str| Ask::post(REGISTERED).json(&json!({"expanded_access_token": twin}));
    refused(
        &register(&harness, &token, &bound).await,
        401,
        "UNAUTHENTICATED",
    );
    let told = proven(&harness, &holder, &token, body(&free), REGISTERED).await;
    refused(&told, 400, "INVALID_ARGUMENT");
    let list = || Ask::get(PROFILES);
    registration_required(&proven(&harness, &holder, &token, list(), PROFILES).await);
    let told = proven(&harness, &holder, &token, body(&bound), REGISTERED).await;
    assert_eq!(told.status, 204, "{}", told.text);
    assert_eq!(
        proven(&harness, &holder, &token, list(), PROFILES)
            .await
            .status,
        200
    );
    let bare = list().authorization(&format!("Bearer {token}"));
    refused(&harness.send(bare).await, 401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_proof_is_for_the_request_as_it_was_sent() {
    let (harness, issuer) = watched().await;
    let holder = KeyHolder::new();
    let bound = json!({"cnf": {"jkt": holder.thumbprint().to_string()}});
    let token = alice(&harness, &issuer, &bound);
    let older = "/rest/esx/authentication/client-profiles";
    assert_eq!(
        proven(&harness, &holder, &token, Ask::get(older), older)
            .await
            .status,
        200
    );
    assert_eq!(
        proven(&harness, &holder, &token, Ask::get(older), PROFILES)
            .await
            .status,
        401
    );
    let call = Ask::post("/api").json(&json!({
        "jsonrpc": "2.0",
        "id": "1",
        "method": "invoke",
        "params": {
            "serviceId": "com.vmware.esx.authentication.client_profiles",
            "operationId": "list",
            "input": {"STRUCTURE": {"operation-input": {}}},
        },
    }));
    let told = proven(&harness, &holder, &token, call, "/api").await;
    assert!(told.json()["result"]["output"].is_array(), "{}", told.text);
}
