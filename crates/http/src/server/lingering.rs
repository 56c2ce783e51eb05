//! A connection that is closed without cutting off the answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::activity::LINGER;

/// Bytes that are thrown away at a time.
const DISCARD_BYTES: usize = 8 * 1024;

/// A stream that goes on taking what its peer sends for a while after it was shut down.
///
/// A request can be answered before its body was read, above all when the body is too large. To close the socket then
/// makes the system send a reset for the bytes that nobody took, and a peer that gets a reset loses the answer, if it
/// was still sending (RFC 9112, section 9.6). When nothing is expected and nothing unread is there, the stream closes at
/// once.
#[derive(Debug)]
pub(super) struct Lingering {
    stream: TcpStream,
    expected: Expected,
    state: State,
}

/// Whether the peer of a stream may still be sending the body of a request.
#[derive(Clone, Debug)]
pub(super) struct Expected(Arc<AtomicBool>);

impl Expected {
    /// Notes whether it may.
    pub(super) fn set(&self, expected: bool) {
        self.0.store(expected, Ordering::Relaxed);
    }
}

#[derive(Debug)]
enum State {
    Open,
    /// Nothing more is sent, and nothing was thrown away yet.
    ShutDown,
    /// What comes is thrown away, until the peer closes or this is over.
    Discarding(Pin<Box<Sleep>>),
    Done,
}

impl Lingering {
    /// Has this stream closed gently.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            expected: Expected(Arc::new(AtomicBool::new(false))),
            state: State::Open,
        }
    }

    /// Where to note what is expected on this stream.
    pub(super) fn expected(&self) -> Expected {
        self.expected.clone()
    }

    /// Ready when there is nothing to wait for, or not any more.
    fn poll_limit(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.state {
            State::Discarding(limit) => limit.as_mut().poll(context),
            State::Done | State::Open | State::ShutDown => Poll::Ready(()),
        }
    }

    /// Throws away what comes; ready when that was the last of it.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut scratch = [0; DISCARD_BYTES];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    if !matches!(self.state, State::Discarding(_)) {
                        self.state = State::discarding();
                    }
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.poll_limit(context),
            }
            // A peer that never stops sending must not be able to keep this loop going.
            if self.poll_limit(context).is_ready() {
                return Poll::Ready(());
            }
        }
    }
}

impl State {
    fn discarding() -> Self {
        Self::Discarding(Box::pin(sleep(LINGER)))
    }
}

impl AsyncRead for Lingering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(self.state, State::Open) {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
            self.state = if self.expected.0.load(Ordering::Relaxed) {
                State::discarding()
            } else {
                State::ShutDown
            };
        }
        if !matches!(self.state, State::Done) {
            ready!(self.poll_discard(context));
            self.state = State::Done;
        }
        Poll::Ready(Ok(()))
    }
}
