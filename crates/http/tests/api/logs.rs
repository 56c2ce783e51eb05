//! What is logged of a request, and what is not.

use std::io;
use std::sync::{Arc, Mutex};

use breakglass_test_support::ADMIN_PASSWORD;
use http::StatusCode;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Ask, Harness, IAM, bearer};

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Logs everything of this thread, which is the only one that a test of this kind has.
fn listen() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn a_request_is_one_line_with_its_operation_status_id_and_source() {
    let harness = Harness::start().await;
    let (log, _guard) = listen();
    let ask = Ask::get(format!("{IAM}/ssorealms")).header("x-request-id", "request-1");
    harness.send_as_admin(ask).await.expect(StatusCode::OK);
    let text = log.text();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains(r#""message":"answered""#))
        .collect();
    let [line] = lines.as_slice() else {
        panic!("{text}");
    };
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["fields"]["status"], 200);
    assert!(line["fields"]["latency_us"].is_u64());
    assert_eq!(line["span"]["operation"], "getSsoRealmList");
    assert_eq!(line["span"]["request.id"], "request-1");
    assert_eq!(line["span"]["source.address"], "198.51.100.7");
}

#[tokio::test]
async fn no_secret_is_logged_wherever_it_stood() {
    let harness = Harness::start().await;
    let token = harness.add_client("x").await;
    let (log, _guard) = listen();
    let session = harness.admin.trim_start_matches("OpsToken ").to_owned();
    let password = json!({"username": "admin", "password": ADMIN_PASSWORD});
    let acquired = harness
        .send(Ask::post("/suite-api/api/auth/token/acquire").json(&password))
        .await
        .expect(StatusCode::OK);
    let regenerated = harness
        .send_as_admin(Ask::post(format!("{}/x/regenerate", harness.clients())))
        .await
        .expect(StatusCode::OK);
    for ask in [
        Ask::get(format!("/{}", token.expose())),
        Ask::get(format!("/healthz?token={}", token.expose())),
        Ask::get(format!("{}/{}", harness.clients(), token.expose())),
        Ask::get(format!("{IAM}/ssorealms")).authorization(&bearer(&token)),
        Ask::post("/acs/t/CUSTOMER/introspect").form(&format!("token={}", token.expose())),
        Ask::post(harness.clients()).bytes("application/json", token.expose()),
        Ask::post("/suite-api/api/auth/token/acquire")
            .json(&json!({"username": ADMIN_PASSWORD, "password": session})),
    ] {
        harness.send(ask.clone()).await;
        harness.send_as_admin(ask).await;
    }
    harness.test.store.refuse_writes(true);
    let failing = Ask::post("/suite-api/api/auth/token/acquire").json(&password);
    harness
        .send(failing)
        .await
        .expect(StatusCode::SERVICE_UNAVAILABLE);
    let text = log.text();
    assert!(text.contains("failed to answer a request"), "{text}");
    for secret in [
        token.expose(),
        &session,
        ADMIN_PASSWORD,
        acquired.json()["token"].as_str().unwrap(),
        regenerated.json()["accessToken"].as_str().unwrap(),
    ] {
        assert!(!text.contains(secret), "{secret} is in the log:\n{text}");
    }
}
