//! Commands on accounts and on the program itself.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ConnectArgs;

/// Commands on local accounts.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Set the password of a local account, and end its sessions
    ///
    /// Without a file the password is asked for, or is the first line of standard input.
    SetPassword {
        /// The account
        #[arg(long, default_value = "admin")]
        username: String,
        /// The new password: the first line of a file
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Where to do it.
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

/// Where the manual pages go.
#[derive(Args, Clone, Debug)]
pub(crate) struct ManArgs {
    /// Write a page per command into this folder; otherwise the first page goes to standard output
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
