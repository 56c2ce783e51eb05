//! `/acs/t/{tenant}`.

mod discovery;
mod dpop;
mod forged_tokens;
mod introspect;
mod jwks;
mod revoke;
mod statuslist;
mod token;
mod token_ends;
