//! What a long run found, kept as a file of `docs/measured`.

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use xshell::{Shell, cmd};

use crate::workspace;

/// The folder of the files.
const FOLDER: &str = "docs/measured";

/// What one run found.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    part: &'static str,
    title: &'static str,
    command: String,
    ran: String,
    machine: String,
    /// What was looked at, and what was found.
    pub(crate) rows: Vec<Row>,
}

/// One thing that was looked at.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// What.
    pub(crate) what: String,
    /// What was found.
    pub(crate) found: String,
    /// Whether it was as it must be.
    pub(crate) held: bool,
}

impl Measured {
    /// A run of this command, which begins now.
    pub(crate) fn begin(
        shell: &Shell,
        (part, title): (&'static str, &'static str),
        command: String,
    ) -> Result<Self> {
        Ok(Self {
            part,
            title,
            command,
            ran: now(shell)?,
            machine: machine(shell)?,
            rows: Vec::new(),
        })
    }

    /// Writes the file, and says where.
    pub(crate) fn write(&self, root: &Path) -> Result<()> {
        let path = root.join(FOLDER).join(format!("{}.json", self.part));
        let shell = workspace::shell(root)?;
        shell.create_dir(FOLDER)?;
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        shell.write_file(&path, text)?;
        workspace::say(&format!("written: {}", path.display()));
        Ok(())
    }

    /// Whether everything was as it must be.
    pub(crate) fn held(&self) -> bool {
        self.rows.iter().all(|row| row.held)
    }
}

fn now(shell: &Shell) -> Result<String> {
    Ok(cmd!(shell, "date --utc +%Y-%m-%dT%H:%M:%SZ").read()?)
}

fn machine(shell: &Shell) -> Result<String> {
    let processors = std::thread::available_parallelism()?;
    let described = shell.read_file("/proc/cpuinfo").unwrap_or_default();
    let model = described
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .and_then(|rest| rest.split_once(':'))
        .map_or("unknown processor", |(_, name)| name.trim());
    let system = cmd!(shell, "uname -sr").read()?;
    let compiler = cmd!(shell, "rustc --version").read()?;
    let compiler = compiler.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let machine = format!("{processors} cores, {model}, {system}, {compiler}");
    Ok(machine)
}
