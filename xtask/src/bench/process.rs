//! Servers under load, each on the core it was given.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::bench::usage::Usage;

/// What stands before the URL on the last line that a server prints before it serves.
const ANNOUNCEMENT: &str = " answers at ";

/// How long a server of others may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// The cores of the server and of the load.
#[derive(Clone, Copy, Debug)]
pub(super) enum Core {
    /// The core of the server.
    Server,
    /// The core of the load.
    Load,
}

impl Core {
    fn number(self) -> &'static str {
        match self {
            Self::Server => "0",
            Self::Load => "1",
        }
    }
}

/// A command that stays on its core where that can be had.
pub(super) fn pinned(core: Core, program: impl AsRef<std::ffi::OsStr>) -> Command {
    if !can_pin() {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", core.number()]).arg(program);
    command
}

/// What to tell beside the figures about who ran where.
pub(super) fn describe_pinning() -> String {
    if can_pin() {
        "server on core 0, load on core 1".to_owned()
    } else {
        "server and load share cores, since there is one core only or no `taskset`: the shares are rough".to_owned()
    }
}

fn can_pin() -> bool {
    let cores = available_parallelism().map_or(1, usize::from);
    cores > 1 && starts("taskset")
}

/// Whether a program is installed.
pub(super) fn starts(program: &str) -> bool {
    let quiet = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok()
}

/// A server that is ended when it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    url: String,
}

impl Process {
    /// Starts a server and waits until it says where it answers.
    pub(super) fn start(program: &Path, words: &[&str]) -> Result<Self> {
        let mut command = pinned(Core::Server, program);
        command.args(words);
        Self::spawn(command)
    }

    /// The same with a command that starts the server.
    pub(super) fn spawn(mut command: Command) -> Result<Self> {
        let program = format!("{command:?}");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("failed to start {program}"))?;
        let output = child.stdout.take().context("its output is a pipe")?;
        let mut process = Self {
            child,
            url: String::new(),
        };
        for line in BufReader::new(output).lines() {
            if let Some((_, url)) = line?.split_once(ANNOUNCEMENT) {
                url.clone_into(&mut process.url);
                return Ok(process);
            }
        }
        bail!("{program} ended before it served")
    }

    /// Starts a server that does not say where it answers, and waits until somebody does there.
    pub(super) fn at(mut command: Command, url: String) -> Result<Self> {
        let program = format!("{command:?}");
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("failed to start {program}"))?;
        let mut process = Self { child, url };
        let host = process.url.trim_start_matches("http://").to_owned();
        let started = Instant::now();
        while TcpStream::connect(&host).is_err() {
            let ended = process.child.try_wait()?;
            ensure!(ended.is_none(), "{program} ended before it served");
            ensure!(started.elapsed() < PATIENCE, "{program} does not answer");
            std::thread::yield_now();
        }
        Ok(process)
    }

    /// Where it answers.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Its number.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has used of the machine so far. `taskset` has become the server, so its number is that of the server.
    pub(super) fn usage(&self) -> Result<Usage> {
        Usage::of(self.child.id())
    }

    /// Asks it to end, and waits until it has.
    pub(super) fn end(&mut self) -> Result<()> {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()?;
        ensure!(asked.success(), "the server could not be asked to end");
        let ended = self.child.wait()?;
        ensure!(ended.success(), "the server did not end well: {ended}");
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
