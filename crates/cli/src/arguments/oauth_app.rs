//! Commands on OAuth apps. The flags are named after the fields of the contract.

use clap::{Args, Subcommand};

use super::emergency_client::RealmArgs;
use super::{ConnectArgs, IssueArgs, PlaceArgs};

/// Commands on OAuth apps.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum OauthAppCommand {
    /// Make an OAuth app; its secret is shown this once
    Create {
        /// What it should be.
        #[command(flatten)]
        app: OauthAppArgs,
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
    /// Delete an OAuth app with its secrets and roles
    Delete {
        /// The id of the app
        #[arg(value_name = "ID")]
        id: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// List the OAuth apps of a realm
    List {
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Replace the name and the addresses of an OAuth app
    Replace {
        /// The id of the app
        #[arg(value_name = "ID")]
        id: String,
        /// What it should be.
        #[command(flatten)]
        app: OauthAppArgs,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Give an OAuth app a new secret, shown this once; the old one dies at once
    ///
    /// To let the old one live for a while, make the new one with `client-secret create --overlap`.
    Rotate {
        /// The id of the app
        #[arg(value_name = "ID")]
        id: String,
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
    /// Show an OAuth app
    Show {
        /// The id of the app
        #[arg(value_name = "ID")]
        id: String,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
}

/// What an OAuth app should be.
#[derive(Args, Clone, Debug)]
pub(crate) struct OauthAppArgs {
    /// The name for people
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub(crate) client_name: String,
    /// Where a browser may be sent back to; may be given several times
    #[arg(long = "redirect-url", value_name = "URL")]
    pub(crate) redirect_urls: Vec<String>,
    /// Where a browser may be sent after a logout; may be given several times
    #[arg(long = "logout-url", value_name = "URL")]
    pub(crate) logout_urls: Vec<String>,
}

impl OauthAppCommand {
    /// Where it is carried out, and in which realm.
    pub(crate) fn place(&self) -> (&ConnectArgs, &RealmArgs) {
        match self {
            Self::Create { connect, realm, .. } | Self::Rotate { connect, realm, .. } => {
                (connect, realm)
            }
            Self::Delete { place, .. }
            | Self::List { place, .. }
            | Self::Replace { place, .. }
            | Self::Show { place, .. } => (&place.connect, &place.realm),
        }
    }
}
