//! One exchange, from the head of a request to its answer. The order is behaviour, and this is the one place that has it.

use std::future::ready;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use breakglass_api_types::Surface;
use breakglass_app::Origin;
use breakglass_domain::Thumbprint;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{Either, Empty};
use tokio::time::timeout;
use tracing::Instrument;

use crate::api::{Body, BoxError};
use crate::credentials::{DPOP, SESSION_ID};
use crate::failure::Failure;
use crate::observe::{self, span};
use crate::pipeline;
use crate::problem::respond;
use crate::request_id::REQUEST_ID;
use crate::router::Route;
use crate::shared::Shared;

/// The body of a request, wherever it came from; most have none.
pub(crate) type RequestBody = Either<Empty<Bytes>, UnsyncBoxBody<Bytes, BoxError>>;

/// The certificate that a client proved to hold when it connected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientCertificate(pub(crate) Thumbprint);

/// Answers a request that came from this network address, if it came over the network. Whatever happens is an answer:
/// failures, panics and slowness too.
pub(crate) async fn exchange(
    shared: &Arc<Shared>,
    source: Option<IpAddr>,
    mut request: Request<RequestBody>,
) -> Response<Body> {
    let began = Instant::now();
    // The id comes first, because everything below speaks of the request by it.
    let id = shared.request_ids.of(request.headers(), &shared.app);
    // Before anything could print a header.
    hide_secrets(request.headers_mut());
    let route = shared.router.find(request.method(), request.uri().path());
    let (operation, surface) = (route.operation(), route.surface());
    let origin = Origin {
        source_address: source,
        request_id: id
            .as_ref()
            .and_then(|id| Some(id.to_str().ok()?.to_owned())),
        client_certificate: request
            .extensions()
            .get::<ClientCertificate>()
            .map(|certificate| certificate.0),
    };
    // One span and one line per request, and one count, around whatever can answer by itself, so that no answer is missed.
    let span = span(operation, &origin);
    let answer = timeout(
        shared.options.request_timeout,
        work(shared, request, route, origin),
    );
    async {
        // A panic costs this request and not the connection with whatever else is under way on it. What it was about is in
        // the panic hook's own output and not passed on: it may hold anything.
        let outcome = match AssertUnwindSafe(answer).catch_unwind().await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Failure::TimedOut),
            Err(_) => Err(Failure::Panicked),
        };
        let mut response = outcome.unwrap_or_else(|failure| failed(&failure, surface, id.as_ref()));
        complete(response.headers_mut(), id);
        observe::answered(&shared.metrics, operation, &response, began.elapsed());
        response
    }
    .instrument(span)
    .await
}

/// Carries out what is asked for. Boxed, because a future that holds every use case in its own type is more than the compiler
/// can prove to be `Send`, and more than is to be moved about.
fn work(
    shared: &Arc<Shared>,
    request: Request<RequestBody>,
    route: Route,
    origin: Origin,
) -> BoxFuture<'static, Result<Response<Body>, Failure>> {
    let failed = match route {
        Route::Found {
            operation,
            parameters,
        } => {
            let found = (operation, parameters);
            return Box::pin(pipeline::answer(Arc::clone(shared), request, found, origin));
        }
        Route::MethodNotAllowed { allowed, .. } => Failure::MethodNotAllowed { allowed },
        Route::NotFound { .. } => Failure::NotRouted,
    };
    Box::pin(ready(Err(failed)))
}

/// A failure in the words of the surface that was asked.
fn failed(failure: &Failure, surface: Surface, id: Option<&HeaderValue>) -> Response<Body> {
    let id = id.and_then(|id| id.to_str().ok());
    respond(failure, surface, id.unwrap_or_default())
}

/// Sees to it that nothing prints what proves who asks.
fn hide_secrets(headers: &mut HeaderMap) {
    for name in [AUTHORIZATION, DPOP, SESSION_ID] {
        // All of them: `get_mut` would stop at the first.
        if let http::header::Entry::Occupied(mut entry) = headers.entry(name) {
            for value in entry.iter_mut() {
                value.set_sensitive(true);
            }
        }
    }
}

/// Says what is the same on every answer, those of failures included.
fn complete(headers: &mut HeaderMap, id: Option<HeaderValue>) {
    if let Some(id) = id {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // An answer that may be kept says so itself.
    headers
        .entry(CACHE_CONTROL)
        .or_insert_with(|| HeaderValue::from_static("no-store"));
}
