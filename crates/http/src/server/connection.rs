//! One connection: its handshake, its requests and its end.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use breakglass_domain::Thumbprint;
use http::{Request, Version};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::debug;

use super::activity::{Activity, Limits, Outstayed};
use super::answer::Answer;
use super::lingering::{Expected, Lingering};
use super::options::ServerOptions;
use crate::exchange::ClientCertificate;

/// The least that hyper takes as the size of its buffer.
const LEAST_HEAD_BYTES: u32 = 8192;

/// Streams that a peer may reset before they were answered, and errors of its own making, before its connection is
/// taken for an attack ("rapid reset") and closed.
const MAX_RESET_STREAMS: usize = 64;

/// Bytes of answers that one HTTP/2 stream buffers for a peer that does not take them.
const MAX_SEND_BUFFER_BYTES: usize = 256 * 1024;

/// What the tasks of all connections share.
#[derive(Clone)]
pub(super) struct Connections<A> {
    answer: A,
    builder: Builder<TokioExecutor>,
    options: Arc<ServerOptions>,
    tls: Option<TlsAcceptor>,
    /// Holds `true` once the server is told to stop.
    stopping: watch::Receiver<bool>,
    /// Holds `true` while most places are taken.
    crowded: watch::Receiver<bool>,
}

impl<A: Answer> Connections<A> {
    /// What the tasks of all connections need to know.
    pub(super) fn new(
        answer: A,
        options: ServerOptions,
        tls: Option<TlsAcceptor>,
        stopping: watch::Receiver<bool>,
        crowded: watch::Receiver<bool>,
    ) -> Self {
        Self {
            answer,
            builder: builder(&options),
            options: Arc::new(options),
            tls,
            stopping,
            crowded,
        }
    }

    /// Serves one connection to its end.
    pub(super) async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        if let Err(error) = self.run(stream, peer).await {
            // A peer that goes away in the middle is everyday life, not a fault of this server.
            debug!(peer.address = %peer, error = error.as_ref(), "connection ended early");
        }
    }

    async fn run(
        mut self,
        stream: TcpStream,
        peer: SocketAddr,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        // Answers are written whole, so waiting for more to send would only delay them.
        stream.set_nodelay(true)?;
        let stream = Lingering::new(stream);
        let expected = stream.expected();
        let Some(acceptor) = self.tls.take() else {
            return self.requests(stream, expected, (peer, None)).await;
        };
        let handshake = timeout(self.options.handshake_timeout, acceptor.accept(stream));
        let stream = tokio::select! {
            biased;
            // Nothing was asked yet, so nothing is lost.
            _ = self.stopping.wait_for(|stopping| *stopping) => return Ok(()),
            done = handshake => done.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??,
        };
        let shown = stream.get_ref().1.peer_certificates();
        let certificate = shown.and_then(<[_]>::first);
        let certificate = certificate.map(|der| ClientCertificate(Thumbprint::of(der)));
        self.requests(stream, expected, (peer, certificate)).await
    }

    async fn requests<I>(
        mut self,
        stream: I,
        expected: Expected,
        (peer, certificate): (SocketAddr, Option<ClientCertificate>),
    ) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let activity = Activity::start();
        let answer = self.answer;
        let service = service_fn(|mut request: Request<Incoming>| {
            expected.set(has_body_ahead(&request));
            if let Some(certificate) = certificate {
                request.extensions_mut().insert(certificate);
            }
            let in_flight = activity.begin();
            let answer = answer.clone();
            async move {
                let response = answer.answer(peer, request).await;
                drop(in_flight);
                Ok::<_, Infallible>(response)
            }
        });
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), service));
        let mut closing_since = None;
        let mut limits = Limits::new(&self.options, *self.crowded.borrow_and_update());
        let mut wake = pin!(sleep_until(activity.wake(limits, closing_since)));
        loop {
            tokio::select! {
                biased;
                done = connection.as_mut() => return done,
                _ = self.stopping.wait_for(|stopping| *stopping), if closing_since.is_none() => {
                    if activity.is_quiet() {
                        expected.set(false);
                    }
                    closing_since = Some(Instant::now());
                    connection.as_mut().graceful_shutdown();
                }
                Ok(()) = self.crowded.changed() => {
                    limits = Limits::new(&self.options, *self.crowded.borrow_and_update());
                }
                () = wake.as_mut() => match activity.outstayed(limits, closing_since) {
                    None => {}
                    Some(Outstayed::Idle) => {
                        expected.set(false);
                        closing_since = Some(Instant::now());
                        connection.as_mut().graceful_shutdown();
                    }
                    Some(Outstayed::Unresponsive) => {
                        return Err(io::Error::from(io::ErrorKind::TimedOut).into());
                    }
                }
            }
            wake.as_mut().reset(activity.wake(limits, closing_since));
        }
    }
}

/// Whether the connection will have to end when the request is answered before its body was read: HTTP/2 resets the one
/// stream instead (RFC 9113, section 8.1).
fn has_body_ahead(request: &Request<Incoming>) -> bool {
    request.version() < Version::HTTP_2 && !request.body().is_end_stream()
}

fn builder(options: &ServerOptions) -> Builder<TokioExecutor> {
    let head_bytes = options.max_head_bytes.max(LEAST_HEAD_BYTES);
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // The clock of the connection bounds this for both protocols, and from the first byte on.
        .header_read_timeout(None)
        .max_buf_size(usize::try_from(head_bytes).unwrap_or(usize::MAX));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(options.keep_alive)
        .keep_alive_timeout(options.keep_alive)
        .max_concurrent_streams(options.max_concurrent_streams)
        .max_header_list_size(head_bytes)
        .max_local_error_reset_streams(MAX_RESET_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
        .max_send_buf_size(MAX_SEND_BUFFER_BYTES);
    builder
}
