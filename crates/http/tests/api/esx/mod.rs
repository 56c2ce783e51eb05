//! `/api/esx/authentication`.

mod client_profiles;
mod published_keys;
mod security_token_issuers;
pub(crate) mod support;
mod token;
