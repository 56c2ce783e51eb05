//! `/api/esx/authentication`.

mod client_profiles;
mod published_keys;
mod security_token_issuers;
mod support;
mod token;
