//! Where the workspace stands.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folder of the workspace manifest.
pub(crate) fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    Ok(root.context("xtask stands outside a workspace")?.to_owned())
}
