//! Commands on tokens.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConnectArgs, OutputArgs};
use crate::settings::PublicUrl;

/// Commands on tokens.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Show what stands in a token, without verifying any of it
    Inspect {
        /// The token.
        #[command(flatten)]
        token: TokenArgs,
    },
    /// Verify the signature and the times of a token and, unless offline, its recall
    ///
    /// The issuer is the one that is named, or the server's issuer that the token claims. It needs no credentials.
    Verify {
        /// The token.
        #[command(flatten)]
        token: TokenArgs,
        /// The issuer that must have signed it: its keys and status list are fetched
        #[arg(long, value_name = "URL", conflicts_with = "local")]
        issuer: Option<PublicUrl>,
        /// Verify offline with the keys in this file (a JWK set); the recall is then not checked, and the verdict says so
        #[arg(long, value_name = "FILE", conflicts_with = "local")]
        jwks: Option<PathBuf>,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to ask.
        #[command(flatten)]
        connect: Box<ConnectArgs>,
    },
}

/// Which token.
#[derive(Args, Clone)]
#[group(required = true, multiple = false)]
pub(crate) struct TokenArgs {
    /// The token, or - to read it from standard input
    #[arg(value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// A file that holds it
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

impl std::fmt::Debug for TokenArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenArgs")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}
