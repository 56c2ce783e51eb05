//! Generated files: each generator gives texts, and one function compares or writes them.

mod contract;
mod generators;
mod names;
mod operations;
mod output;
mod queries;
mod reference;
mod schema;
mod shapes;
mod types;

pub(crate) use generators::run;
pub(crate) use output::{Mode, Output, ensure_contents};
