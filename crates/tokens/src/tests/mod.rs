//! Tests of the crate as its callers use it, one file per promise.

mod access_tokens;
mod checkpoints;
mod client_assertions;
mod dpop_proofs;
mod fixture;
mod foreign_tokens;
mod hostile_tokens;
mod keys;
mod master_key;
mod status_lists;
mod vault;
