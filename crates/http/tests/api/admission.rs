//! Who gets in, by which scheme, and in which order a request is looked at.

use breakglass_domain::audit::AuditAction;
use breakglass_test_support::ADMIN_PASSWORD;
use serde_json::json;

use crate::support::{Ask, Harness, IAM, bearer};

fn realms() -> Ask {
    Ask::get(format!("{IAM}/ssorealms"))
}

#[tokio::test]
async fn each_scheme_of_tokens_opens_the_fleet() {
    let harness = Harness::start().await;
    let token = harness.add_client("night shift").await;
    let session = harness.admin.trim_start_matches("OpsToken ").to_owned();
    for authorization in [
        format!("OpsToken {session}"),
        format!("vRealizeOpsToken {session}"),
        format!("OPSTOKEN {session}"),
        bearer(&token),
        format!("bearer {}", token.expose()),
    ] {
        let told = harness.send(realms().authorization(&authorization)).await;
        assert_eq!(told.status, 200, "{authorization}");
    }
}

#[tokio::test]
async fn a_password_opens_the_broker_and_nothing_else() {
    use base64::Engine;
    let harness = Harness::start().await;
    let pair = format!("admin:{ADMIN_PASSWORD}");
    let basic = base64::engine::general_purpose::STANDARD.encode(pair);
    let basic = format!("Basic {basic}");
    let told = harness.send(realms().authorization(&basic)).await;
    assert_eq!(told.status, 401);
    let introspect = Ask::post("/acs/t/CUSTOMER/introspect").form("token=x");
    let told = harness.send(introspect.authorization(&basic)).await;
    assert_eq!(told.status, 200);
}

#[tokio::test]
async fn somebody_with_the_data_folder_needs_no_credentials_and_is_audited_like_the_rest() {
    let harness = Harness::start().await;
    let known = harness.records().await.len();
    let body = json!({"clientId": "local", "clientName": "Local", "accessTokenTtl": 5});
    let told = harness
        .send_as_operator(Ask::post(harness.clients()).json(&body))
        .await;
    assert_eq!(told.status, 201);
    let records = harness.records().await;
    let event = &records[known].event;
    assert_eq!(event.action, AuditAction::EmergencyClientCreated);
    assert_eq!(event.actor.id, "root");
    assert_eq!(event.source_address, None);
    assert_eq!(
        event.request_id.as_deref(),
        Some(told.header("x-request-id"))
    );
}

#[tokio::test]
async fn a_request_is_looked_at_in_the_promised_order() {
    let harness = Harness::start().await;
    harness
        .test
        .add_account("viewer", &[breakglass_domain::Privilege::View])
        .await;
    let viewer = crate::support::ops(&harness.test.ops_token_of("viewer").await);
    let huge = "x".repeat(1024 * 1024 + 1);
    let wrong = |media_type: &str| Ask::post(harness.clients()).bytes(media_type, huge.as_bytes());
    // The path before the caller, for a path that is not there belongs to nobody.
    let elsewhere = harness.send(Ask::post(format!("{IAM}/nothing"))).await;
    assert_eq!(elsewhere.status, 404);
    // The caller before everything else.
    let anonymous = harness.send(wrong("text/plain")).await;
    assert_eq!(anonymous.status, 401);
    // The privilege before the media type.
    let denied = harness
        .send(wrong("text/plain").authorization(&viewer))
        .await;
    assert_eq!(denied.status, 403);
    // The media type before the length.
    let unsupported = harness.send_as_admin(wrong("text/plain")).await;
    assert_eq!(unsupported.status, 415);
    // The length before the content.
    let too_large = harness.send_as_admin(wrong("application/json")).await;
    assert_eq!(too_large.status, 413);
}

#[tokio::test]
async fn too_many_wrong_passwords_are_answered_with_429_and_folded_into_one_record() {
    let harness = Harness::start().await;
    let known = harness.records().await.len();
    let wrong = || {
        Ask::post("/suite-api/api/auth/token/acquire")
            .json(&json!({"username": "admin", "password": "wrong"}))
    };
    let mut statuses = Vec::new();
    for _ in 0..22 {
        statuses.push(harness.send(wrong()).await.status);
    }
    assert_eq!(statuses[..20], [401; 20]);
    assert_eq!(statuses[20..], [429; 2]);
    let told = harness.send(wrong()).await;
    let seconds: u64 = told.header("retry-after").parse().unwrap();
    assert!((1..=61).contains(&seconds), "{seconds}");
    let actions = harness.actions_since(known).await;
    assert_eq!(actions, [AuditAction::AuthenticationFailed]);
    harness.test.clock.advance_minutes(2);
    assert_eq!(harness.send(wrong()).await.status, 401);
}

#[tokio::test]
async fn a_proxy_is_believed_only_when_it_is_trusted() {
    let options = breakglass_http::ApiOptions {
        trusted_proxies: vec!["198.51.100.0/24".parse().unwrap()],
        ..breakglass_http::ApiOptions::default()
    };
    let trusting = Harness::start_with(breakglass_app::Options::default(), options).await;
    for (harness, expected) in [
        (trusting, "203.0.113.9"),
        (Harness::start().await, "198.51.100.7"),
    ] {
        harness
            .send(realms().header("x-forwarded-for", "203.0.113.9"))
            .await;
        let records = harness.records().await;
        let refused = &records.last().unwrap().event;
        assert_eq!(refused.action, AuditAction::AuthenticationFailed);
        assert_eq!(refused.source_address.as_deref(), Some(expected));
    }
}
