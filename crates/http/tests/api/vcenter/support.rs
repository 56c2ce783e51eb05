//! What the tests of this surface share: an issuer whose tokens leave claims out.

use http::StatusCode;
use serde_json::{Value, json};

use crate::esx::support::{Issuer, grants, profile, trust};
use crate::support::{Ask, Harness, Told};

pub(super) const REGISTERED: &str = "/api/vcenter/registered-tokens";

/// Where the issuer of these tests says that its expansions are.
pub(super) const EXPANSION: &str = "https://vc.example/expand?format=jwt";

/// An API that trusts an issuer, and lets whoever is in its group `watch` look on.
pub(super) async fn watched() -> (Harness, Issuer) {
    let harness = Harness::start().await;
    let issuer = Issuer::new("https://vc.example");
    trust(&harness, "vc", &issuer).await;
    let watch = json!({
        "external_group_name": "watch",
        "issuer_alias": "vc",
        "domain": "home",
        "grants": grants(&["READ_ONLY"]),
    });
    profile(&harness, &watch).await;
    (harness, issuer)
}

/// A token of somebody that leaves claims out.
pub(super) fn overflowing(harness: &Harness, issuer: &Issuer, name: &str) -> String {
    let subject = format!("{name}@home");
    let more = json!({"jti": format!("o-{name}"), "client_id": name, "ovl": EXPANSION});
    issuer.token(harness, &subject, &more)
}

/// What its expanded twin says beyond what every token of the issuer says.
pub(super) fn twin_claims(name: &str) -> Value {
    json!({
        "jti": format!("e-{name}"),
        "ovl_jti": format!("o-{name}"),
        "client_id": name,
        "group_names": ["watch"],
    })
}

/// The expanded twin of such a token.
pub(super) fn twin(harness: &Harness, issuer: &Issuer, name: &str) -> String {
    issuer.token(harness, &format!("{name}@home"), &twin_claims(name))
}

/// Registers a twin with a token.
pub(super) async fn register(harness: &Harness, token: &str, twin: &str) -> Told {
    let ask = Ask::post(REGISTERED).json(&json!({"expanded_access_token": twin}));
    harness
        .send(ask.authorization(&format!("Bearer {token}")))
        .await
}

/// The same, when it is done.
pub(super) async fn registered(harness: &Harness, token: &str, twin: &str) {
    let told = register(harness, token, twin).await;
    let told = told.expect(StatusCode::NO_CONTENT);
    assert!(told.text.is_empty() && told.headers.get("content-type").is_none());
}

/// Checks that a token has to be registered first.
pub(super) fn registration_required(told: &Told) {
    assert_eq!(told.status, 401, "{}", told.text);
    let challenges = told.challenges();
    let [challenge] = challenges.as_slice() else {
        panic!("{challenges:?}");
    };
    for part in [
        "Bearer realm=\"breakglass\"",
        "error=\"registration_required\"",
        "ovl=\"https://vc.example/expand?format=jwt\"",
        "oidc_config_url=\"https://vc.example/.well-known/openid-configuration\"",
    ] {
        assert!(challenge.contains(part), "{challenge}");
    }
    let body = told.json();
    if !body["error_type"].is_null() {
        assert_eq!(body["error_type"], "UNAUTHENTICATED");
        assert_eq!(body["challenge"], *challenge);
    }
}
