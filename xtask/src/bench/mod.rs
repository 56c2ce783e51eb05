//! How fast the server is, in shares of the least that an HTTP answer costs on the same machine in the same run.
//!
//! Server and load have a core each where there are two. Every server is loaded in turn, round after round, so that a
//! machine that slows down slows them all; a figure is the median of the rounds.

mod decisions;
mod http;
mod load;
mod overflow;
mod process;
mod report;
mod run;
mod stage;

pub(crate) use run::{Arguments, run};
