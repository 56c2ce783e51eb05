//! `/suite-api`.

mod api_clients;
mod api_tokens;
mod auth_token;
mod emergency_clients;
mod oauth_apps;
mod principals;
mod roles;
mod settings;
mod ssorealms;
mod tasks;
mod vidbs;
