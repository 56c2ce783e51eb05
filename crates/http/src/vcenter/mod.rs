//! vCenter's registered tokens and sessions, and the same operations as remote procedure calls.

mod catalog;
mod data_value;
pub(crate) mod invoke;
pub(crate) mod legacy;
mod placing;
pub(crate) mod registered_token;
pub(crate) mod rpc;
mod rpc_answer;
mod security;
pub(crate) mod session;
mod structures;
mod wire_type;
