//! `/api/esx/authentication`.

mod client_profiles;
mod security_token_issuers;
mod support;
mod token;
