//! Wire types and the operation table, generated from the contracts.
