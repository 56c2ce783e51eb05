//! The listener: connections, their limits, TLS, and an orderly end.
//!
//! A [`Server`] is bound first and served afterwards, so that a caller can print the address it got. What answers the
//! requests is an [`Answer`]; this module knows nothing of paths, callers or bodies.
//!
//! Each connection has one task, and each task one clock (see [`ServerOptions`]): a connection on which no request is
//! being answered ends in a bounded time, whatever its peer sends or leaves unsent, and sooner when most places are
//! taken. No source takes the places of all others, and a process out of file descriptors is prevented by
//! [`ServerOptions::within`]. HTTP/1.1 and HTTP/2 share one
//! port: over TLS the protocol is agreed on by ALPN (RFC 7301), without TLS a client of HTTP/2 starts with prior
//! knowledge (RFC 9113, section 3.3).

mod activity;
mod answer;
mod client_certificate;
mod connection;
mod crowd;
mod lingering;
mod listener;
mod options;
mod self_signed;
mod sources;
mod tls;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use listener::{Drained, Server, is_loopback};
pub use options::ServerOptions;
pub use tls::{Fingerprint, TlsConfig, TlsError};
