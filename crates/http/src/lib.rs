//! The HTTP adapter: a router over the operations of the contracts, a pipeline that is the same for all of them, one
//! handler per operation, and the server that brings the requests.
//!
//! A request takes the same way whatever it asks for: `exchange` names it, routes it, watches over it and turns failures into
//! answers; the pipeline in it finds out who asks, whether they may, and what they sent, in that order; then one handler calls one use case and puts its answer into the words of its surface. Only
//! this crate knows status codes, and only `problem` maps failures to them. Nothing here decides who may do what, and
//! nothing here knows a store.
//!
//! To serve another operation of the contracts, write its handler in the file of its area (`fleet_iam`, `broker`, `esx`
//! or `breakglass`) and name it in `handlers`.

mod api;
mod breakglass;
mod broker;
mod call;
mod conditional;
mod credentials;
mod esx;
mod exchange;
mod failure;
mod fleet_iam;
mod form;
mod handlers;
#[doc(hidden)]
pub mod internal;
mod metrics;
mod observe;
mod pipeline;
mod problem;
mod query;
mod reply;
mod request_id;
mod router;
mod server;
mod shared;
mod source_address;
mod vcenter;

pub use api::{Api, ApiOptions, Body, BoxError};
pub use server::{
    Answer, Drained, Fingerprint, Server, ServerOptions, TlsConfig, TlsError, is_loopback,
};
pub use source_address::{InvalidProxy, TrustedProxy};
