//! What the layers around the pipeline do to every request.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use breakglass_app::{App, Options, Ports};
use breakglass_domain::{RealmId, Timestamp, TokenDigest};
use breakglass_http::{Api, ApiOptions};
use breakglass_ports::{ReadView, Store, StoreError, UnitOfWork};
use breakglass_test_support::TestApp;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt;

use crate::support::{Ask, Harness, PEER, is_uuid};

#[tokio::test]
async fn a_request_keeps_its_well_formed_id_and_gets_one_otherwise() {
    let harness = Harness::start().await;
    let health = || Ask::get("/healthz");
    let told = harness.send(health().header("x-request-id", "a-1")).await;
    assert_eq!(told.header("x-request-id"), "a-1");
    for bad in ["", "two words", &"x".repeat(129)] {
        let told = harness.send(health().header("x-request-id", bad)).await;
        assert!(is_uuid(told.header("x-request-id")), "{bad}");
    }
    let one = harness.send(health()).await;
    let other = harness.send(health()).await;
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
}

#[tokio::test]
async fn head_is_get_without_the_content() {
    let harness = Harness::start().await;
    let get = harness.send(Ask::get("/acs/t/CUSTOMER/jwks")).await;
    let head = harness.send(Ask::new("HEAD", "/acs/t/CUSTOMER/jwks")).await;
    assert_eq!(head.status, 200);
    assert_eq!(head.text, "");
    assert_eq!(head.header("content-length"), get.text.len().to_string());
    assert_eq!(head.header("content-type"), get.header("content-type"));
}

#[tokio::test]
async fn even_what_is_not_there_has_an_id_and_is_kept_by_nobody() {
    let harness = Harness::start().await;
    let told = harness.send(Ask::get("/nothing")).await;
    assert_eq!(told.status, 404);
    assert!(is_uuid(told.header("x-request-id")));
    assert_eq!(told.header("cache-control"), "no-store");
    assert_eq!(told.header("x-content-type-options"), "nosniff");
}

/// A store that never answers, or panics when it is asked.
struct Stubborn {
    panics: bool,
}

#[async_trait]
impl Store for Stubborn {
    async fn read(&self) -> Result<Box<dyn ReadView>, StoreError> {
        assert!(!self.panics, "told to panic");
        pending().await
    }

    async fn check(&self) -> Result<Box<dyn ReadView>, StoreError> {
        self.read().await
    }

    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        pending().await
    }

    async fn begin_use(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.begin().await
    }

    async fn extend_session(&self, _: &TokenDigest, _: Timestamp) -> Result<(), StoreError> {
        pending().await
    }

    async fn use_assertion(
        &self,
        _: RealmId,
        _: &TokenDigest,
        _: Timestamp,
    ) -> Result<bool, StoreError> {
        pending().await
    }

    async fn prune(&self, _: Timestamp) -> Result<u64, StoreError> {
        pending().await
    }

    async fn close(&self) {}
}

/// Opens an installation, and is stubborn from then on.
struct ThenStubborn {
    first: Arc<dyn Store>,
    opened: std::sync::atomic::AtomicBool,
    then: Stubborn,
}

#[async_trait]
impl Store for ThenStubborn {
    async fn read(&self) -> Result<Box<dyn ReadView>, StoreError> {
        if self.opened.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return self.then.read().await;
        }
        self.first.read().await
    }

    async fn check(&self) -> Result<Box<dyn ReadView>, StoreError> {
        self.read().await
    }

    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.then.begin().await
    }

    async fn begin_use(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.then.begin().await
    }

    async fn extend_session(
        &self,
        digest: &TokenDigest,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.then.extend_session(digest, expires_at).await
    }

    async fn use_assertion(
        &self,
        realm_id: RealmId,
        digest: &TokenDigest,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.then.use_assertion(realm_id, digest, expires_at).await
    }

    async fn prune(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.then.prune(now).await
    }

    async fn close(&self) {
        self.first.close().await;
    }
}

/// An API over a store that is stubborn once the installation is open.
async fn stubborn(panics: bool, options: ApiOptions) -> (TestApp, Api) {
    let test = TestApp::start().await;
    let ports = Ports {
        store: Arc::new(ThenStubborn {
            first: test.store.clone(),
            opened: false.into(),
            then: Stubborn { panics },
        }),
        ..test.ports().clone()
    };
    let app = App::open(ports, Options::default()).await.unwrap();
    (test, Api::new(Arc::new(app), options))
}

#[tokio::test]
async fn a_panic_costs_one_request_and_is_told_as_a_failure_of_the_server() {
    let (_test, api) = stubborn(true, ApiOptions::default()).await;
    let response = api
        .call(PEER, Ask::get("/acs/t/CUSTOMER/jwks").request())
        .await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(response.headers().contains_key("x-request-id"));
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["error"], "server_error");
    assert!(!body.to_string().contains("told to panic"));
    let response = api.call(PEER, Ask::get("/healthz").request()).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_told_as_such() {
    let options = ApiOptions {
        request_timeout: Duration::from_millis(20),
        ..ApiOptions::default()
    };
    let (_test, api) = stubborn(false, options).await;
    let response = api
        .call(PEER, Ask::get("/acs/t/CUSTOMER/jwks").request())
        .await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
}

/// A body that breaks off, or never comes.
struct Unfinished {
    breaks: bool,
}

impl http_body::Body for Unfinished {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if self.breaks {
            return Poll::Ready(Some(Err(std::io::ErrorKind::UnexpectedEof.into())));
        }
        Poll::Pending
    }
}

#[tokio::test]
async fn a_body_that_does_not_come_or_breaks_off_is_told_as_such() {
    let options = ApiOptions {
        body_timeout: Duration::from_millis(20),
        ..ApiOptions::default()
    };
    let harness = Harness::start_with(Options::default(), options).await;
    for (breaks, status) in [(false, 408), (true, 400)] {
        let request = Request::post(harness.clients())
            .header("authorization", &harness.admin)
            .header("content-type", "application/json")
            .body(Unfinished { breaks });
        let response = harness.api.call(PEER, request.unwrap()).await;
        assert_eq!(response.status().as_u16(), status);
    }
}
