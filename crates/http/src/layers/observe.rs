//! The span, the line and the count of a request. None of them holds a path, a query or a header: a token may stand in any.

use std::sync::Arc;
use std::time::Duration;

use breakglass_api_types::{Effect, Operation, Privilege};
use breakglass_app::Origin;
use http::{Request, Response};
use tower_http::trace::OnResponse;
use tracing::Span;

use super::envelope::Answered;
use crate::reply::Called;
use crate::router::Route;
use crate::shared::Shared;

/// What stands for the operation of a request that leads to none.
const UNROUTED: &str = "unrouted";

/// The span of a request.
pub(crate) fn span<B>(request: &Request<B>) -> Span {
    let operation = request
        .extensions()
        .get::<Route>()
        .and_then(Route::operation);
    let origin = request.extensions().get::<Origin>();
    tracing::info_span!(
        "http.request",
        operation = operation.map_or(UNROUTED, Operation::name),
        request.id = origin.and_then(|origin| origin.request_id.as_deref()),
        source.address = origin.and_then(|origin| origin.source_address.as_deref()),
    )
}

/// Logs and counts answers.
#[derive(Clone)]
pub(crate) struct Observer(pub(crate) Arc<Shared>);

impl<B> OnResponse<B> for Observer {
    fn on_response(self, response: &Response<B>, latency: Duration, _: &Span) {
        let operation = response
            .extensions()
            .get::<Answered>()
            .and_then(|answered| answered.0);
        // A call is told as the operation that it was of, which the status of the answer says nothing of.
        let called = response.extensions().get::<Called>();
        let status = called.map_or(response.status(), |called| called.status);
        let status = status.as_u16();
        let operation = called.map(|called| called.operation).or(operation);
        let name = operation.map_or(UNROUTED, Operation::name);
        self.0.metrics.observe(name, status, latency);
        let latency_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        // What is asked all day long by machines, by nobody in particular, is not worth a line each.
        if operation.is_some_and(is_routine) {
            tracing::debug!(status, latency_us, "answered");
        } else {
            let called = called.map(|called| called.operation.name());
            tracing::info!(status, latency_us, called, "answered");
        }
    }
}

fn is_routine(operation: Operation) -> bool {
    let spec = operation.spec();
    let is_public = matches!(spec.privilege, Privilege::Public | Privilege::PublicOrView);
    is_public && spec.effect == Effect::Read
}
