//! Commands on API clients. The flags are named after the fields of the contract.

use breakglass_domain::Minutes;
use clap::{Args, Subcommand};

use super::emergency_client::{ClientIdArgs, RealmArgs};
use super::{ConnectArgs, OutputArgs, PageArgs};
use crate::lifetime;

/// Commands on API clients.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ApiClientCommand {
    /// Make an API client; it holds no role yet, and may do nothing
    Create {
        /// The id, unique in its realm: letters, digits and - _ . @
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        client_id: String,
        /// The name for people [default: the id]
        #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
        client_name: Option<String>,
        /// What it is for
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        client_description: Option<String>,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Delete an API client with its roles, its tokens and its secrets
    Delete {
        /// Which one.
        #[command(flatten)]
        client: ClientIdArgs,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Give an API client a role, beside those that it holds
    ///
    /// A role that it holds over the same scope already ends anew.
    Grant {
        /// Which one.
        #[command(flatten)]
        client: ClientIdArgs,
        /// The name of the role
        #[arg(long, value_name = "NAME")]
        role: String,
        /// Over this instance alone, not over the whole realm; may be given several times
        #[arg(long = "instance", value_name = "ID")]
        instances: Vec<String>,
        /// End it by itself after minutes, or a time with a unit (30d, 12h, 45m)
        #[arg(long = "for", value_name = "TTL", value_parser = lifetime::parse_minutes)]
        lifetime: Option<Minutes>,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// List the API clients of a realm, with their roles
    List {
        /// Only clients whose id or name holds this text, whatever its case
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        like: Option<String>,
        /// Only clients that were given this role
        #[arg(long, value_name = "NAME")]
        role: Option<String>,
        /// Which page.
        #[command(flatten)]
        page: PageArgs,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Take a role from an API client, over whatever scope
    Revoke {
        /// Which one.
        #[command(flatten)]
        client: ClientIdArgs,
        /// The name of the role
        #[arg(
            long,
            value_name = "NAME",
            required_unless_present = "all",
            conflicts_with = "all"
        )]
        role: Option<String>,
        /// Take every role
        #[arg(long)]
        all: bool,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Show an API client, with its roles
    Show {
        /// Which one.
        #[command(flatten)]
        client: ClientIdArgs,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Change the name or the description of an API client
    Update {
        /// Which one.
        #[command(flatten)]
        client: ClientIdArgs,
        /// The new name for people; the old one stays when absent
        #[arg(
            long,
            value_name = "NAME",
            allow_hyphen_values = true,
            required_unless_present = "client_description"
        )]
        client_name: Option<String>,
        /// What it is for; what was said stays when absent
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        client_description: Option<String>,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
}

/// In which realm, where to carry it out and how to print.
#[derive(Args, Clone, Debug)]
pub(crate) struct PlaceArgs {
    /// The realm.
    #[command(flatten)]
    pub(crate) realm: RealmArgs,
    /// How to print.
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Where to do it.
    #[command(flatten)]
    pub(crate) connect: ConnectArgs,
}

impl ApiClientCommand {
    /// Where and how it is carried out.
    pub(crate) fn place(&self) -> &PlaceArgs {
        match self {
            Self::Create { place, .. }
            | Self::Delete { place, .. }
            | Self::Grant { place, .. }
            | Self::List { place, .. }
            | Self::Revoke { place, .. }
            | Self::Show { place, .. }
            | Self::Update { place, .. } => place,
        }
    }
}
