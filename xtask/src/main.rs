//! The tasks of this workspace: `cargo xtask --help` lists them.

mod codegen;
mod markdown;
mod workspace;

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
    /// Generate what is made from the contracts.
    Codegen {
        /// One generator instead of all.
        name: Option<String>,
        /// Compare only, and fail when a file is not up to date.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> Result<()> {
    let root = workspace::root()?;
    match Arguments::parse().task {
        Task::Codegen { name, check } => {
            let mode = if check { Mode::Check } else { Mode::Write };
            codegen::run(&root, name.as_deref(), mode)
        }
    }
}
