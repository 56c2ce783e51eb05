//! What others ask: `/access/v1` (OpenID AuthZEN) and `/breakglass/v1/forward-auth`.

use breakglass_domain::audit::AuditAction;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Ask, Harness, Told, basic, bearer};

const FORWARD_AUTH: &str = "/breakglass/v1/forward-auth";

async fn profile(harness: &Harness, spec: Value) -> String {
    let ask = Ask::post("/api/esx/authentication/client-profiles").json(&spec);
    let told = harness.send_as_admin(ask).await.expect(StatusCode::CREATED);
    told.json().as_str().unwrap().to_owned()
}

fn grants(name: &str) -> Value {
    json!([{"resource_type": "ENTITLEMENT", "entitlement": name}])
}

fn question(subject: &Value, action: &str) -> Value {
    json!({"subject": subject, "action": {"name": action}, "resource": {"type": "host", "id": "esx-1"}})
}

async fn evaluate(harness: &Harness, question: &Value) -> Value {
    let ask = Ask::post("/access/v1/evaluation").json(question);
    harness
        .send_as_admin(ask)
        .await
        .expect(StatusCode::OK)
        .json()
}

async fn forward(harness: &Harness, path: &str, authorization: &str) -> Told {
    let ask = Ask::get(format!("{FORWARD_AUTH}{path}"));
    harness.send(ask.authorization(authorization)).await
}

/// An access token of an API client `ci` that carries these roles.
async fn access_token(harness: &Harness, role: &str) -> String {
    let principal = harness.add_api_client("ci").await;
    let body = json!({"vcfRoleAssignments": [{"roleName": role, "roleScope": {"scopeType": "SSO_REALM"}}]});
    let give = Ask::put(harness.roles_of(&principal)).json(&body);
    harness.send_as_admin(give).await.expect(StatusCode::OK);
    let ask = Ask::post(harness.api_tokens()).json(&json!({"apiClientId": "ci", "tokenName": "t"}));
    let made = harness.send_as_admin(ask).await.json();
    let form = format!(
        "grant_type=urn:custom:vcf:params:oauth:grant-type:api-token&api_token={}",
        made["token"].as_str().unwrap()
    );
    let told = harness
        .send(Ask::post("/acs/t/CUSTOMER/token").form(&form))
        .await;
    told.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_question_is_answered_with_its_reasons() {
    let harness = Harness::start().await;
    let spec = json!({
        "external_group_name": "staff",
        "issuer_alias": "breakglass",
        "domain": "CUSTOMER",
        "grants": grants("READ_ONLY"),
    });
    let id = profile(&harness, spec).await;
    let user = |alias: &str| {
        let properties = json!({"issuer_alias": alias, "groups": ["staff"]});
        json!({"type": "user", "id": "me@CUSTOMER", "properties": properties})
    };
    let granted = evaluate(&harness, &question(&user("breakglass"), "READ_ONLY")).await;
    let reasons = json!([{"client_profile": id, "subject_type": "EXTERNAL_GROUP"}]);
    let context = json!({"reason": "granted", "reasons": reasons, "entitlements": ["READ_ONLY"]});
    assert_eq!(granted, json!({"decision": true, "context": context}));
    for (subject, action) in [
        (user("breakglass"), "IDENTITY_MGMT"),
        (user("another"), "READ_ONLY"),
        (user("breakglass"), "fly"),
        (json!({"type": "user", "id": "me@CUSTOMER"}), "READ_ONLY"),
        (json!({"type": "local_user", "id": "me"}), "READ_ONLY"),
        (json!({"type": "robot", "id": "me"}), "READ_ONLY"),
        (json!({"type": "token", "id": "a.b.c"}), "READ_ONLY"),
    ] {
        let denied = evaluate(&harness, &question(&subject, action)).await;
        assert_eq!(denied["decision"], false, "{subject} {action}");
        assert!(denied["context"]["reason"].is_string(), "{denied}");
    }
    let ask = Ask::post("/access/v1/evaluation").json(&json!({"action": {"name": "READ_ONLY"}}));
    assert_eq!(harness.send_as_admin(ask).await.status, 400);
}

#[tokio::test]
async fn the_use_of_an_emergency_token_by_proxy_is_recorded() {
    let harness = Harness::start().await;
    let token = harness.add_client("fire").await;
    let subject = json!({"type": "token", "id": token.expose()});
    let known = harness.records().await.len();
    let granted = evaluate(&harness, &question(&subject, "SECURITY_MGMT")).await;
    assert_eq!(granted["decision"], true);
    assert_eq!(
        granted["context"]["reasons"],
        json!([{"administrator": true}])
    );
    assert_eq!(
        harness.actions_since(known).await,
        [AuditAction::EmergencyTokenUsed]
    );
    let told = forward(&harness, "?entitlement=READ_ONLY", &bearer(&token)).await;
    assert_eq!(told.status, 200);
    assert_eq!(
        harness.actions_since(known).await,
        [AuditAction::EmergencyTokenUsed; 2]
    );
    let regenerate = Ask::post(format!("{}/fire/regenerate", harness.clients()));
    harness
        .send_as_admin(regenerate)
        .await
        .expect(StatusCode::OK);
    let told = forward(&harness, "?entitlement=READ_ONLY", &bearer(&token)).await;
    assert_eq!(told.status, 401);
    let denied = evaluate(&harness, &question(&subject, "SECURITY_MGMT")).await;
    assert_eq!(denied["decision"], false);
}

#[tokio::test]
async fn several_questions_share_what_stands_outside_them() {
    let harness = Harness::start().await;
    profile(
        &harness,
        json!({"local_user_name": "me", "grants": grants("READ_ONLY")}),
    )
    .await;
    let ask = async |semantic: &str| {
        let subject = json!({"type": "local_user", "id": "me"});
        let body = json!({
            "subject": subject,
            "resource": {"type": "host", "id": "1"},
            "evaluations": [
                {"action": {"name": "READ_ONLY"}},
                {"action": {"name": "IDENTITY_MGMT"}},
                {"action": {"name": "READ_ONLY"}, "subject": {"type": "local_user", "id": "you"}},
            ],
            "options": {"evaluations_semantic": semantic},
        });
        let ask = Ask::post("/access/v1/evaluations").json(&body);
        let told = harness
            .send_as_admin(ask)
            .await
            .expect(StatusCode::OK)
            .json();
        let answers = told["evaluations"].as_array().unwrap().clone();
        let decisions = answers.iter().map(|one| one["decision"].as_bool().unwrap());
        decisions.collect::<Vec<bool>>()
    };
    assert_eq!(ask("execute_all").await, [true, false, false]);
    assert_eq!(ask("deny_on_first_deny").await, [true, false]);
    assert_eq!(ask("permit_on_first_permit").await, [true]);

    let one = question(&json!({"type": "local_user", "id": "me"}), "READ_ONLY");
    let told = harness
        .send_as_admin(Ask::post("/access/v1/evaluations").json(&one))
        .await;
    assert_eq!(
        told.json()["decision"],
        true,
        "without a list it is one question"
    );
    for body in [
        json!({}),
        json!({"evaluations": [{"action": {"name": "READ_ONLY"}}]}),
        json!({"evaluations": [one], "options": {"evaluations_semantic": "guess"}}),
    ] {
        let told = harness
            .send_as_admin(Ask::post("/access/v1/evaluations").json(&body))
            .await;
        assert_eq!(told.status, 400, "{body}");
    }
    let told = harness
        .send(Ask::get("/.well-known/authzen-configuration"))
        .await
        .json();
    assert_eq!(
        told,
        json!({
            "policy_decision_point": "https://breakglass.test",
            "access_evaluation_endpoint": "https://breakglass.test/access/v1/evaluation",
            "access_evaluations_endpoint": "https://breakglass.test/access/v1/evaluations",
        })
    );
}

#[tokio::test]
async fn a_proxy_is_told_who_asks_and_what_they_may() {
    let harness = Harness::start().await;
    let token = access_token(&harness, "vcf_viewer").await;
    let held = format!("Bearer {token}");
    let known = forward(&harness, "", &held).await;
    assert_eq!((known.status, known.text.as_str()), (200, ""));
    assert_eq!(known.header("x-breakglass-subject"), "ci@CUSTOMER");
    assert_eq!(known.header("x-breakglass-entitlements"), "");
    assert_eq!(known.header("x-breakglass-issuer"), "breakglass");
    assert_eq!(known.header("x-breakglass-realm"), harness.realm());
    assert_eq!(
        forward(&harness, "?entitlement=READ_ONLY", &held)
            .await
            .status,
        403
    );
    let spec = json!({
        "external_group_name": "vcf_viewer",
        "issuer_alias": "breakglass",
        "domain": "CUSTOMER",
        "grants": grants("READ_ONLY"),
    });
    profile(&harness, spec).await;
    let told = forward(&harness, "?entitlement=READ_ONLY", &held).await;
    assert_eq!(told.status, 200);
    assert_eq!(told.header("x-breakglass-entitlements"), "READ_ONLY");
    assert_eq!(
        forward(&harness, "?entitlement=IDENTITY_MGMT", &held)
            .await
            .status,
        403
    );
    assert_eq!(
        forward(&harness, "?entitlement=all", &held).await.status,
        400
    );
    let told = harness
        .send(Ask::get(format!("{FORWARD_AUTH}?entitlement=READ_ONLY")))
        .await;
    assert_eq!(told.status, 401);
    assert!(told.challenges().join(" ").contains("Bearer"));
    let told = forward(&harness, "?entitlement=SECURITY_MGMT", &basic("admin")).await;
    assert_eq!(told.header("x-breakglass-subject"), "admin");

    // Some proxies ask with the method and the path of the request that waits.
    for ask in [
        Ask::post(format!(
            "{FORWARD_AUTH}/READ_ONLY/a/b?c=d&entitlement=1&entitlement=%ff"
        )),
        Ask::delete(format!("{FORWARD_AUTH}/READ_ONLY")),
        Ask::new("OPTIONS", format!("{FORWARD_AUTH}/READ_ONLY/%2e%2e/x")),
    ] {
        let told = harness.send(ask.clone().authorization(&held)).await;
        assert_eq!(told.status, 200, "{ask:?}");
    }
    let path = "/IDENTITY_MGMT/a?entitlement=READ_ONLY";
    assert_eq!(
        forward(&harness, path, &held).await.status,
        403,
        "the prefix decides"
    );
    assert_eq!(forward(&harness, "/all/READ_ONLY", &held).await.status, 400);
}
