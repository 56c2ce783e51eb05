//! `/acs/t/{tenant}`.

mod discovery;
mod introspect;
mod jwks;
mod revoke;
mod statuslist;
mod token;
