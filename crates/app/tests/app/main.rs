//! The use cases over a real store, one module per area.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test that calls them"
)]

mod support;

mod account;
mod api_client;
mod audit;
mod authentication;
mod broker;
mod emergency_client;
mod emergency_token;
mod housekeeping;
mod installation;
mod issuer;
mod realm;
mod role;
mod session;
mod settings;
mod status;
