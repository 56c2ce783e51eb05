//! Clients in another language.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the Python of a virtual environment that holds `tests/requirements.txt`.
const PYTHON_VARIABLE: &str = "BREAKGLASS_E2E_PYTHON";

/// Runs a script of `tests/python` to its end, and gives what it printed. A script fails by an assertion of its own.
pub fn python<S: AsRef<OsStr>>(
    script: &str,
    environment: &[(&str, &str)],
    words: impl IntoIterator<Item = S>,
) -> String {
    let output = Command::new(interpreter())
        // No folder of compiled modules beside the scripts.
        .arg("-B")
        .arg(path_of(script))
        .args(words)
        .envs(environment.iter().copied())
        .output()
        .expect("Python starts");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{script} failed\n--- stdout\n{stdout}\n--- stderr\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    stdout
}

/// The beginning of a shell command that runs a script of `tests/python`.
pub fn python_command(script: &str) -> String {
    format!(
        "'{}' -B '{}'",
        interpreter().display(),
        path_of(script).display()
    )
}

fn path_of(script: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("python")
        .join(script)
}

pub(crate) fn interpreter() -> PathBuf {
    let path = std::env::var_os(PYTHON_VARIABLE).map_or_else(default_interpreter, PathBuf::from);
    assert!(
        path.is_file(),
        "{} is not there; `cargo xtask test` prepares the Python environment of these tests, then runs them",
        path.display()
    );
    path
}

/// Where `cargo xtask test` makes the environment.
fn default_interpreter() -> PathBuf {
    target().join("e2e-venv").join("bin").join("python")
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    let this_test = std::env::current_exe().expect("a test knows its own path");
    // A test stands in target/<profile>/deps.
    let target = this_test.ancestors().nth(3);
    target.expect("a target folder").to_owned()
}
