//! The OAuth 2 side of an issuer: what it publishes, what it issues, and what a resource server asks it.

pub(crate) mod access_token;
mod client;
pub(crate) mod error;
pub(crate) mod expansion;
pub(crate) mod issuer;
mod published;
pub(crate) mod token;
mod told;

pub(crate) use published::Published;
