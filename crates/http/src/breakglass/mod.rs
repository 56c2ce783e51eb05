//! Breakglass's own surface: one file per area, each with its handlers and their wire conversions.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod authzen;
pub(crate) mod broker;
pub(crate) mod client_key;
pub(crate) mod client_secret;
mod count;
pub(crate) mod emergency_client;
pub(crate) mod forward_auth;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod probe;
pub(crate) mod problem;
pub(crate) mod signing_key;
pub(crate) mod status;
pub(crate) mod token_policy;

pub(crate) use count::whole;
