//! Commands on emergency clients. The flags are named after the fields of the contract.

use std::path::PathBuf;

use breakglass_domain::Minutes;
use clap::{Args, Subcommand, ValueEnum};

use super::{ConnectArgs, OutputArgs};
use crate::lifetime;

/// Commands on emergency clients.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum EmergencyClientCommand {
    /// Make an emergency client; its token is shown this once
    Create {
        /// The id, unique in its realm: letters, digits, space and - _ . @ : +
        #[arg(long, value_name = "ID", allow_hyphen_values = true)]
        client_id: String,
        /// The name for people [default: the id]
        #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
        client_name: Option<String>,
        /// What it is for
        #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
        client_description: Option<String>,
        /// How long each token lives: minutes, or with a unit (30d, 12h, 45m)
        #[arg(long, alias = "access-token-ttl", value_name = "TTL", allow_negative_numbers = true, value_parser = lifetime::parse_minutes)]
        ttl: Minutes,
        /// Bind its tokens to the key of this thumbprint, as `dpop-key` prints it: without the key they open nothing
        #[arg(long, value_name = "THUMBPRINT", allow_hyphen_values = true)]
        dpop_key_thumbprint: Option<String>,
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
    /// Delete an emergency client; its token dies at once
    Delete {
        /// Which one.
        #[command(flatten)]
        client: ClientIdArgs,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// The realm.
        #[command(flatten)]
        realm: RealmArgs,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to do it.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// List the emergency clients of a realm, with how they were used
    List {
        /// The realm.
        #[command(flatten)]
        realm: RealmArgs,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to ask.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Give an emergency client a new token, shown this once; the old one dies at once
    Regenerate {
        /// Which one.
        #[command(flatten)]
        client: ClientIdArgs,
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
    /// Show an emergency client, with how it was used
    Show {
        /// Which one.
        #[command(flatten)]
        client: ClientIdArgs,
        /// The realm.
        #[command(flatten)]
        realm: RealmArgs,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to ask.
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

/// Which client: with or without the name of the flag.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct ClientIdArgs {
    /// The id of the client
    #[arg(value_name = "ID")]
    id: Option<String>,
    /// The id of the client
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    client_id: Option<String>,
}

impl ClientIdArgs {
    /// The id.
    pub(crate) fn id(&self) -> &str {
        let given = self.id.as_deref().or(self.client_id.as_deref());
        given.unwrap_or_default()
    }
}

/// In which realm.
#[derive(Args, Clone, Debug)]
pub(crate) struct RealmArgs {
    /// The realm, by its id or the tenant of its broker; needless when there is one only
    #[arg(long, value_name = "REALM")]
    pub(crate) realm: Option<String>,
}

/// How a new token or secret is handed over.
#[derive(Args, Clone, Debug)]
pub(crate) struct IssueArgs {
    /// How to print
    #[arg(long, short, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: IssueOutput,
    /// Write the token or the secret into a new file that is its owner's alone, instead of printing it
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    pub(crate) token_file: Option<PathBuf>,
}

/// How an answer with a token is printed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum IssueOutput {
    /// The contract's own object, as the server sent it
    Json,
    /// For people
    Table,
    /// The token or the secret alone, to be piped
    Token,
}
