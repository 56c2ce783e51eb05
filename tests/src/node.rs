//! Clients in JavaScript.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::python::interpreter;

/// Runs a script of `tests/node` to its end. A script fails by an assertion of its own.
pub fn node<S: AsRef<OsStr>>(script: &str, words: impl IntoIterator<Item = S>) {
    // Node.js is one of the packages of the Python environment, and what it uses stands beside that.
    let programs = interpreter();
    let programs = programs.parent().expect("an interpreter is in a folder");
    let target = programs.ancestors().nth(2).expect("a target folder");
    let output = Command::new(programs.join("node"))
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("node")
                .join(script),
        )
        .args(words)
        .env("BREAKGLASS_E2E_NODE", target.join("e2e-node"))
        .output()
        .expect("Node.js starts");
    assert!(
        output.status.success(),
        "{script} failed\n--- stdout\n{}\n--- stderr\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
