//! The limits of the listener.

use std::time::Duration;

use crate::source_address::TrustedProxy;

/// File descriptors that are left for everything but connections: the store and its readers, the socket, logs, files.
const RESERVED_DESCRIPTORS: usize = 128;

/// The limits of the listener and of each of its connections.
///
/// They bound what a peer can hold without sending a whole request. How long an answer may take, and how large a body
/// may be, is for what answers to say.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerOptions {
    /// How many connections are served at once. A further one waits in the backlog of the system until one ends.
    pub max_connections: usize,
    /// How many of them one source may have: an IPv4 address, or an IPv6 network of 64 bits. A further one is closed
    /// unanswered, so that no source locks out the others.
    pub max_connections_per_source: usize,
    /// Sources that are not counted, because they speak for many: this machine itself, and proxies.
    pub uncounted_sources: Vec<TrustedProxy>,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long the head of the first request may take, counted from the handshake's end (without TLS: from the
    /// connection's start).
    pub head_timeout: Duration,
    /// How long a connection that has served a request may go without another one in flight. The head of a later
    /// request has to arrive within it too, and an answer has to be taken. A few seconds are left to take leave.
    pub idle_timeout: Duration,
    /// What becomes of the two limits above, where they are longer, while most places are taken.
    pub crowded_timeout: Duration,
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

impl ServerOptions {
    /// The options for a process that may have so many files open. A server that accepts more connections than that
    /// would accept nobody, not even those who come to help, until connections end.
    #[must_use]
    pub fn within(mut self, descriptors: usize) -> Self {
        let reserved = RESERVED_DESCRIPTORS.min(descriptors / 2);
        let most = descriptors.saturating_sub(reserved).max(1);
        self.max_connections = self.max_connections.min(most);
        let share = self.max_connections.div_ceil(4);
        self.max_connections_per_source = self.max_connections_per_source.min(share);
        self
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_connections_per_source: 2_500,
            uncounted_sources: TrustedProxy::LOOPBACK.to_vec(),
            handshake_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(75),
            crowded_timeout: Duration::from_secs(2),
            max_head_bytes: 32 * 1024,
            max_concurrent_streams: 128,
            keep_alive: Duration::from_secs(20),
            drain_timeout: Duration::from_secs(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_everything_else() {
        for (descriptors, connections, per_source) in [
            (1_048_576, 10_000, 2_500),
            (1024, 896, 224),
            (256, 128, 32),
            (20, 10, 3),
            (0, 1, 1),
        ] {
            let options = ServerOptions::default().within(descriptors);
            assert_eq!(options.max_connections, connections, "{descriptors}");
            assert_eq!(
                options.max_connections_per_source, per_source,
                "{descriptors}"
            );
        }
    }
}
