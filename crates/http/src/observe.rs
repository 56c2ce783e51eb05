//! The span, the line and the count of a request. None of them holds a path, a query or a header: a token may stand in any.

use std::time::Duration;

use breakglass_api_types::{Effect, Operation, Privilege};
use breakglass_app::Origin;
use http::Response;
use tracing::Span;

use crate::api::Body;
use crate::metrics::Metrics;
use crate::reply::Called;

/// What stands for the operation of a request that leads to none.
pub(crate) const UNROUTED: &str = "unrouted";

/// The span of a request.
pub(crate) fn span(operation: Option<Operation>, origin: &Origin) -> Span {
    tracing::info_span!(
        "http.request",
        operation = operation.map_or(UNROUTED, Operation::name),
        request.id = origin.request_id.as_deref(),
        source.address = origin.source_address.map(display),
    )
}

/// Logs and counts an answer.
pub(crate) fn answered(
    metrics: &Metrics,
    operation: Option<Operation>,
    response: &Response<Body>,
    latency: Duration,
) {
    // A call is told as the operation that it was of, which the status of the answer says nothing of.
    let called = response.extensions().get::<Called>();
    let status = called.map_or(response.status(), |called| called.status);
    let status = status.as_u16();
    let operation = called.map(|called| called.operation).or(operation);
    metrics.observe(operation, status, latency);
    let latency_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
    // What is asked all day long by machines, by nobody in particular, is not worth a line each.
    if operation.is_some_and(is_routine) {
        tracing::debug!(status, latency_us, "answered");
    } else {
        let called = called.map(|called| called.operation.name());
        tracing::info!(status, latency_us, called, "answered");
    }
}

fn is_routine(operation: Operation) -> bool {
    let spec = operation.spec();
    let is_public = matches!(spec.privilege, Privilege::Public | Privilege::PublicOrView);
    is_public && spec.effect == Effect::Read
}
