//! `/metrics`.

use breakglass_domain::Privilege;
use breakglass_domain::audit::AuditAction;
use http::StatusCode;

use crate::support::{Ask, Harness, IAM, Told, basic, bearer, ops};

fn scrape() -> Ask {
    Ask::get("/metrics")
}

async fn metrics(harness: &Harness) -> String {
    text(harness.send(scrape()).await)
}

fn text(told: Told) -> String {
    let told = told.expect(StatusCode::OK);
    assert_eq!(
        told.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    assert!(told.text.ends_with("# EOF\n"), "{}", told.text);
    told.text
}

fn assert_lines(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|found| found == *line), "{line}\n{text}");
    }
}

/// Two realms: in CUSTOMER one client of two is alive, is used, and ends first; in OTHER none is.
async fn two_realms() -> Harness {
    let harness = Harness::start().await;
    let other = harness.test.add_realm("OTHER").await;
    harness.add_client("over").await;
    harness.test.clock.advance_minutes(60);
    let token = harness.add_client("used").await;
    harness.test.clock.advance_minutes(10);
    let list = Ask::get(format!("{IAM}/ssorealms")).authorization(&bearer(&token));
    harness.send(list).await.expect(StatusCode::OK);
    harness.test.clock.advance(5000);
    harness.test.add_emergency_client(&other, "later").await;
    harness
}

const TOGETHER: &[&str] = &[
    "breakglass_emergency_clients_live 2",
    "breakglass_emergency_clients_live_fewest 1",
    "breakglass_emergency_clients 3",
    "breakglass_emergency_nearest_expiry_seconds 2995",
    "breakglass_emergency_seconds_since_last_use 5",
    "breakglass_store_ready 1",
    "# TYPE breakglass_emergency_clients_live gauge",
    "# TYPE breakglass_emergency_nearest_expiry_seconds gauge",
];

const CUSTOMER: &[&str] = &[
    r#"breakglass_realm_emergency_clients_live{realm="CUSTOMER"} 1"#,
    r#"breakglass_realm_emergency_clients{realm="CUSTOMER"} 2"#,
    r#"breakglass_realm_emergency_nearest_expiry_seconds{realm="CUSTOMER"} 2995"#,
    r#"breakglass_realm_emergency_seconds_since_last_use{realm="CUSTOMER"} 5"#,
];

const OTHER: &[&str] = &[
    r#"breakglass_realm_emergency_clients_live{realm="OTHER"} 1"#,
    r#"breakglass_realm_emergency_nearest_expiry_seconds{realm="OTHER"} 3600"#,
];

#[tokio::test]
async fn requests_are_counted() {
    let harness = Harness::start().await;
    let realms = Ask::get(format!("{IAM}/ssorealms"));
    harness.send(realms.clone()).await;
    harness.send_as_admin(realms).await;
    harness.send(Ask::get("/nothing/with/a/secret")).await;
    let sequence = harness.records().await.len();
    let text = metrics(&harness).await;
    assert_lines(
        &text,
        &[
            r#"breakglass_http_requests_total{operation="getSsoRealmList",status="200"} 1"#,
            r#"breakglass_http_requests_total{operation="getSsoRealmList",status="401"} 1"#,
            r#"breakglass_http_requests_total{operation="unrouted",status="404"} 1"#,
            r#"breakglass_http_request_duration_seconds_count{operation="getSsoRealmList"} 2"#,
            &format!("breakglass_audit_head_sequence {sequence}"),
        ],
    );
}

#[tokio::test]
async fn anybody_is_told_of_all_realms_together_and_of_none_by_name() {
    let harness = two_realms().await;
    harness.send(Ask::get("/nothing/with/a/secret")).await;
    let text = metrics(&harness).await;
    assert_lines(&text, TOGETHER);
    let ids = [harness.realm()];
    let hidden = ["CUSTOMER", "OTHER", "realm=", "secret", "used", "later"];
    for hidden in hidden.into_iter().chain(ids.iter().map(String::as_str)) {
        assert!(
            !text.contains(&format!("\"{hidden}")) && !text.contains(&format!("{hidden}\"")),
            "{hidden}\n{text}"
        );
    }
    assert!(!text.contains("breakglass_realm_"), "{text}");
}

#[tokio::test]
async fn whoever_may_view_is_told_of_each_realm_in_reach() {
    let harness = two_realms().await;
    harness.test.add_account("viewer", &[Privilege::View]).await;
    let viewer = ops(&harness.test.ops_token_of("viewer").await);
    let told = [
        harness.send(scrape().authorization(&viewer)).await,
        harness.send(scrape().authorization(&basic("viewer"))).await,
        harness.send_as_operator(scrape()).await,
    ];
    for told in told {
        let text = text(told);
        assert_lines(&text, TOGETHER);
        assert_lines(&text, CUSTOMER);
        assert_lines(&text, OTHER);
    }
}

#[tokio::test]
async fn a_client_of_a_realm_is_told_of_its_realm_alone() {
    let harness = two_realms().await;
    let realm = harness.test.made.realm.clone();
    let token = harness.test.add_emergency_client(&realm, "own").await;
    let known = harness.records().await.len();
    let told = harness.send(scrape().authorization(&bearer(&token))).await;
    let text = text(told);
    assert_lines(
        &text,
        &[r#"breakglass_realm_emergency_clients_live{realm="CUSTOMER"} 2"#],
    );
    assert!(!text.contains("OTHER"), "{text}");
    let actions = harness.actions_since(known).await;
    assert_eq!(actions, [AuditAction::EmergencyTokenUsed]);
}

#[tokio::test]
async fn credentials_that_are_wrong_are_refused_rather_than_ignored() {
    let harness = Harness::start().await;
    harness
        .test
        .add_account("manager", &[Privilege::Manage])
        .await;
    let manager = ops(&harness.test.ops_token_of("manager").await);
    for (authorization, status) in [
        ("Bearer a.b.c", 401),
        ("OpsToken 1::2", 401),
        ("Digest x", 401),
        ("", 401),
        (manager.as_str(), 403),
    ] {
        let told = harness.send(scrape().authorization(authorization)).await;
        assert_eq!(told.status, status, "{authorization}");
        assert_eq!(told.header("content-type"), "application/problem+json");
    }
    let actions = harness.actions_since(0).await;
    assert!(actions.contains(&AuditAction::AuthenticationFailed));
    assert!(actions.contains(&AuditAction::AuthorizationDenied));
}

#[tokio::test]
async fn a_store_that_cannot_say_who_asks_costs_the_detail_and_not_the_metrics() {
    let harness = Harness::start().await;
    let token = harness.add_client("x").await;
    harness.test.store.refuse_writes(true);
    let told = harness.send(scrape().authorization(&bearer(&token))).await;
    let text = text(told);
    assert_lines(&text, &["breakglass_emergency_clients_live 1"]);
    assert!(!text.contains("breakglass_realm_"), "{text}");
}
