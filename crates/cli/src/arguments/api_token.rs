//! Commands on API tokens. The flags are named after the fields of the contract.

use breakglass_domain::Minutes;
use clap::Subcommand;

use super::emergency_client::RealmArgs;
use super::{ConnectArgs, IssueArgs, PageArgs, PlaceArgs};
use crate::lifetime;

/// Commands on API tokens.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ApiTokenCommand {
    /// Make an API token for an API client; it is shown this once
    Create {
        /// The id of the API client
        #[arg(
            long,
            alias = "api-client-id",
            value_name = "ID",
            allow_hyphen_values = true
        )]
        client_id: String,
        /// The name for people
        #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
        token_name: String,
        /// What it is for
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        token_description: Option<String>,
        /// How long it lives: minutes, or with a unit (30d, 12h, 45m) [default: 30 days, or less where the settings allow less]
        #[arg(long, alias = "api-token-ttl", value_name = "TTL", value_parser = lifetime::parse_minutes)]
        ttl: Option<Minutes>,
        /// How long its access tokens live, likewise [default: 30 minutes]
        #[arg(long, value_name = "TTL", value_parser = lifetime::parse_minutes)]
        access_token_ttl: Option<Minutes>,
        /// The realm.
        #[command(flatten)]
        realm: RealmArgs,
        /// How to hand over the token.
        #[command(flatten)]
        issue: IssueArgs,
        /// Where to do it.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Delete an API token; its access tokens die at once
    Delete {
        /// The id of the token
        #[arg(value_name = "ID")]
        id: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// List the API tokens of a realm, the newest first
    List {
        /// Only tokens of this API client
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        client_id: Option<String>,
        /// Only tokens whose name holds this text, whatever its case
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        like: Option<String>,
        /// Only tokens that are alive
        #[arg(long)]
        alive: bool,
        /// Which page.
        #[command(flatten)]
        page: PageArgs,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Give an API token a new secret, shown this once; the old one and its access tokens die at once
    Regenerate {
        /// The id of the token
        #[arg(value_name = "ID")]
        id: String,
        /// The realm.
        #[command(flatten)]
        realm: RealmArgs,
        /// How to hand over the token.
        #[command(flatten)]
        issue: IssueArgs,
        /// Where to do it.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Show an API token
    Show {
        /// The id of the token
        #[arg(value_name = "ID")]
        id: String,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Change the name, the description or the access token lifetime of an API token; what is absent stays
    #[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
    Update {
        /// The id of the token
        #[arg(value_name = "ID")]
        id: String,
        /// The new name for people
        #[arg(
            long,
            value_name = "NAME",
            allow_hyphen_values = true,
            group = "change"
        )]
        token_name: Option<String>,
        /// What it is for
        #[arg(
            long,
            value_name = "TEXT",
            allow_hyphen_values = true,
            group = "change"
        )]
        token_description: Option<String>,
        /// How long its access tokens live
        #[arg(long, value_name = "TTL", value_parser = lifetime::parse_minutes, group = "change")]
        access_token_ttl: Option<Minutes>,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
}

impl ApiTokenCommand {
    /// Where it is carried out, and in which realm.
    pub(crate) fn place(&self) -> (&ConnectArgs, &RealmArgs) {
        match self {
            Self::Create { connect, realm, .. } | Self::Regenerate { connect, realm, .. } => {
                (connect, realm)
            }
            Self::Delete { place, .. }
            | Self::List { place, .. }
            | Self::Show { place, .. }
            | Self::Update { place, .. } => (&place.connect, &place.realm),
        }
    }
}
