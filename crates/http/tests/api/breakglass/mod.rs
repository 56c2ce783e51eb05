//! `/breakglass/v1`, and what stands beside it.

mod accounts;
mod audit;
mod brokers;
mod client_keys;
mod client_secrets;
mod decisions;
mod emergency_clients;
mod metrics;
mod openapi;
mod probes;
mod signing_keys;
mod status;
