//! The reference pages.

use anyhow::Result;

use super::Output;
use super::contract::Contract;

pub(crate) fn generate(_: &[Contract]) -> Result<Vec<Output>> {
    Ok(Vec::new())
}
