//! The SQLite store: the suite that every store must pass, and what is true of this one alone.

mod contract;
mod corruption;
mod crash;
mod folder;
mod group;
mod model;
mod open;
mod two_handles;
