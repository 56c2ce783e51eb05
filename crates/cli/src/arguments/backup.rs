//! Commands on copies of the store.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{DataArgs, OutputArgs};

/// Commands on copies of the store.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum BackupCommand {
    /// Copy the store into a file, with a server running or without one
    ///
    /// The copy is consistent and whole, and holds the master key not at all: keep that apart from it.
    Create {
        /// The file to write, which must not exist
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// The data folder.
        #[command(flatten)]
        data: DataArgs,
    },
    /// Check every byte of a copy, and every record of the audit in it, and tell what it holds
    ///
    /// It takes the master key and nothing else of the data folder.
    Verify {
        /// The copy
        file: PathBuf,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where the master key is.
        #[command(flatten)]
        data: DataArgs,
    },
}

/// What to put back.
#[derive(Args, Clone, Debug)]
pub(crate) struct RestoreArgs {
    /// The copy
    pub(crate) file: PathBuf,
    /// Put it in the place of the store that is there, which is kept under another name
    #[arg(long)]
    pub(crate) replace: bool,
    /// What is to count where nobody knows what was recalled since the copy was made
    #[arg(long, value_name = "CHOICE")]
    pub(crate) recalls_lost: Option<RecallsLost>,
    /// The data folder.
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

/// What is to count where the record of recalls is lost.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum RecallsLost {
    /// What lives in the copy lives on, even what was recalled since
    Accept,
    /// Every token, session, credential and password ends, live ones too, and so does the trust in every other issuer
    EndEverything,
}
