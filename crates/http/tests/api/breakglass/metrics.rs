//! `/metrics`.

use http::StatusCode;

use crate::support::{Ask, Harness, IAM, bearer};

async fn metrics(harness: &Harness) -> String {
    let told = harness
        .send(Ask::get("/metrics"))
        .await
        .expect(StatusCode::OK);
    assert_eq!(
        told.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    told.text
}

#[tokio::test]
async fn requests_and_the_state_of_the_realms_are_told() {
    let harness = Harness::start().await;
    let token = harness.add_client("x").await;
    harness.test.clock.advance_minutes(10);
    let realms = Ask::get(format!("{IAM}/ssorealms"));
    harness.send(realms.clone()).await;
    harness.send(realms.authorization(&bearer(&token))).await;
    harness.send(Ask::get("/nothing/with/a/secret")).await;
    harness.test.clock.advance(5000);
    let sequence = harness.records().await.len();
    let text = metrics(&harness).await;
    for line in [
        r#"breakglass_http_requests_total{operation="getSsoRealmList",status="200"} 1"#,
        r#"breakglass_http_requests_total{operation="getSsoRealmList",status="401"} 1"#,
        r#"breakglass_http_requests_total{operation="unrouted",status="404"} 1"#,
        r#"breakglass_http_request_duration_seconds_count{operation="getSsoRealmList"} 2"#,
        r#"breakglass_emergency_clients_live{realm="CUSTOMER"} 1"#,
        r#"breakglass_emergency_clients{realm="CUSTOMER"} 1"#,
        r#"breakglass_emergency_nearest_expiry_seconds{realm="CUSTOMER"} 2995"#,
        r#"breakglass_emergency_seconds_since_last_use{realm="CUSTOMER"} 5"#,
        &format!("breakglass_audit_head_sequence {sequence}"),
        "breakglass_store_ready 1",
        "# TYPE breakglass_emergency_clients_live gauge",
        "# TYPE breakglass_emergency_nearest_expiry_seconds gauge",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[tokio::test]
async fn whoever_scrapes_learns_neither_paths_nor_ids() {
    let harness = Harness::start().await;
    harness.add_client("night-shift").await;
    harness.send(Ask::get("/nothing/with/a/secret")).await;
    let text = metrics(&harness).await;
    for hidden in ["secret", "night-shift", &harness.realm()] {
        assert!(!text.contains(hidden), "{hidden}\n{text}");
    }
}
