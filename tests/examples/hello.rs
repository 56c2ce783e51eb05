//! The least that an HTTP answer costs: hyper, a body of the size of a token, and nothing else.
//! `/?bytes=N` asks for a body of that size, so that another answer is compared with one of its own length.
//!
//! `cargo xtask bench` measures the server in shares of it, since absolute numbers move with the machine.

use std::convert::Infallible;
use std::io::Write;
use std::net::Ipv4Addr;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// About as long as the answer that carries an ES256 token.
const BODY_BYTES: usize = 914;

/// Nobody is given more than this.
const MOST_BYTES: usize = 1 << 20;

type Error = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    writeln!(std::io::stdout(), "hello answers at http://{address}")?;
    // One long text, of which each answer is a stretch: no answer copies anything, and nobody reads what it says.
    let text = Bytes::from("x".repeat(MOST_BYTES));
    loop {
        let (connection, _) = listener.accept().await?;
        connection.set_nodelay(true)?;
        let text = text.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, text.clone()));
            let connection = TokioIo::new(connection);
            // A client that goes away is no error of the server.
            drop(
                http1::Builder::new()
                    .serve_connection(connection, service)
                    .await,
            );
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    text: Bytes,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let wanted = request
        .uri()
        .query()
        .and_then(|query| query.strip_prefix("bytes="));
    let wanted = wanted.and_then(|bytes| bytes.parse().ok());
    let body = text.slice(..wanted.unwrap_or(BODY_BYTES).min(MOST_BYTES));
    drop(request.into_body().collect().await);
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    headers.insert(CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    Ok(response)
}
