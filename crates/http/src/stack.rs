//! The stack of layers around the pipeline.

use std::net::IpAddr;
use std::sync::Arc;

use breakglass_app::Origin;
use breakglass_domain::Thumbprint;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderName, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use tower::util::{BoxCloneSyncService, MapResponse};
use tower::{ServiceBuilder, service_fn};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{PropagateRequestIdLayer, RequestId, SetRequestIdLayer};
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

use crate::api::{BoxError, Never};
use crate::credentials::{DPOP, SESSION_ID};
use crate::handlers;
use crate::layers::{EnvelopeLayer, MakeId, Observer, answer_panic, drop_bad_request_id, span};
use crate::pipeline;
use crate::router::Router;
use crate::shared::Shared;

/// The body of a request, wherever it came from.
pub(crate) type RequestBody = UnsyncBoxBody<Bytes, BoxError>;

/// The body of an answer before it leaves the stack.
pub(crate) type ResponseBody = UnsyncBoxBody<Bytes, BoxError>;

/// The whole stack.
pub(crate) type Stack = BoxCloneSyncService<Request<RequestBody>, Response<ResponseBody>, Never>;

/// The network address that a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source(pub(crate) IpAddr);

/// The certificate that a client proved to hold when it connected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientCertificate(pub(crate) Thumbprint);

/// The name of the header with a request's id.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Builds the stack. What stands first sees a request first and its answer last.
pub(crate) fn build(shared: &Arc<Shared>) -> Stack {
    let router = Arc::new(router());
    let pipeline = {
        let shared = Arc::clone(shared);
        service_fn(move |request: Request<RequestBody>| {
            pipeline::answer(Arc::clone(&shared), request)
        })
    };
    let stack = ServiceBuilder::new()
        // The id comes first, because everything below speaks of the request by it. One of the caller's own is kept when it
        // is well-formed; what is not would let a caller write into our logs.
        .map_request(drop_bad_request_id)
        .layer(SetRequestIdLayer::new(
            REQUEST_ID,
            MakeId(Arc::clone(shared)),
        ))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        // Before anything could print a header.
        .layer(SetSensitiveRequestHeadersLayer::new([
            AUTHORIZATION,
            DPOP,
            SESSION_ID,
        ]))
        // Routing needs nothing but the request line; the span, the metrics and the envelopes below need to know where a
        // request leads.
        .map_request(move |request: Request<RequestBody>| mark(request, &router))
        // One span and one line per request, and one count. Outside whatever can answer by itself, so that no answer is missed.
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_request(())
                .on_response(Observer(Arc::clone(shared)))
                .on_body_chunk(())
                .on_eos(())
                .on_failure(()),
        )
        // On every answer, those of failures included. An answer that may be kept says so itself.
        .layer(SetResponseHeaderLayer::overriding(
            X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(SetResponseHeaderLayer::if_not_present(
            CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        // Failures become answers here, in the words of the surface that was asked, whichever layer below they are from.
        .layer(EnvelopeLayer)
        // A panic costs one request and not the connection with whatever else is under way on it.
        .layer(CatchPanicLayer::custom(answer_panic))
        // Innermost, because it may drop nothing but the work itself. The limits of the body are the pipeline's: they come
        // after the proof of who asks.
        .layer(tower::timeout::TimeoutLayer::new(
            shared.options.request_timeout,
        ))
        .service(pipeline);
    BoxCloneSyncService::new(MapResponse::new(stack, unwrapped))
}

/// Gives the body of an answer, which the layers have wrapped, its one type again.
fn unwrapped<B>(response: Response<B>) -> Response<ResponseBody>
where
    B: http_body::Body<Data = Bytes, Error = BoxError> + Send + 'static,
{
    response.map(BodyExt::boxed_unsync)
}

/// The router of what is served. The contracts do not change while the process runs, and the tests of this crate route
/// every path of them.
fn router() -> Router {
    #[expect(
        clippy::expect_used,
        reason = "a test builds the router of every operation there is"
    )]
    Router::new(handlers::is_served).expect("the paths of the contracts can be told apart")
}

/// Notes on a request where it leads and where it came from.
fn mark(mut request: Request<RequestBody>, router: &Router) -> Request<RequestBody> {
    let route = router.find(request.method(), request.uri().path());
    let extensions = request.extensions();
    let origin = Origin {
        source_address: extensions
            .get::<Source>()
            .map(|source| source.0.to_string()),
        request_id: extensions.get::<RequestId>().and_then(|id| {
            let text = id.header_value().to_str().ok()?;
            Some(text.to_owned())
        }),
        client_certificate: extensions
            .get::<ClientCertificate>()
            .map(|certificate| certificate.0),
    };
    request.extensions_mut().insert(route);
    request.extensions_mut().insert(origin);
    request
}
