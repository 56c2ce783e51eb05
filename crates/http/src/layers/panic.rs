//! What a panic is answered with.

use std::any::Any;

use http::Response;

use crate::api::Body;

/// The mark of an answer that stands for a panic; [`EnvelopeLayer`](super::EnvelopeLayer) fills it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panicked;

/// Answers a panic. What it was about is in the panic hook's own output and not passed on: it may hold anything.
pub(crate) fn answer_panic(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let mut response = Response::new(Body::default());
    response.extensions_mut().insert(Panicked);
    response
}
