//! What `cargo xtask codegen` makes from the contracts. Only this file is written by hand.

pub mod breakglass;
pub mod broker;
pub mod esx;
pub mod fleet_iam;
pub(crate) mod operations;
mod shapes;
pub mod vcenter;
