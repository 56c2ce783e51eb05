//! The tasks of this workspace: `cargo xtask --help` lists them.

mod bench;
mod ci;
mod codegen;
mod endure;
mod fuzz;
mod languages;
mod lint;
mod markdown;
mod measured;
mod mutants;
mod release;
mod reliability;
mod supply;
mod test;
mod tidy;
mod workspace;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use codegen::Mode;

/// The tasks of this workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Look for known weaknesses of the packages that are used; needs the advisory database.
    Audit,
    /// Measure the server in shares of a bare answer of the same run.
    Bench(bench::Arguments),
    /// Do all that decides whether a change may go in, and stop at the first failure.
    Ci,
    /// Generate what is made from the contracts and the migrations.
    Codegen {
        /// One generator instead of all.
        name: Option<String>,
        /// Compare only, and fail when a file is not up to date.
        #[arg(long)]
        check: bool,
    },
    /// Let the server endure kills, faulty disks, jumps of the clock and floods, at length; takes minutes.
    Endure(endure::Arguments),
    /// Feed the readers of outside bytes what libFuzzer makes up, and keep what it found; takes minutes for each.
    Fuzz(fuzz::Arguments),
    /// Check the format, the lints, the documentation and the licences and origin of what we depend on.
    Lint,
    /// Leave out each rule of the pairing of tokens in turn, and see that a test fails; takes minutes.
    Mutants,
    /// Build the program that is released, guided by what it does under the load of the bench; takes minutes.
    Release,
    /// Build the release twice in different folders, and compare the bytes; takes minutes.
    Repeat {
        /// The folder with the counts that guided the release; without it, what `cargo build --release` takes is built.
        #[arg(long, value_name = "FOLDER")]
        counts: Option<PathBuf>,
    },
    /// Write what the program is built from (`CycloneDX`) to the target folder.
    Sbom,
    /// Run every test, and prepare what the end-to-end tests need.
    Test,
    /// Check the rules of this workspace that no other tool knows.
    Tidy,
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line for each cause, without the backtrace that is of no use here.
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            workspace::say(&format!("error: {}", causes.join("\n  because: ")));
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    let root = workspace::root()?;
    match task {
        Task::Audit => supply::audit(&root),
        Task::Bench(arguments) => bench::run(&root, &arguments),
        Task::Ci => ci::run(&root),
        Task::Codegen { name, check } => {
            let mode = if check { Mode::Check } else { Mode::Write };
            codegen::run(&root, name.as_deref(), mode)
        }
        Task::Endure(arguments) => endure::run(&root, &arguments),
        Task::Fuzz(arguments) => fuzz::run(&root, &arguments),
        Task::Lint => lint::run(&root),
        Task::Mutants => mutants::run(&root),
        Task::Release => release::run(&root),
        Task::Repeat { counts } => supply::repeat(&root, counts.as_deref()),
        Task::Sbom => supply::bill_of_materials(&root),
        Task::Test => test::run(&root),
        Task::Tidy => tidy::run(&root),
    }
}
