//! The API from outside: a request goes in, an answer comes out. Files mirror the paths.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is test code: a failure here is the failure of the test that uses it"
)]

mod acs;
mod admission;
mod breakglass;
mod coverage;
mod cross_realm;
mod errors;
mod esx;
mod logs;
mod overflow;
mod samples;
mod stack;
mod suite_api;
mod support;
mod vcenter;
