//! Mutation tests: each rule of the modules that decide whose rights are whose is left out in turn, and a test has to notice.

use std::path::Path;

use anyhow::Result;
use xshell::cmd;

use crate::workspace::{self, say};

/// The version that is installed where there is none.
const CARGO_MUTANTS: &str = "27.1.0";

/// The modules.
const MODULES: [&str; 3] = [
    "crates/domain/src/foreign_token.rs",
    "crates/domain/src/overflow.rs",
    "crates/domain/src/registered_token.rs",
];

/// Runs them, on a copy of the tree.
pub(crate) fn run(root: &Path) -> Result<()> {
    let shell = workspace::shell(root)?;
    let mutants = workspace::tool(&shell, root, "cargo-mutants", CARGO_MUTANTS)?;
    let output = workspace::target(root)?.join("mutants");
    shell.create_dir(&output)?;
    let files = MODULES.iter().flat_map(|module| ["--file", module]);
    say("each mutant takes some seconds");
    cmd!(
        shell,
        "{mutants} mutants --package breakglass-domain {files...} --output {output} --no-shuffle -- --lib"
    )
    .run()?;
    Ok(())
}
