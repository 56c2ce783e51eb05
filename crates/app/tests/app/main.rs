//! The use cases over a real store, one module per area.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail the test that calls them"
)]

mod support;

mod access_token;
mod account;
mod api_client;
mod api_token;
mod audit;
mod authentication;
mod backup;
mod broker;
mod client_secret;
mod clock;
mod emergency_client;
mod housekeeping;
mod installation;
mod issuer;
mod oauth_app;
mod overflow;
mod possession;
mod realm;
mod role;
mod service;
mod session;
mod settings;
mod signing_key;
mod status;
mod token_endpoint;
