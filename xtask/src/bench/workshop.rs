//! What every part needs: the built programs, a folder, and what is told about the machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use xshell::{Shell, cmd};

use crate::bench::arguments::Arguments;
use crate::bench::load::Load;
use crate::bench::process::{self, Process};
use crate::bench::record::Part;
use crate::bench::stage::Stage;
use crate::release;
use crate::workspace::{self, say};

/// The programs of this tree, built with optimisation, and room for their data.
#[derive(Debug)]
pub(super) struct Workshop<'a> {
    root: &'a Path,
    pub(super) arguments: &'a Arguments,
    pub(super) shell: Shell,
    server: PathBuf,
    hello: PathBuf,
    folder: TempDir,
}

impl<'a> Workshop<'a> {
    /// Builds them.
    pub(super) fn open(root: &'a Path, arguments: &'a Arguments) -> Result<Self> {
        let shell = workspace::shell(root)?;
        say("building with optimisation; the first time takes minutes");
        let build =
            |what: [&str; 4]| cmd!(shell, "cargo build --quiet --locked --release {what...}").run();
        let release = workspace::target(root)?.join("release");
        let server = if arguments.guided {
            release::guided(root)?
        } else {
            build(["--package", "breakglass-cli", "--bin", "breakglass"])?;
            release.join("breakglass")
        };
        build(["--package", "breakglass-e2e", "--example", "hello"])?;
        Ok(Self {
            root,
            arguments,
            shell,
            server,
            hello: release.join("examples").join("hello"),
            folder: tempfile::tempdir().context("failed to make a temporary folder")?,
        })
    }

    /// The folder of the tree.
    pub(super) fn root(&self) -> &Path {
        self.root
    }

    /// The server.
    pub(super) fn binary(&self) -> PathBuf {
        self.server.clone()
    }

    /// The server that does nothing, started.
    pub(super) fn hello(&self) -> Result<Process> {
        Process::start(&self.hello, &[])
    }

    /// A new folder.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.path().join(name);
        std::fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// A server in a new folder.
    pub(super) fn stage(&self, name: &str) -> Result<Stage> {
        Stage::set(&self.binary(), &self.folder(name)?)
    }

    /// Of what is asked of a stage, what is to be measured.
    pub(super) fn loads(&self, stage: &Stage) -> Result<Vec<Load>> {
        let mut loads = stage.loads()?;
        loads.retain(|load| self.arguments.wants(&load.name));
        ensure!(!loads.is_empty(), "no operation is called like that");
        Ok(loads)
    }

    /// What was measured, with when and where.
    pub(super) fn part<T>(&self, figures: T) -> Result<Part<T>> {
        let shell = &self.shell;
        let words: Vec<String> = std::env::args().skip(1).collect();
        Ok(Part {
            command: format!("cargo xtask {}", words.join(" ")),
            ran: cmd!(shell, "date --utc +%Y-%m-%dT%H:%M:%SZ")
                .quiet()
                .read()?,
            machine: format!("{}; {}", machine()?, process::describe_pinning()),
            versions: self.versions()?,
            figures,
        })
    }

    fn versions(&self) -> Result<String> {
        let shell = &self.shell;
        let commit = cmd!(shell, "git describe --always --dirty=+")
            .quiet()
            .read();
        let compiler = cmd!(shell, "rustc --version").quiet().read()?;
        // It tells its version together with how it is used, and calls that a failure.
        let wrk = cmd!(shell, "wrk --version")
            .quiet()
            .ignore_status()
            .read()?;
        let wrk = wrk.split(['[', '\n']).next().unwrap_or_default().trim();
        let commit = commit.unwrap_or_else(|_| "unknown".to_owned());
        let guided = if self.arguments.guided {
            ", guided"
        } else {
            ""
        };
        Ok(format!("breakglass {commit}{guided}, {compiler}, {wrk}"))
    }
}

fn machine() -> Result<String> {
    let cpus = std::fs::read_to_string("/proc/cpuinfo")?;
    let mut models = cpus
        .lines()
        .filter_map(|line| line.strip_prefix("model name"));
    let model = models.next_back().unwrap_or("unknown processor");
    let cores = cpus
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    Ok(format!(
        "{cores} cores of {}, Linux {}",
        model.trim_start_matches(['\t', ' ', ':']),
        kernel.trim()
    ))
}
