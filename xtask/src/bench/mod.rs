//! How fast the server is, in shares of the least that an HTTP answer costs on the same machine in the same run.
//!
//! Server and load have a core each where there are two. Every server is loaded in turn, round after round, so that a
//! machine that slows down slows them all; a figure is the median of the rounds. What was measured is kept in
//! `docs/measured/performance.json`, and the page and its charts are made from that and from nothing else.

mod against;
mod arguments;
mod breakdown;
mod chart;
mod curve;
mod decisions;
mod http;
mod load;
mod micro;
mod operations;
mod overflow;
mod page;
mod peers;
mod process;
mod recall;
mod record;
mod rounds;
mod run;
mod scale;
mod spread;
mod stage;
mod start;
mod tables;
mod targets;
mod training;
mod usage;
mod workshop;

pub(crate) use arguments::Arguments;
pub(crate) use page::generate;
pub(crate) use run::run;
pub(crate) use training::Training;
