//! `/suite-api`.

mod api_clients;
mod auth_token;
mod emergency_clients;
mod principals;
mod roles;
mod settings;
mod ssorealms;
mod tasks;
mod vidbs;
