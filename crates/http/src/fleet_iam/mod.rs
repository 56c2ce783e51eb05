//! The fleet IAM surface: one file per area, each with its handlers and their wire conversions.

pub(crate) mod api_client;
pub(crate) mod api_token;
pub(crate) mod broker;
pub(crate) mod client_query;
pub(crate) mod emergency_client;
pub(crate) mod error;
pub(crate) mod oauth_app;
mod page;
pub(crate) mod realm;
pub(crate) mod role;
pub(crate) mod role_assignment;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod task;
