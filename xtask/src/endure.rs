//! The long runs that show what the server endures, and the files of what they found.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use xshell::{Shell, cmd};

use crate::codegen::Mode;
use crate::measured::Measured;
use crate::reliability;
use crate::workspace::{self, say};

/// Where the tests read which binary to start.
const BINARY_VARIABLE: &str = "BREAKGLASS_E2E_BIN";

/// Where they read to which file they append what they found.
const FINDINGS_VARIABLE: &str = "BREAKGLASS_ENDURE_FINDINGS";

/// What to let the server endure.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Part {
    /// Kills at random moments.
    Crashes,
    /// Full, read-only, slow and damaged disks.
    Disk,
    /// A clock that jumps.
    Clock,
    /// Idle connections, slow senders, floods.
    Load,
    /// Copies that are made under load and put back.
    Backup,
    /// One after the other.
    All,
}

/// The arguments of `endure`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to endure.
    part: Part,
    /// How often the server is killed.
    #[arg(long, default_value_t = 200)]
    rounds: u32,
    /// Take the binary as it is released, which takes minutes to build.
    #[arg(long)]
    release: bool,
}

/// A long run.
struct Run {
    part: Part,
    name: &'static str,
    title: &'static str,
    /// The targets of the end-to-end tests.
    tests: &'static [&'static str],
}

const RUNS: [Run; 5] = [
    Run {
        part: Part::Crashes,
        name: "crashes",
        title: "Crashes",
        tests: &["crash"],
    },
    Run {
        part: Part::Disk,
        name: "disk",
        title: "The disk",
        tests: &["disk"],
    },
    Run {
        part: Part::Clock,
        name: "clock",
        title: "The clock",
        tests: &["clock"],
    },
    Run {
        part: Part::Load,
        name: "load",
        title: "Load",
        tests: &["load"],
    },
    Run {
        part: Part::Backup,
        name: "backup",
        title: "Copies",
        tests: &["backup"],
    },
];

/// Does the long runs, writes what they found to `docs/measured`, and the page that is made of it.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    let shell = workspace::shell(root)?;
    let (profile, folder) = if arguments.release {
        ("release", "release")
    } else {
        ("dev", "debug")
    };
    cmd!(
        shell,
        "cargo build --quiet --locked --profile {profile} --package breakglass-cli --bin breakglass"
    )
    .run()?;
    let binary = workspace::target(root)?.join(folder).join("breakglass");
    let _binary = shell.push_env(BINARY_VARIABLE, binary);
    for run in RUNS {
        if arguments.part == Part::All || arguments.part == run.part {
            endure(&shell, root, &run, arguments)?;
        }
    }
    reliability::generate(root, Mode::Write)
}

/// The command line of a run.
fn told(run: &Run, arguments: &Arguments) -> String {
    let rounds = match run.part {
        Part::Crashes => format!(" --rounds {}", arguments.rounds),
        _ => String::new(),
    };
    let release = if arguments.release { " --release" } else { "" };
    format!("cargo xtask endure {}{rounds}{release}", run.name)
}

fn endure(shell: &Shell, root: &Path, run: &Run, arguments: &Arguments) -> Result<()> {
    say(&format!("== {}", run.name));
    let mut measured = Measured::begin(shell, (run.name, run.title), told(run, arguments))?;
    let folder = tempfile::tempdir()?;
    let findings = folder.path().join("findings");
    let _findings = shell.push_env(FINDINGS_VARIABLE, &findings);
    let rounds = arguments.rounds.to_string();
    let _rounds = shell.push_env("BREAKGLASS_ENDURE_ROUNDS", &rounds);
    let _long = shell.push_env("BREAKGLASS_ENDURE_LONG", "1");
    for test in run.tests {
        // Not nextest, which gives up on what takes minutes; one after the other, for each needs the machine; and with as many
        // open files as this system allows, for thousands of connections.
        let line = format!(
            "ulimit -n $(ulimit -Hn) && exec cargo test --quiet --locked --package breakglass-e2e --test {test} -- --test-threads 1 --nocapture"
        );
        cmd!(shell, "sh -c {line}").run()?;
    }
    let text = std::fs::read_to_string(&findings).context("the run told nothing")?;
    for line in text.lines() {
        measured.rows.push(serde_json::from_str(line)?);
    }
    ensure!(!measured.rows.is_empty(), "the run told nothing");
    measured.write(root)
}
