//! The order of the measurements.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use xshell::{Shell, cmd};

use crate::bench::load::{Load, Measured};
use crate::bench::overflow::Pair;
use crate::bench::process::Process;
use crate::bench::report::{self, Row};
use crate::bench::stage::Stage;
use crate::bench::{load, process};
use crate::workspace::{self, say};

/// How long a measured load goes ahead unmeasured, in seconds.
const WARM_UP: u64 = 1;

/// How many API tokens there are where there are few.
const FEW: u64 = 10_000;

/// How to measure.
#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// For how many seconds each load is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How often; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// How many requests are under way at once
    #[arg(long, default_values_t = [16, 64], value_delimiter = ',')]
    concurrency: Vec<u32>,
    /// Also measure with so many API tokens in the realm, beside ten thousand of them; a million takes minutes to make
    #[arg(long, value_parser = clap::value_parser!(u64).range(10_000..))]
    tokens: Option<u64>,
    /// Also measure decisions with so many client profiles, beside ten of them
    #[arg(long, value_parser = clap::value_parser!(u64).range(10..=1000))]
    profiles: Option<u64>,
    /// Also measure tokens of a client with so many roles, beside one with a single role
    #[arg(long, value_name = "ROLES", value_parser = clap::value_parser!(u64).range(50..=4000))]
    overflow: Option<u64>,
}

/// Builds, starts, loads and reports.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    load::require()?;
    let shell = workspace::shell(root)?;
    say("building with optimisation; the first time takes minutes");
    build(&shell)?;
    let release = workspace::target(root)?.join("release");

    let folder = tempfile::tempdir().context("failed to make a temporary folder")?;
    let hello = Process::start(&release.join("examples").join("hello"), &[])?;
    let stage = Stage::set(&release.join("breakglass"), folder.path())?;
    let mut loads = vec![Load::bare("bare hyper answer", hello.url())];
    loads.extend(stage.loads());
    let mut grown = Vec::new();
    let another = |number: usize| {
        let folder = folder.path().join(format!("grown-{number}"));
        std::fs::create_dir(&folder)?;
        Stage::set(&release.join("breakglass"), &folder)
    };
    for count in arguments.profiles.iter().flat_map(|most| [10, *most]) {
        say(&format!("making {count} client profiles"));
        let stage = another(grown.len())?;
        stage.fill_profiles(count)?;
        loads.extend(stage.loads_of_decisions(count)?);
        grown.push(stage);
    }
    let pair = arguments
        .overflow
        .map(|_| Pair::set(&release.join("breakglass"), folder.path()));
    let pair = pair.transpose()?;
    if let (Some(pair), Some(most)) = (&pair, arguments.overflow) {
        for count in [1, most] {
            say(&format!("making a client with {count} roles"));
            loads.extend(pair.loads(folder.path(), count)?);
        }
    }
    for count in arguments.tokens.iter().flat_map(|most| [FEW, *most]) {
        say(&format!("making {count} API tokens"));
        let stage = another(grown.len())?;
        stage.fill(count)?;
        loads.extend(stage.loads_over(count));
        grown.push(stage);
    }

    let rows = measure(arguments, &loads)?;
    say(&process::describe_pinning());
    report::print(&rows)
}

fn build(shell: &Shell) -> Result<()> {
    let binary = ["--package", "breakglass-cli", "--bin", "breakglass"];
    let hello = ["--package", "breakglass-e2e", "--example", "hello"];
    for what in [binary, hello] {
        cmd!(shell, "cargo build --quiet --locked --release {what...}").run()?;
    }
    Ok(())
}

/// Each load at each concurrency, the whole list round after round.
fn measure(arguments: &Arguments, loads: &[Load]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for concurrency in &arguments.concurrency {
        let mut rounds: Vec<Vec<Measured>> = vec![Vec::new(); loads.len()];
        for round in 1..=arguments.rounds {
            for (load, measured) in loads.iter().zip(&mut rounds) {
                say(&format!(
                    "round {round}: {}, concurrency {concurrency}",
                    load.name
                ));
                load.run(*concurrency, Duration::from_secs(WARM_UP))?;
                measured.push(load.run(*concurrency, Duration::from_secs(arguments.seconds))?);
            }
        }
        let named = loads.iter().map(|load| load.name.as_str()).zip(rounds);
        rows.extend(named.filter_map(|(name, rounds)| Row::new(name, *concurrency, rounds)));
    }
    Ok(rows)
}
