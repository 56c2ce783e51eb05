//! The rules of this workspace that no other tool knows.
//!
//! Each check takes plain data and gives its findings as text, so that its tests can show that it can fail.

mod arrows;
mod evidence;
mod files;
mod graph;
mod links;
mod manifests;
mod packages;
mod run;

pub(crate) use run::run;
