//! `/acs/t/{tenant}/token`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use breakglass_app::Options;
use breakglass_http::ApiOptions;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Ask, Harness, Told, bearer, is_jwt, shaped};

pub(super) const API_TOKEN: &str = "urn:custom:vcf:params:oauth:grant-type:api-token";
pub(super) const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

pub(super) fn ask(fields: &[(&str, &str)]) -> Ask {
    let form: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    Ask::post("/acs/t/CUSTOMER/token").form(&form)
}

/// An API client `ci` that holds these roles, with an API token; gives the token.
pub(super) async fn api_token(harness: &Harness, roles: &[&str]) -> String {
    let principal = harness.add_api_client("ci").await;
    let held = roles
        .iter()
        .map(|role| json!({"roleName": role, "roleScope": {"scopeType": "SSO_REALM"}}));
    let body = json!({"vcfRoleAssignments": held.collect::<Vec<_>>()});
    let give = Ask::put(harness.roles_of(&principal)).json(&body);
    harness.send_as_admin(give).await.expect(StatusCode::OK);
    let body = json!({"apiClientId": "ci", "tokenName": "nightly"});
    let make = Ask::post(harness.api_tokens()).json(&body);
    let told = harness.send_as_admin(make).await;
    let token = told.expect(StatusCode::CREATED).json()["token"].clone();
    token.as_str().unwrap().to_owned()
}

/// A secret of the API client `ci`.
pub(super) async fn secret(harness: &Harness) -> String {
    let path = format!(
        "/breakglass/v1/realms/{}/clients/ci/secrets",
        harness.realm()
    );
    let told = harness
        .send_as_admin(Ask::post(path).json(&json!({})))
        .await;
    let secret = told.expect(StatusCode::CREATED).json()["clientSecret"].clone();
    secret.as_str().unwrap().to_owned()
}

fn basic(client_id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client_id}:{secret}")))
}

pub(super) fn access_token(told: &Told) -> String {
    assert_eq!(told.status, 200, "{}", told.text);
    told.json()["access_token"].as_str().unwrap().to_owned()
}

/// The error, when the answer is one of OAuth.
pub(super) fn error(told: &Told) -> (u16, String) {
    let error = told.json()["error"].as_str().unwrap().to_owned();
    (told.status, error)
}

#[tokio::test]
async fn an_api_token_is_exchanged_under_each_of_its_names() {
    let harness = Harness::start().await;
    let token = api_token(&harness, &["vcf_viewer"]).await;
    let told = harness
        .send(ask(&[("grant_type", API_TOKEN), ("api_token", &token)]))
        .await;
    assert_eq!(told.header("cache-control"), "no-store");
    assert_eq!(told.header("pragma"), "no-cache");
    insta::assert_json_snapshot!(told.json(), {
        ".access_token" => insta::dynamic_redaction(shaped("jwt", is_jwt)),
    }, @r#"
    {
      "access_token": "[jwt]",
      "expires_in": 1800,
      "scope": "vcf_viewer",
      "token_type": "Bearer"
    }
    "#);
    for field in ["api_token", "refresh_token"] {
        let told = harness
            .send(ask(&[("grant_type", "refresh_token"), (field, &token)]))
            .await;
        let access = access_token(&told);
        let list = Ask::get(format!("{}/ssorealms", crate::support::IAM));
        let told = harness
            .send(list.authorization(&format!("Bearer {access}")))
            .await;
        assert_eq!(told.status, 200, "{field}");
    }
}

#[tokio::test]
async fn a_client_without_a_role_is_known_and_may_do_nothing() {
    let harness = Harness::start().await;
    let token = api_token(&harness, &[]).await;
    let told = harness
        .send(ask(&[("grant_type", API_TOKEN), ("api_token", &token)]))
        .await;
    assert_eq!(told.json().get("scope"), None);
    let authorization = format!("Bearer {}", access_token(&told));
    let list = Ask::get(format!("{}/ssorealms", crate::support::IAM));
    let told = harness.send(list.authorization(&authorization)).await;
    assert_eq!(told.status, 403);
}

#[tokio::test]
async fn a_client_proves_itself_by_header_or_form_but_not_by_both() {
    let harness = Harness::start().await;
    api_token(&harness, &["vcf_viewer"]).await;
    let secret = secret(&harness).await;
    let plain = [("grant_type", "client_credentials")];
    let posted = [plain[0], ("client_id", "ci"), ("client_secret", &secret)];
    let header = basic("ci", &secret);
    let by_header = ask(&plain).authorization(&header);
    access_token(&harness.send(by_header).await);
    // RFC 6749, section 2.3.1: both are form-encoded under the header.
    let by_encoded_header = ask(&plain).authorization(&basic("%63i", &secret));
    access_token(&harness.send(by_encoded_header).await);
    access_token(&harness.send(ask(&posted)).await);
    let both = harness.send(ask(&posted).authorization(&header)).await;
    assert_eq!(error(&both), (400, "invalid_request".to_owned()));
    let named = ask(&[plain[0], ("client_id", "other")]).authorization(&header);
    assert_eq!(
        error(&harness.send(named).await),
        (400, "invalid_request".to_owned())
    );
    let nobody = harness.send(ask(&plain)).await;
    assert_eq!(error(&nobody), (401, "invalid_client".to_owned()));
    assert!(nobody.challenges()[0].starts_with("Basic "));
}

#[tokio::test]
async fn an_unknown_client_and_a_wrong_secret_look_the_same() {
    let harness = Harness::start().await;
    api_token(&harness, &[]).await;
    secret(&harness).await;
    let mut told = Vec::new();
    for client in ["ci", "unknown"] {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", "guess"),
        ];
        let answer = harness.send(ask(&fields)).await;
        told.push((answer.status, answer.text, answer.headers.len()));
    }
    assert_eq!(told[0], told[1]);
}

#[tokio::test]
async fn each_fault_has_its_registered_error() {
    let options = Options {
        failure_limit: 1000,
        ..Options::default()
    };
    let harness = Harness::start_with(options, ApiOptions::default()).await;
    let token = api_token(&harness, &["vcf_viewer"]).await;
    let by_token = ("grant_type", API_TOKEN);
    let long = "x".repeat(1025);
    let check = async |fields: &[(&str, &str)], status: u16, expected: &str| {
        let told = harness.send(ask(fields)).await;
        assert_eq!(error(&told), (status, expected.to_owned()), "{fields:?}");
    };
    check(&[], 400, "invalid_request").await;
    check(&[("grant_type", "password")], 400, "unsupported_grant_type").await;
    check(&[by_token], 400, "invalid_request").await;
    check(&[by_token, ("api_token", "vidb_x")], 400, "invalid_grant").await;
    let right = ("api_token", token.as_str());
    check(&[by_token, right, right], 400, "invalid_request").await;
    check(
        &[by_token, right, ("scope", "vcf_viewr")],
        400,
        "invalid_scope",
    )
    .await;
    check(&[by_token, right, ("scope", &long)], 400, "invalid_request").await;
    check(
        &[by_token, right, ("audience", "https://x.example")],
        400,
        "invalid_target",
    )
    .await;
    check(
        &[by_token, right, ("expires_in", "0")],
        400,
        "invalid_request",
    )
    .await;
    check(
        &[by_token, right, ("expires_in", "soon")],
        400,
        "invalid_request",
    )
    .await;
    check(
        &[
            ("grant_type", "refresh_token"),
            right,
            ("refresh_token", "vidb_y"),
        ],
        400,
        "invalid_request",
    )
    .await;
    let told = harness
        .send(Ask::post("/acs/t/CUSTOMER/token").json(&json!({"grant_type": API_TOKEN})))
        .await;
    assert_eq!(error(&told), (415, "invalid_request".to_owned()));
    let elsewhere =
        Ask::post("/acs/t/NOBODY/token").form(&format!("grant_type={API_TOKEN}&api_token={token}"));
    assert_eq!(harness.send(elsewhere).await.status, 404);
    assert_eq!(
        harness.send(Ask::get("/acs/t/CUSTOMER/token")).await.status,
        405
    );
}

#[tokio::test]
async fn too_many_guesses_are_held_back_and_nobody_else_is() {
    let harness = Harness::start().await;
    let token = api_token(&harness, &[]).await;
    let guess = || {
        ask(&[
            ("grant_type", "client_credentials"),
            ("client_id", "ci"),
            ("client_secret", "guess"),
        ])
    };
    for _ in 0..20 {
        assert_eq!(harness.send(guess()).await.status, 401);
    }
    let told = harness.send(guess()).await;
    assert_eq!(told.status, 429);
    assert!(told.header("retry-after").parse::<u32>().unwrap() > 0);
    let right = ask(&[("grant_type", API_TOKEN), ("api_token", &token)]);
    assert_eq!(harness.send(right).await.status, 200);
    let emergency = harness.add_client("fire").await;
    let list = Ask::get(format!("{}/ssorealms", crate::support::IAM));
    let told = harness.send(list.authorization(&bearer(&emergency))).await;
    assert_eq!(told.status, 200);
}

#[tokio::test]
async fn an_emergency_token_is_exchanged_for_a_narrower_copy() {
    let harness = Harness::start().await;
    let token = harness.add_client("fire").await;
    let fields = [
        ("grant_type", EXCHANGE),
        ("subject_token", token.expose()),
        ("subject_token_type", ACCESS_TOKEN),
        ("scope", "vcf_viewer"),
        ("audience", "https://breakglass.test/grafana"),
        ("audience", "https://breakglass.test/loki"),
        ("expires_in", "60"),
    ];
    let told = harness.send(ask(&fields)).await;
    let access = access_token(&told);
    let body = told.json();
    assert_eq!(body["issued_token_type"], ACCESS_TOKEN);
    assert_eq!(body["expires_in"], 60);
    assert_eq!(body["scope"], "vcf_viewer");
    let ask = Ask::post("/acs/t/CUSTOMER/introspect").form(&format!("token={access}"));
    let told = harness.send_as_admin(ask).await.json();
    assert_eq!(
        told["aud"],
        json!([
            "https://breakglass.test/grafana",
            "https://breakglass.test/loki"
        ])
    );
    assert_eq!(told["roles"][0]["name"], "vcf_viewer");
    assert_eq!(told["derived_from"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn the_types_of_an_exchange_are_checked() {
    let harness = Harness::start().await;
    let token = harness.add_client("fire").await;
    let whole = [
        ("grant_type", EXCHANGE),
        ("subject_token", token.expose()),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    let with = |more: &[(&'static str, &'static str)]| {
        let fields: Vec<(&str, &str)> = whole.iter().chain(more).copied().collect();
        ask(&fields)
    };
    for more in [
        &[(
            "requested_token_type",
            "urn:ietf:params:oauth:token-type:saml2",
        )][..],
        &[(
            "requested_token_type",
            "urn:ietf:params:oauth:token-type:jwt",
        )],
        &[("actor_token", "x")],
        &[("actor_token_type", ACCESS_TOKEN)],
    ] {
        let told = harness.send(with(more)).await;
        assert_eq!(
            error(&told),
            (400, "invalid_request".to_owned()),
            "{more:?}"
        );
    }
    let told = harness.send(ask(&whole[..2])).await;
    assert_eq!(error(&told), (400, "invalid_request".to_owned()));
    let hyphened = "urn:ietf:params:oauth:token-type:access-token";
    let told = harness
        .send(with(&[("requested_token_type", hyphened)]))
        .await;
    access_token(&told);
}

#[tokio::test]
async fn a_client_asks_about_tokens_and_kills_its_own() {
    let harness = Harness::start().await;
    let token = api_token(&harness, &["vcf_viewer"]).await;
    let secret = secret(&harness).await;
    let issue = ask(&[("grant_type", API_TOKEN), ("api_token", &token)]);
    let own = access_token(&harness.send(issue).await);
    let foreign = harness.add_client("fire").await;
    let call = async |path: &str, token: &str, header: bool| -> Told {
        let path = format!("/acs/t/CUSTOMER/{path}");
        if header {
            let ask = Ask::post(path).form(&format!("token={token}"));
            return harness.send(ask.authorization(&basic("ci", &secret))).await;
        }
        let form = format!("token={token}&client_id=ci&client_secret={secret}");
        harness.send(Ask::post(path).form(&form)).await
    };
    for header in [true, false] {
        let told: Value = call("introspect", &own, header).await.json();
        assert_eq!(told["active"], true);
        assert_eq!(told["client_id"], "ci");
        let told = call("introspect", foreign.expose(), header).await.json();
        assert_eq!(told["active"], true);
        let told = call("revoke", foreign.expose(), header).await;
        assert_eq!(error(&told), (400, "unauthorized_client".to_owned()));
    }
    assert_eq!(call("revoke", &own, false).await.status, 200);
    assert_eq!(call("introspect", &own, true).await.json()["active"], false);
    let told = call("introspect", foreign.expose(), true).await.json();
    assert_eq!(told["active"], true);
    let wrong =
        Ask::post("/acs/t/CUSTOMER/introspect").form("token=x&client_id=ci&client_secret=no");
    let told = harness.send(wrong).await;
    assert_eq!(error(&told), (401, "invalid_client".to_owned()));
}
