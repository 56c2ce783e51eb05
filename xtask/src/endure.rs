//! The long runs that show what the server endures, and the files of what they found.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde_json::{Value, json};
use xshell::{Shell, cmd};

use crate::codegen::Mode;
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

const RUNS: [Run; 4] = [
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

fn endure(shell: &Shell, root: &Path, run: &Run, arguments: &Arguments) -> Result<()> {
    say(&format!("== {}", run.name));
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
    let rows = text.lines().map(serde_json::from_str::<Value>);
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    ensure!(!rows.is_empty(), "the run told nothing");
    let mut command = format!("cargo xtask endure {}", run.name);
    if run.part == Part::Crashes {
        command = format!("{command} --rounds {rounds}");
    }
    if arguments.release {
        command.push_str(" --release");
    }
    let document = json!({
        "part": run.name,
        "title": run.title,
        "command": command,
        "ran": now()?,
        "machine": machine(shell)?,
        "rows": rows,
    });
    let path = reliability::file(root, run.name);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let text = format!("{}\n", serde_json::to_string_pretty(&document)?);
    std::fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))
}

/// The machine of a run: how many cores of what, and the versions that matter.
fn machine(shell: &Shell) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("processor of unknown kind", |(_, model)| model);
    let kernel = cmd!(shell, "uname -sr").read()?;
    let rustc = cmd!(shell, "rustc --version").read()?;
    let rustc: Vec<&str> = rustc.split(' ').take(2).collect();
    Ok(format!(
        "{cores} cores, {model}, {kernel}, {}",
        rustc.join(" ")
    ))
}

/// The present moment as RFC 3339, in whole seconds.
#[expect(
    clippy::disallowed_methods,
    reason = "a run says when it was, and the workspace's tasks have no clock of their own"
)]
fn now() -> Result<String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(rfc3339(since.as_secs()))
}

/// Seconds since 1970 as RFC 3339: days become a date by the era of 400 years, as in Hinnant's `civil_from_days`.
fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_dates() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_637_229, "2026-11-25T20:07:09Z"),
        ] {
            assert_eq!(rfc3339(seconds), text);
        }
    }
}
