//! Tokens of our own that leave claims out.

use breakglass_domain::Secret;
use breakglass_domain::audit::AuditAction;
use http::StatusCode;
use serde_json::{Value, json};

use super::support::register;
use crate::esx::support::{grants, list_with, profile, refused};
use crate::overflow::{access_token, many_roles, overflow_token, role_name};
use crate::support::{Ask, Harness, Told, bearer};

const EXPAND: &str = "/acs/t/CUSTOMER/expand-access-token";

async fn expand(harness: &Harness, format: &str, token: &Secret) -> Told {
    let ask = Ask::get(format!("{EXPAND}{format}")).authorization(&bearer(token));
    harness.send(ask).await
}

async fn twin(harness: &Harness, token: &Secret) -> String {
    let told = expand(harness, "?format=jwt", token).await;
    let told = told.expect(StatusCode::OK);
    assert_eq!(told.header("content-type"), "application/jwt");
    assert_eq!(told.header("cache-control"), "no-store");
    told.text
}

fn payload(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').nth(1).unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    serde_json::from_slice(&engine.decode(part).unwrap()).unwrap()
}

async fn introspected(harness: &Harness, token: &str) -> Value {
    let ask = Ask::post("/acs/t/CUSTOMER/introspect").form(&format!("token={token}"));
    let told = harness.send_as_admin(ask).await;
    told.expect(StatusCode::OK).json()
}

#[tokio::test]
async fn a_token_with_many_roles_is_small_and_says_where_the_rest_is() {
    let harness = Harness::start().await;
    let api_token = many_roles(&harness, "robot", 60).await;
    let ask = Ask::post("/acs/t/CUSTOMER/token").form(&format!(
        "grant_type=urn:custom:vcf:params:oauth:grant-type:api-token&api_token={}",
        api_token.expose()
    ));
    let told = harness.send(ask).await.expect(StatusCode::OK).json();
    let token = told["access_token"].as_str().unwrap();
    assert!(token.len() <= 4096, "{}", token.len());
    let small = payload(token);
    assert_eq!(small["ovc"], json!(["roles", "scope"]));
    let url = "https://breakglass.test/acs/t/CUSTOMER/expand-access-token?format=jwt";
    assert_eq!(small["ovl"], url);
    assert!(small["roles"].is_null() && small["scope"].is_null());
    assert_eq!(told["scope"].as_str().unwrap().split(' ').count(), 60);
}

#[tokio::test]
async fn the_expansion_says_all_and_is_bound_to_its_token() {
    let harness = Harness::start().await;
    let token = overflow_token(&harness, "robot").await;
    let small = payload(token.expose());
    let told = expand(&harness, "", &token).await.expect(StatusCode::OK);
    let raw = told.json();
    assert_eq!(raw["roles"].as_array().unwrap().len(), 60);
    assert_eq!(raw["roles"][7]["name"], role_name(7));
    assert_eq!(expand(&harness, "?format=raw", &token).await.json(), raw);
    for claim in [
        "iss",
        "sub",
        "client_id",
        "jti",
        "exp",
        "iat",
        "aud",
        "status",
        "credential",
    ] {
        assert_eq!(raw[claim], small[claim], "{claim}");
    }
    harness.test.clock.advance(5000);
    let expanded = payload(&twin(&harness, &token).await);
    for claim in [
        "iss",
        "sub",
        "client_id",
        "exp",
        "aud",
        "status",
        "credential",
    ] {
        assert_eq!(expanded[claim], small[claim], "{claim}");
    }
    for claim in ["roles", "scope"] {
        assert_eq!(expanded[claim], raw[claim], "{claim}");
    }
    assert_eq!(expanded["ovl_jti"], small["jti"]);
    assert_ne!(expanded["jti"], small["jti"]);
    assert!(expanded["ovl"].is_null() && expanded["ovc"].is_null());
    assert_eq!(
        payload(&twin(&harness, &token).await)["jti"],
        expanded["jti"]
    );
    let mut whole = introspected(&harness, token.expose()).await;
    assert_eq!(whole["active"], true);
    for claim in ["active", "realm", "token_type", "username"] {
        whole.as_object_mut().unwrap().remove(claim);
    }
    assert_eq!(whole, raw);
}

#[tokio::test]
async fn what_is_dead_or_whole_is_not_expanded() {
    let harness = Harness::start().await;
    let error = async |told: Told| {
        let told = told.expect(StatusCode::BAD_REQUEST).json();
        told["error"].as_str().unwrap().to_owned()
    };
    let whole = harness.add_client("whole").await;
    assert_eq!(
        error(expand(&harness, "", &whole).await).await,
        "invalid_request"
    );
    let dead = Secret::new("a.b.c");
    assert_eq!(
        error(expand(&harness, "", &dead).await).await,
        "invalid_token"
    );
    assert_eq!(
        error(expand(&harness, "?format=xml", &whole).await).await,
        "invalid_request"
    );
    let none = harness
        .send(Ask::get(EXPAND))
        .await
        .expect(StatusCode::UNAUTHORIZED);
    assert!(
        none.challenges()
            .iter()
            .all(|one| !one.starts_with("Basic"))
    );
    assert_eq!(none.json()["error"], "invalid_request");
    let token = overflow_token(&harness, "robot").await;
    harness.test.add_realm("OTHER").await;
    let ask = Ask::get("/acs/t/OTHER/expand-access-token").authorization(&bearer(&token));
    assert_eq!(error(harness.send(ask).await).await, "invalid_token");
    let twin = twin(&harness, &token).await;
    let revoke = Ask::post("/acs/t/CUSTOMER/revoke");
    let revoke = revoke.form(&format!("token={}", token.expose()));
    assert_eq!(harness.send_as_admin(revoke).await.status, 200);
    assert_eq!(
        error(expand(&harness, "", &token).await).await,
        "invalid_token"
    );
    let told = introspected(&harness, &twin).await;
    assert_eq!(told, json!({"active": false}), "the twin dies with it");
}

#[tokio::test]
async fn our_own_surfaces_know_what_our_tokens_leave_out() {
    let harness = Harness::start().await;
    let token = overflow_token(&harness, "robot").await;
    assert_eq!(list_with(&harness, token.expose()).await.status, 403);
    let spec = json!({
        "external_group_name": role_name(42),
        "issuer_alias": "breakglass",
        "domain": "CUSTOMER",
        "grants": grants(&["READ_ONLY"]),
    });
    profile(&harness, &spec).await;
    assert_eq!(list_with(&harness, token.expose()).await.status, 200);

    // What is taken away is gone at once, for the hosts too.
    let client = harness.send_as_admin(Ask::get(format!("{}/robot", harness.api_clients())));
    let principal = client.await.json()["clientUuid"]
        .as_str()
        .unwrap()
        .to_owned();
    let roles = Ask::put(harness.roles_of(&principal)).json(&json!({"vcfRoleAssignments": [
        {"roleName": role_name(1), "roleScope": {"scopeType": "SSO_REALM"}},
    ]}));
    assert!(harness.send_as_admin(roles).await.status < 300);
    assert_eq!(list_with(&harness, token.expose()).await.status, 403);
    let told = introspected(&harness, token.expose()).await;
    assert_eq!(
        told["roles"].as_array().unwrap().len(),
        60,
        "it says what it was issued with"
    );
}

#[tokio::test]
async fn our_own_twin_is_taken_and_only_by_its_token() {
    let harness = Harness::start().await;
    let first = many_roles(&harness, "robot", 60).await;
    let second = many_roles(&harness, "other", 60).await;
    let (first, second) = (
        access_token(&harness, &first).await,
        access_token(&harness, &second).await,
    );
    let twins = (twin(&harness, &first).await, twin(&harness, &second).await);
    let known = harness.records().await.len();
    let before = harness.test.meddler().rows().await;
    assert_eq!(
        register(&harness, first.expose(), &twins.0).await.status,
        204
    );
    let actions = harness.actions_since(known).await;
    assert_eq!(actions, [AuditAction::TokenRegistered]);
    let after = harness.test.meddler().rows().await;
    let kept = |rows: &[String]| {
        rows.iter()
            .filter(|row| row.starts_with("registered"))
            .count()
    };
    assert_eq!((kept(&before), kept(&after)), (0, 0), "it is known anyway");
    for (token, twin) in [
        (&first, &twins.1),
        (&second, &twins.0),
        (&first, &first.expose().to_owned()),
    ] {
        let told = register(&harness, token.expose(), twin).await;
        refused(&told, 400, "INVALID_ARGUMENT");
    }
}

#[tokio::test]
async fn whoever_changes_what_tokens_leave_out_changes_nothing_for_the_better() {
    let harness = Harness::start().await;
    let api_token = many_roles(&harness, "robot", 60).await;
    let token = access_token(&harness, &api_token).await;
    let meddler = harness.test.meddler();
    meddler.reword_withheld_claims("auditor", "builder").await;
    assert_eq!(
        introspected(&harness, token.expose()).await,
        json!({"active": false})
    );
    let told = expand(&harness, "", &token).await;
    assert_eq!(told.status, 400, "{}", told.text);
}

#[tokio::test]
async fn the_threshold_is_a_setting_of_the_realm() {
    let harness = Harness::start().await;
    let path = format!("/breakglass/v1/realms/{}/token-policy", harness.realm());
    let told = harness.send_as_admin(Ask::get(path.clone())).await;
    assert_eq!(told.json(), json!({"tokenOverflowThreshold": 4096}));
    let api_token = many_roles(&harness, "robot", 12).await;
    let length = async || access_token(&harness, &api_token).await.expose().len();
    let whole = length().await;
    assert!((3073..4096).contains(&whole), "{whole}");
    let change =
        |bytes: i64| Ask::patch(path.clone()).json(&json!({"tokenOverflowThreshold": bytes}));
    let told = harness
        .send_as_admin(change(3072))
        .await
        .expect(StatusCode::OK);
    assert_eq!(told.json(), json!({"tokenOverflowThreshold": 3072}));
    assert!(length().await <= 3072);
    for bytes in [3071, 12_289, -1] {
        let told = harness.send_as_admin(change(bytes)).await;
        let body = told.expect(StatusCode::BAD_REQUEST).json();
        assert_eq!(body["errors"][0]["path"], "tokenOverflowThreshold");
    }
    let actions = harness.actions_since(0).await;
    assert!(actions.contains(&AuditAction::TokenPolicyUpdated));
}

#[tokio::test]
async fn an_audience_that_makes_a_token_too_long_is_named() {
    let harness = Harness::start().await;
    let api_token = many_roles(&harness, "robot", 60).await;
    let audience = format!("https://breakglass.test/{}", "x".repeat(4000));
    let ask = Ask::post("/acs/t/CUSTOMER/token").form(&format!(
        "grant_type=urn:custom:vcf:params:oauth:grant-type:api-token&api_token={}&audience={audience}",
        api_token.expose()
    ));
    let told = harness
        .send(ask)
        .await
        .expect(StatusCode::BAD_REQUEST)
        .json();
    assert_eq!(told["error"], "invalid_request");
    assert!(
        told["error_description"]
            .as_str()
            .unwrap()
            .contains("audience")
    );
}

#[tokio::test]
async fn whoever_revokes_a_twin_revokes_its_token() {
    let harness = Harness::start().await;
    let token = overflow_token(&harness, "robot").await;
    let twin = twin(&harness, &token).await;
    let revoke = Ask::post("/acs/t/CUSTOMER/revoke").form(&format!("token={twin}"));
    assert_eq!(harness.send_as_admin(revoke).await.status, 200);
    for dead in [token.expose(), &twin] {
        assert_eq!(introspected(&harness, dead).await, json!({"active": false}));
    }
    refused(
        &register(&harness, token.expose(), &twin).await,
        401,
        "UNAUTHENTICATED",
    );
}

#[tokio::test]
async fn a_token_of_ours_registers_in_its_own_realm_alone() {
    let harness = Harness::start().await;
    let other = harness.test.add_realm("OTHER").await.id.to_string();
    let token = overflow_token(&harness, "robot").await;
    let body = json!({"expanded_access_token": twin(&harness, &token).await});
    let ask = Ask::post("/api/vcenter/registered-tokens").json(&body);
    let ask = ask.authorization(&bearer(&token));
    let elsewhere = ask.clone().header("x-breakglass-realm", &other);
    refused(&harness.send(elsewhere).await, 404, "NOT_FOUND");
    assert_eq!(harness.send(ask).await.status, 204);
}

#[tokio::test]
async fn the_audit_says_once_which_roles_a_digest_stands_for_and_folds_expansions() {
    let harness = Harness::start().await;
    let api_token = many_roles(&harness, "robot", 60).await;
    let first = access_token(&harness, &api_token).await;
    let _second = access_token(&harness, &api_token).await;
    for _ in 0..3 {
        twin(&harness, &first).await;
    }
    harness.test.clock.advance_minutes(2);
    let mut housekeeping = breakglass_app::Housekeeping::default();
    housekeeping.round(&harness.test.app).await.unwrap();
    let records = harness.records().await;
    let of = |action| {
        records
            .iter()
            .filter(move |record| record.event.action == action)
    };
    let issued: Vec<_> = of(AuditAction::AccessTokenIssued).collect();
    let [told, untold] = issued.as_slice() else {
        panic!("{issued:?}");
    };
    assert_eq!(told.event.details["scope"].split(' ').count(), 60);
    assert_eq!(
        told.event.details["left_out"],
        untold.event.details["left_out"]
    );
    assert!(!untold.event.details.contains_key("scope"));
    let expanded: Vec<_> = of(AuditAction::AccessTokenExpanded).collect();
    assert_eq!(expanded.len(), 2);
    assert_eq!(
        expanded[1].event.outcome,
        breakglass_domain::audit::Outcome::Success
    );
    assert_eq!(expanded[1].event.details["repeats"], "2");
}
