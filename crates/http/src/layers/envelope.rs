//! Failures become answers in the envelope of the surface that was asked.

use std::task::{Context, Poll};

use breakglass_api_types::{Operation, Surface};
use breakglass_app::Origin;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use tower::{Layer, Service};

use super::Panicked;
use crate::api::{BoxError, Never};
use crate::failure::Failure;
use crate::problem::respond;
use crate::router::Route;
use crate::stack::ResponseBody;

/// The mark on an answer of the operation that it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answered(pub(crate) Option<Operation>);

/// Turns failures, timeouts and caught panics into answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EnvelopeLayer;

/// The service of [`EnvelopeLayer`]. It never fails.
#[derive(Clone, Debug)]
pub(crate) struct Envelope<S> {
    inner: S,
}

impl<S> Layer<S> for EnvelopeLayer {
    type Service = Envelope<S>;

    fn layer(&self, inner: S) -> Envelope<S> {
        Envelope { inner }
    }
}

impl<S, Asked, Answer> Service<Request<Asked>> for Envelope<S>
where
    S: Service<Request<Asked>, Response = Response<Answer>, Error = BoxError>,
    S::Future: Send + 'static,
    Answer: Body<Data = Bytes, Error = BoxError> + Send + 'static,
{
    type Response = Response<ResponseBody>;
    type Error = Never;
    type Future = BoxFuture<'static, Result<Response<ResponseBody>, Never>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Never>> {
        // What is below is always ready: it holds no permits and has no queue.
        let _ = self.inner.poll_ready(context);
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Asked>) -> Self::Future {
        let extensions = request.extensions();
        let route = extensions.get::<Route>();
        let surface = route.map_or(Surface::Breakglass, Route::surface);
        let operation = route.and_then(Route::operation);
        let request_id = extensions
            .get::<Origin>()
            .and_then(|origin| origin.request_id.clone())
            .unwrap_or_default();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let failure = match answer.await {
                Ok(response) if response.extensions().get::<Panicked>().is_some() => {
                    Failure::Panicked
                }
                Ok(response) => {
                    return Ok(marked(response.map(BodyExt::boxed_unsync), operation));
                }
                Err(error) => failure(error),
            };
            let response = respond(&failure, surface, &request_id);
            let response = response.map(|body| body.map_err(|never| match never {}).boxed_unsync());
            Ok(marked(response, operation))
        })
    }
}

/// The failure behind an error of the layers below.
fn failure(error: BoxError) -> Failure {
    match error.downcast::<Failure>() {
        Ok(failure) => *failure,
        Err(error) if error.is::<tower::timeout::error::Elapsed>() => Failure::TimedOut,
        Err(_) => Failure::Defect("a layer failed in a way that nobody knows"),
    }
}

fn marked<B>(mut response: Response<B>, operation: Option<Operation>) -> Response<B> {
    response.extensions_mut().insert(Answered(operation));
    response
}
