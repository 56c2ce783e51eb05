//! Every test, and what the end-to-end tests need beyond Rust.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::workspace::{self, answers, require_python, say};

/// The Python packages that the end-to-end tests use.
const REQUIREMENTS: &str = "tests/requirements.txt";

/// Where the end-to-end tests read which Python to start.
const PYTHON_VARIABLE: &str = "BREAKGLASS_E2E_PYTHON";

/// Builds the binary that the end-to-end tests start, and runs every test.
pub(crate) fn run(root: &Path) -> Result<()> {
    let shell = workspace::shell(root)?;
    let python = python(&shell, root)?;
    let _environment = shell.push_env(PYTHON_VARIABLE, python);
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

/// The Python of a virtual environment that holds the required packages.
fn python(shell: &Shell, root: &Path) -> Result<PathBuf> {
    let environment = workspace::target(root)?.join("e2e-venv");
    let python = environment.join("bin").join("python");
    let stamp = environment.join("requirements.txt");
    let wanted = shell.read_file(REQUIREMENTS)?;
    // The stamp is written last, so an environment that was left half made is made again.
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
        return Ok(python);
    }

    say("installing the Python packages of the end-to-end tests into the target folder, once");
    require_python(shell)?;
    shell.remove_path(&environment)?;
    cmd!(shell, "python3 -m venv {environment}").run().context(
        "no virtual environment could be made; \
         Debian and Ubuntu keep that part of Python in the package python3-venv",
    )?;
    cmd!(
        shell,
        "{python} -m pip install --quiet --disable-pip-version-check --requirement {REQUIREMENTS}"
    )
    .run()
    .with_context(|| {
        format!("failed to install {REQUIREMENTS}; pip must reach a Python package index")
    })?;
    shell.write_file(&stamp, wanted)?;
    Ok(python)
}
