//! The SQLite store: the suite that every store must pass, and what is true of this one alone.

#![expect(
    clippy::unwrap_used,
    reason = "the lint knows test functions, but not those that they call"
)]

mod additions;
mod changes;
mod checks;
mod contract;
mod corruption;
mod crash;
mod folder;
mod group;
mod migration;
mod model;
mod open;
mod plans;
mod put_back;
mod record;
mod search;
mod two_handles;
