//! Registered tokens, sessions, remote procedure calls and the older dialect.

mod bound_tokens;
mod json_rpc;
mod legacy;
mod own_tokens;
mod pairing;
mod registered_tokens;
mod sessions;
mod support;
