//! Commands on the secrets of API clients and OAuth apps.

use breakglass_domain::Minutes;
use clap::Subcommand;

use super::emergency_client::RealmArgs;
use super::{ConnectArgs, IssueArgs, PlaceArgs};
use crate::lifetime;

/// Commands on the secrets of clients.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ClientSecretCommand {
    /// Make a secret for a client, shown this once; the old ones die at once, or after an overlap
    Create {
        /// The `client_id` of the API client or the OAuth app
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        client_id: String,
        /// How long the old secrets stay valid: minutes, or with a unit (7d, 12h, 45m), up to 7 days [default: not at all]
        #[arg(long, value_name = "TTL", value_parser = lifetime::parse_minutes)]
        overlap: Option<Minutes>,
        /// The realm.
        #[command(flatten)]
        realm: RealmArgs,
        /// How to hand over the secret.
        #[command(flatten)]
        issue: IssueArgs,
        /// Where to do it.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Delete a secret; its access tokens die at once
    Delete {
        /// The id of the secret
        #[arg(value_name = "ID")]
        id: String,
        /// The `client_id` of the API client or the OAuth app
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        client_id: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// List the secrets of a client that are alive
    List {
        /// The `client_id` of the API client or the OAuth app
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        client_id: String,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
}

impl ClientSecretCommand {
    /// Where it is carried out, and in which realm.
    pub(crate) fn place(&self) -> (&ConnectArgs, &RealmArgs) {
        match self {
            Self::Create { connect, realm, .. } => (connect, realm),
            Self::Delete { place, .. } | Self::List { place, .. } => (&place.connect, &place.realm),
        }
    }
}
