//! Every test, and what the end-to-end tests need beyond Rust.

use std::path::Path;

use anyhow::Result;
use xshell::cmd;

use crate::languages::{nginx, node_packages, python, schemathesis};
use crate::workspace::{self, answers};

/// Where the end-to-end tests read which Python to start.
const PYTHON_VARIABLE: &str = "BREAKGLASS_E2E_PYTHON";

/// Where they read which nginx to start.
const NGINX_VARIABLE: &str = "BREAKGLASS_E2E_NGINX";

/// Where they read which checker of OpenAPI documents to start.
pub(crate) const SCHEMATHESIS_VARIABLE: &str = "BREAKGLASS_E2E_SCHEMATHESIS";

/// Builds the binary that the end-to-end tests start, and runs every test.
pub(crate) fn run(root: &Path) -> Result<()> {
    let shell = workspace::shell(root)?;
    let python = python(&shell, root)?;
    node_packages(&shell, root, &python)?;
    let nginx = nginx(&shell, root)?;
    let schemathesis = schemathesis(&shell, root)?;
    let _schemathesis = shell.push_env(SCHEMATHESIS_VARIABLE, schemathesis);
    let _python = shell.push_env(PYTHON_VARIABLE, python);
    let _nginx = shell.push_env(NGINX_VARIABLE, nginx);
    cmd!(
        shell,
        "cargo build --quiet --locked --package breakglass-cli --bin breakglass"
    )
    .run()?;
    if answers(&shell, "cargo-nextest") {
        cmd!(shell, "cargo nextest run --locked --workspace").run()?;
    } else {
        cmd!(shell, "cargo test --locked --workspace --all-targets").run()?;
    }
    // Neither of them runs the examples in the documentation.
    cmd!(shell, "cargo test --quiet --locked --workspace --doc").run()?;
    Ok(())
}
