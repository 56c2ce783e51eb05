//! The suite of tests that every Breakglass store must pass: at least one case for each numbered clause of the traits in
//! [`breakglass_ports::store`].
//!
//! A store's crate tells how to make one, by [`Harness`], and writes [`suite!`] in a test; each case becomes a test of the
//! same name. The suite is a dependency of tests alone and knows no store.
//!
//! # Adding to it
//!
//! A clause gets its number in the port, a case in the file of its aggregate, and a line in `suite.rs`. A test of this crate
//! fails while a clause has no case.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a case of the suite is a test: it fails by panicking"
)]

#[expect(missing_docs, reason = "the name of a case says what it shows")]
mod client_query;
mod harness;
pub mod samples;
mod suite;

macro_rules! cases {
    ($($module:ident),+ $(,)?) => {$(
        #[expect(missing_docs, reason = "the name of a case says what it shows")]
        pub mod $module;
    )+};
}

cases! {
    access_token,
    account,
    api_client,
    api_token,
    audit,
    broker,
    client,
    client_key,
    client_profile,
    client_secret,
    emergency_client,
    installation,
    oauth_app,
    realm,
    recall,
    registered_token,
    role,
    role_assignment,
    session,
    settings,
    signing_key,
    status_list,
    store,
    task,
    token_issuer,
}

pub use harness::{Harness, begin, keep, read, seeded, verified_records};
pub use suite::{CASES, Case};
