//! One file per area, named as in every crate below.

pub(crate) mod admin;
pub(crate) mod api_client;
pub(crate) mod api_token;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod broker;
pub(crate) mod client_key;
pub(crate) mod client_profile;
pub(crate) mod client_secret;
pub(crate) mod dpop_key;
pub(crate) mod emergency_client;
pub(crate) mod host;
pub(crate) mod init;
mod issued;
pub(crate) mod key;
pub(crate) mod manual;
pub(crate) mod oauth_app;
pub(crate) mod realm;
pub(crate) mod restore;
pub(crate) mod role;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod token;
pub(crate) mod token_issuer;
