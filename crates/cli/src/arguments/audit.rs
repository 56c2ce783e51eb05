//! Commands on the audit.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::{ConnectArgs, OutputArgs};

/// Commands on the audit.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Sign the head of the audit as it stands, to be kept elsewhere
    Checkpoint {
        /// Append it to this file
        #[arg(long, value_name = "FILE")]
        append: Option<PathBuf>,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to do it.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Write every record, a JSON object per line
    Export {
        /// The file to write, which must not exist; standard output when absent
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Only records after this sequence number
        #[arg(long, value_name = "SEQUENCE", default_value_t = 0)]
        after: u64,
        /// Where to ask.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// List records, the newest first
    List {
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// Only records beyond this sequence number, in the direction of the order
        #[arg(long, value_name = "SEQUENCE")]
        after: Option<u64>,
        /// Only records of this action, such as `emergency_client.created`
        #[arg(long)]
        action: Option<String>,
        /// Only records of this realm, by its id or the tenant of its broker
        #[arg(long)]
        realm: Option<String>,
        /// In which order
        #[arg(long, default_value = "descending")]
        order: AuditOrder,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to ask.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Check every record, and name the first that was changed, removed, inserted or moved
    Verify {
        /// A checkpoint that was kept elsewhere, or a file whose last line is one: shows a cut end
        #[arg(long, value_name = "CHECKPOINT")]
        checkpoint: Option<String>,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to ask.
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

/// In which order records are listed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum AuditOrder {
    /// The oldest first
    Ascending,
    /// The newest first
    Descending,
}

impl AuditOrder {
    /// The contract's word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "ASCENDING",
            Self::Descending => "DESCENDING",
        }
    }
}
