//! The OAuth 2 side of an issuer: what it publishes, and what a resource server asks it.

pub(crate) mod emergency_token;
pub(crate) mod error;
pub(crate) mod issuer;
