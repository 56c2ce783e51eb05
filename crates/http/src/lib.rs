//! HTTP adapter of Breakglass.

mod server;

pub use server::{
    Answer, Drained, Fingerprint, Server, ServerOptions, TlsConfig, TlsError, is_loopback,
};
