//! The audit.
//!
//! The head of the chain is read in the transaction that adds to it and kept nowhere else: another process may have added
//! records since, and a unit of the same group may have been undone.

mod read;
mod row;
mod write;

pub(crate) use row::head;
pub(crate) use write::chain;
