//! Where a command is carried out.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::DataArgs;
use crate::settings::PublicUrl;

/// Where a command is carried out: by a server, or on the data folder itself.
///
/// Credentials stand in the environment (`BREAKGLASS_TOKEN`, or `BREAKGLASS_USERNAME` and `BREAKGLASS_PASSWORD`) or in a
/// file.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectArgs {
    /// The server to ask
    #[arg(
        long,
        value_name = "URL",
        env = "BREAKGLASS_SERVER",
        default_value = "http://127.0.0.1:8730"
    )]
    pub(crate) server: PublicUrl,
    /// Work on the data folder itself, without a server or beside a running one
    #[arg(long)]
    pub(crate) local: bool,
    /// A file with `token`, or with `username` and `password` (TOML), that is not everybody's
    #[arg(long, value_name = "FILE", env = "BREAKGLASS_CREDENTIALS_FILE")]
    pub(crate) credentials_file: Option<PathBuf>,
    /// The key that the token is bound to, PEM; proofs of it go with each request
    #[arg(long, value_name = "FILE", env = "BREAKGLASS_DPOP_KEY")]
    pub(crate) dpop_key: Option<PathBuf>,
    /// Trust these certificates (PEM) instead of the system's
    #[arg(long, value_name = "FILE", env = "BREAKGLASS_CA_CERT")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Send credentials over plain HTTP to another machine
    #[arg(long)]
    pub(crate) allow_plaintext: bool,
    /// The data, for `--local`.
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

/// How an answer is printed.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct OutputArgs {
    /// How to print the answer
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Output,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Output {
    /// The contract's own object, as the server sent it
    Json,
    /// For people
    Table,
}
