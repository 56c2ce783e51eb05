//! `/suite-api`.

mod auth_token;
mod emergency_clients;
mod settings;
mod ssorealms;
mod tasks;
mod vidbs;
