//! What must hold of each reader of outside bytes, whatever the bytes are.
//!
//! Each module has one function `check`, which panics when something does not hold. The fuzz targets in `targets/` call them with
//! what libFuzzer makes up; the tests of this crate call them with the saved corpus, so that nothing that was found once comes
//! back. To add a reader, write its module, name it in [`TARGETS`], add a file of its name to `targets/fuzz_targets/`, and give it
//! a corpus: the tests say what is missing.

#![expect(
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a panic is how something is found here"
)]

pub mod access_token;
pub mod authorization;
pub mod dpop_proof;
pub mod foreign_token;
pub mod form;
pub mod json_body;
pub mod key_set;
pub mod pem_chain;
pub mod rpc;
pub mod search;
pub mod status_list;

mod keys;
mod tamper;

/// A reader, and what must hold of it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name of its module, of its fuzz target and of the folder of its corpus.
    pub name: &'static str,
    /// Panics when something does not hold.
    pub check: fn(&[u8]),
}

/// Every reader.
pub const TARGETS: &[Target] = &[
    target("access_token", access_token::check),
    target("authorization", authorization::check),
    target("dpop_proof", dpop_proof::check),
    target("foreign_token", foreign_token::check),
    target("form", form::check),
    target("json_body", json_body::check),
    target("key_set", key_set::check),
    target("pem_chain", pem_chain::check),
    target("rpc", rpc::check),
    target("search", search::check),
    target("status_list", status_list::check),
];

const fn target(name: &'static str, check: fn(&[u8])) -> Target {
    Target { name, check }
}
