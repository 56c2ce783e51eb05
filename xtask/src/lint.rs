//! The checks that other tools make: format, lints, documentation, dependencies.

use std::path::Path;

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::workspace::{self, say};

/// The version that is installed where there is none.
const CARGO_DENY: &str = "0.20.2";

/// Runs them all.
pub(crate) fn run(root: &Path) -> Result<()> {
    let shell = workspace::shell(root)?;
    cmd!(shell, "cargo fmt --all --check").run()?;
    cmd!(
        shell,
        "cargo clippy --quiet --locked --workspace --all-targets -- -D warnings"
    )
    .run()?;
    cmd!(shell, "cargo doc --quiet --locked --workspace --no-deps")
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    dependencies(&shell, root)
}

fn dependencies(shell: &Shell, root: &Path) -> Result<()> {
    let deny = workspace::tool(shell, root, "cargo-deny", CARGO_DENY)?;
    cmd!(
        shell,
        "{deny} --log-level error check --hide-inclusion-graph bans licenses sources"
    )
    .run()?;

    // Git asks nobody for a password and gives up on a network that does not answer.
    let fetched = cmd!(shell, "{deny} --log-level error fetch db")
        .env("GIT_TERMINAL_PROMPT", "0")
        .ignore_stdout()
        .ignore_stderr()
        .run();
    if fetched.is_err() {
        say("advisories: not checked, for the advisory database could not be fetched");
        return Ok(());
    }
    cmd!(
        shell,
        "{deny} --log-level error check --disable-fetch advisories"
    )
    .run()?;
    Ok(())
}
