//! Commands on the public keys of API clients and OAuth apps.

use std::path::PathBuf;

use clap::Subcommand;

use super::PlaceArgs;

/// Commands on the public keys of clients.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ClientKeyCommand {
    /// List the public keys of a client
    List {
        /// The `client_id` of the API client or the OAuth app
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        client_id: String,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Replace the public keys of a client; the access tokens of those that are gone die at once
    Set {
        /// The `client_id` of the API client or the OAuth app
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        client_id: String,
        /// A file with the keys, as a JWK set
        #[arg(long, value_name = "FILE")]
        jwks: PathBuf,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
}

impl ClientKeyCommand {
    /// Where and how it is carried out.
    pub(crate) fn place(&self) -> &PlaceArgs {
        match self {
            Self::List { place, .. } | Self::Set { place, .. } => place,
        }
    }
}
