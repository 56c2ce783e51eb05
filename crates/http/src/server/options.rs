//! The limits of the listener.

use std::time::Duration;

/// The limits of the listener and of each of its connections.
///
/// They bound what a peer can hold without sending a whole request. How long an answer may take, and how large a body
/// may be, is for what answers to say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerOptions {
    /// How many connections are served at once. A further one waits in the backlog of the system until one ends.
    pub max_connections: usize,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long the head of the first request may take, counted from the handshake's end (without TLS: from the
    /// connection's start).
    pub head_timeout: Duration,
    /// How long a connection that has served a request may go without another one in flight. The head of a later
    /// request has to arrive within it too, and an answer has to be taken. A few seconds are left to take leave.
    pub idle_timeout: Duration,
    /// Bytes of a request's head, request line included. More is answered with 431 (RFC 6585, section 5), as are more
    /// than 100 fields over HTTP/1.1. At least 8192; less is taken as 8192.
    pub max_head_bytes: u32,
    /// Requests that one HTTP/2 connection may have in flight.
    pub max_concurrent_streams: u32,
    /// After how long an HTTP/2 peer is asked for a sign of life, and how long it has to give one.
    pub keep_alive: Duration,
    /// How long requests in flight may take to end once the server is told to stop; what then remains is dropped.
    pub drain_timeout: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            handshake_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(75),
            max_head_bytes: 32 * 1024,
            max_concurrent_streams: 128,
            keep_alive: Duration::from_secs(20),
            drain_timeout: Duration::from_secs(30),
        }
    }
}
