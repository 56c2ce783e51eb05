//! The API as its callers see it: a request goes in, an answer comes out.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use breakglass_app::App;
use breakglass_domain::Principal;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use tower::ServiceExt;

use crate::metrics::Metrics;
use crate::pipeline::Vouched;
use crate::server::Answer;
use crate::shared::Shared;
use crate::source_address::{TrustedProxy, source};
use crate::stack::{self, ClientCertificate, RequestBody, ResponseBody, Source, Stack};
use crate::vcenter::legacy;

/// The body of an answer: always whole.
pub type Body = Full<Bytes>;

/// The error of a body that cannot be read to its end.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What an operator can choose of the API.
#[derive(Clone, Debug)]
pub struct ApiOptions {
    /// The version of the product, as the answers tell it.
    pub version: &'static str,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// The longest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    /// How long an answer may take, its body's arrival included.
    pub request_timeout: Duration,
    /// Whether clients are asked for certificates, to which their tokens are then bound (RFC 8705).
    pub client_certificates: bool,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            trusted_proxies: Vec::new(),
            max_body_bytes: 1024 * 1024,
            body_timeout: Duration::from_secs(15),
            request_timeout: Duration::from_secs(30),
            client_certificates: false,
        }
    }
}

/// The API. Clones share everything.
#[derive(Clone)]
pub struct Api {
    shared: Arc<Shared>,
    stack: Stack,
}

impl Api {
    /// The API of an application.
    pub fn new(app: Arc<App>, options: ApiOptions) -> Self {
        let shared = Arc::new(Shared {
            app,
            options,
            metrics: Metrics::new(),
            openapi: OnceLock::new(),
        });
        let stack = stack::build(&shared);
        Self { shared, stack }
    }

    /// Answers a request from the network. Whatever happens is an answer: failures, panics and slowness too.
    pub async fn call<B>(&self, peer: IpAddr, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let source = source(
            peer,
            request.headers(),
            &self.shared.options.trusted_proxies,
        );
        let mut request = request.map(boxed);
        request.extensions_mut().remove::<Vouched>();
        request.extensions_mut().insert(Source(source));
        self.run(request).await
    }

    /// Answers a request of somebody who needs no credentials, because they have the data folder itself. It takes the same
    /// way as one from the network, but for the proof of who asks.
    pub async fn call_as<B>(&self, principal: Principal, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut request = request.map(boxed);
        request.extensions_mut().remove::<Source>();
        request.extensions_mut().remove::<ClientCertificate>();
        request.extensions_mut().insert(Vouched(principal));
        self.run(request).await
    }

    async fn run(&self, mut request: Request<RequestBody>) -> Response<Body> {
        let is_legacy = legacy::adapt(&mut request);
        let is_head = request.method() == Method::HEAD;
        let Ok(response) = self.dispatch(request).await;
        let (mut parts, body) = response.into_parts();
        // Every body was whole when it was made; the layers only wrapped it.
        let mut body = match body.collect().await {
            Ok(whole) => whole.to_bytes(),
            Err(_) => Bytes::new(),
        };
        if is_legacy {
            body = legacy::answer(&mut parts, &body);
        }
        if is_head && parts.status != StatusCode::NOT_MODIFIED {
            // RFC 9110, section 9.3.2: the fields of a GET, and no content.
            let length = HeaderValue::from(body.len());
            parts.headers.insert(CONTENT_LENGTH, length);
            body = Bytes::new();
        }
        Response::from_parts(parts, Full::new(body))
    }
}

impl Api {
    /// The answer as the stack gives it. Boxed here rather than awaited, because a future that holds the whole stack in
    /// its own type is more than the compiler can prove to be `Send`.
    fn dispatch(
        &self,
        request: Request<RequestBody>,
    ) -> BoxFuture<'static, Result<Response<ResponseBody>, Never>> {
        Box::pin(self.stack.clone().oneshot(request))
    }
}

impl Answer for Api {
    async fn answer(&self, peer: SocketAddr, request: Request<Incoming>) -> Response<Body> {
        self.call(peer.ip(), request).await
    }
}

/// Gives every body one type, so that the stack is built once.
fn boxed<B>(body: B) -> RequestBody
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    body.map_err(Into::into).boxed_unsync()
}

/// The stack never fails: it answers.
pub(crate) type Never = Infallible;
