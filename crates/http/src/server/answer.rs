//! What answers a request.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;

/// Answers requests; one clone serves each connection.
pub trait Answer: Clone + Send + Sync + 'static {
    /// Answers one request of the peer at this address. A failure is an answer too, so there is no error.
    fn answer(
        &self,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send;
}
