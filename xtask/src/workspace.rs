//! What every task needs of the workspace and of the machine.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use cargo_metadata::MetadataCommand;
use xshell::{Shell, cmd};

/// The folder of the workspace manifest.
pub(crate) fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    Ok(root.context("xtask stands outside a workspace")?.to_owned())
}

/// The folder that cargo builds into.
pub(crate) fn target(root: &Path) -> Result<PathBuf> {
    let mut command = MetadataCommand::new();
    let metadata = command.current_dir(root).no_deps().exec()?;
    Ok(metadata.target_directory.into())
}

/// A shell that stands in the workspace.
pub(crate) fn shell(root: &Path) -> Result<Shell> {
    let shell = Shell::new()?;
    shell.change_dir(root);
    Ok(shell)
}

/// Fails with what to install when Python 3 is not there.
pub(crate) fn require_python(shell: &Shell) -> Result<()> {
    if answers(shell, "python3") {
        return Ok(());
    }
    bail!(
        "Python 3 is needed and `python3` does not start: \
         install it (Debian and Ubuntu: `apt install python3 python3-venv`)"
    )
}

/// Whether a program is installed and tells its version.
pub(crate) fn answers(shell: &Shell, program: &str) -> bool {
    cmd!(shell, "{program} --version")
        .quiet()
        .ignore_stderr()
        .read()
        .is_ok()
}

/// Tells the person at the terminal.
#[expect(
    clippy::print_stderr,
    reason = "the tasks speak to a person, beside the output of the commands that they run"
)]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// An installed program of cargo, or one that is installed among what cargo builds.
pub(crate) fn tool(shell: &Shell, root: &Path, name: &str, version: &str) -> Result<OsString> {
    if answers(shell, name) {
        return Ok(name.into());
    }
    let tools = target(root)?.join("tools");
    let program = tools.join("bin").join(name);
    if !program.exists() {
        say(&format!(
            "{name} is not installed: building it into the target folder, once, in some minutes"
        ));
        cmd!(
            shell,
            "cargo install {name} --quiet --locked --version {version} --root {tools}"
        )
        .run()
        .with_context(|| format!("{name} is needed and could not be installed"))?;
    }
    Ok(program.into())
}
