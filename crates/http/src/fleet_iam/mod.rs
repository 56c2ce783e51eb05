//! The fleet IAM surface: one file per area, each with its handlers and their wire conversions.

pub(crate) mod broker;
pub(crate) mod emergency_client;
pub(crate) mod error;
pub(crate) mod realm;
pub(crate) mod session;
pub(crate) mod settings;
pub(crate) mod task;
