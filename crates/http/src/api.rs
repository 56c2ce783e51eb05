//! The API as its callers see it: a request goes in, an answer comes out.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use breakglass_app::App;
use breakglass_domain::Principal;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Empty, Full};
use hyper::body::Incoming;

use crate::broker::Published;
use crate::exchange::{ClientCertificate, RequestBody, exchange};
use crate::handlers;
use crate::metrics::Metrics;
use crate::pipeline::Vouched;
use crate::request_id::RequestIds;
use crate::router::Router;
use crate::server::Answer;
use crate::shared::Shared;
use crate::source_address::{TrustedProxy, source};
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
}

impl Api {
    /// The API of an application.
    pub fn new(app: Arc<App>, options: ApiOptions) -> Self {
        Self {
            shared: Arc::new(Shared {
                app,
                options,
                metrics: Metrics::new(),
                router: router(),
                request_ids: RequestIds::default(),
                published: Published::default(),
                openapi: OnceLock::new(),
            }),
        }
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
        self.run(Some(source), request).await
    }

    /// Answers a request of somebody who needs no credentials, because they have the data folder itself. It takes the same
    /// way as one from the network, but for the proof of who asks.
    pub async fn call_as<B>(&self, principal: Principal, request: Request<B>) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut request = request.map(boxed);
        request.extensions_mut().remove::<ClientCertificate>();
        request.extensions_mut().insert(Vouched(principal));
        self.run(None, request).await
    }

    async fn run(
        &self,
        source: Option<IpAddr>,
        mut request: Request<RequestBody>,
    ) -> Response<Body> {
        let is_legacy = legacy::adapt(&mut request);
        let is_head = request.method() == Method::HEAD;
        let response = exchange(&self.shared, source, request).await;
        if !is_legacy && !is_head {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        let Ok(whole) = body.collect().await;
        let mut body = whole.to_bytes();
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

impl Answer for Api {
    async fn answer(&self, peer: SocketAddr, request: Request<Incoming>) -> Response<Body> {
        self.call(peer.ip(), request).await
    }
}

/// Gives every body one type.
fn boxed<B>(body: B) -> RequestBody
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if body.is_end_stream() {
        return Either::Left(Empty::new());
    }
    Either::Right(body.map_err(Into::into).boxed_unsync())
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
