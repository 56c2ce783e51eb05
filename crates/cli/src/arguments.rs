//! The command line: which commands there are and what they take.

mod api_client;
mod api_token;
mod audit;
mod backup;
mod client_key;
mod client_secret;
mod connect;
mod data;
mod dpop_key;
mod emergency_client;
mod host;
mod key;
mod local;
mod oauth_app;
mod page;
mod realm;
mod role;
mod serve;
mod token;

use clap::parser::ValueSource;
use clap::{ArgMatches, Parser, Subcommand};

pub(crate) use api_client::{ApiClientCommand, PlaceArgs};
pub(crate) use api_token::ApiTokenCommand;
pub(crate) use audit::{AuditCommand, AuditOrder};
pub(crate) use backup::{BackupCommand, RecallsLost, RestoreArgs};
pub(crate) use client_key::ClientKeyCommand;
pub(crate) use client_secret::ClientSecretCommand;
pub(crate) use connect::{ConnectArgs, Output, OutputArgs};
pub(crate) use data::DataArgs;
pub(crate) use dpop_key::DpopKeyCommand;
pub(crate) use emergency_client::{EmergencyClientCommand, IssueArgs, IssueOutput};
pub(crate) use host::{ClientProfileCommand, DecideArgs, SubjectArgs, TokenIssuerCommand};
pub(crate) use key::KeyCommand;
pub(crate) use local::{AdminCommand, ManArgs};
pub(crate) use oauth_app::{OauthAppArgs, OauthAppCommand};
pub(crate) use page::PageArgs;
pub(crate) use realm::{BrokerCommand, RealmCommand};
pub(crate) use role::{ComponentArg, RoleArgs, RoleCommand, RoleTypeArg};
pub(crate) use serve::ServeArgs;
pub(crate) use token::{TokenArgs, TokenCommand};

/// Emergency access that still works when everything else does not.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "breakglass",
    version,
    max_term_width = 100,
    after_help = "Commands speak to a server (--server URL, with credentials from the environment or a file), or work with \
                  --local on the data folder itself, with no server running or beside a running one."
)]
pub struct Cli {
    /// What is logged to standard error, such as `info` or `breakglass_http=debug`
    ///
    /// A server logs `info` when nothing is said, every other command `error`.
    #[arg(long, global = true, value_name = "FILTER", env = "BREAKGLASS_LOG")]
    pub(crate) log: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Set passwords of local accounts
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Make, list, show, change and delete API clients, and give them roles
    #[command(subcommand)]
    ApiClient(ApiClientCommand),
    /// Make, list, show, change, regenerate and delete API tokens
    #[command(subcommand)]
    ApiToken(ApiTokenCommand),
    /// Read, verify and export the audit
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Copy the store while it is used, and check copies
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Make and list brokers, the issuers that realms stand on
    #[command(subcommand)]
    Broker(BrokerCommand),
    /// List and replace the public keys of API clients and OAuth apps
    #[command(subcommand)]
    ClientKey(ClientKeyCommand),
    /// Make, list, show, change and delete client profiles: who may do what on a realm's hosts
    #[command(subcommand)]
    ClientProfile(ClientProfileCommand),
    /// Make, list and delete the secrets of API clients and OAuth apps
    #[command(subcommand)]
    ClientSecret(ClientSecretCommand),
    /// Print the completions of a shell
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Explain a token: who vouches for its holder, which client profiles match, and what they grant
    ///
    /// Explaining an emergency token is a use of it.
    Decide(DecideArgs),
    /// Make and show keys that tokens are bound to
    #[command(subcommand)]
    DpopKey(DpopKeyCommand),
    /// Make, list, show, regenerate and delete emergency clients
    #[command(subcommand, visible_alias = "ec")]
    EmergencyClient(EmergencyClientCommand),
    /// Do what a first start does, without serving
    Init(ServeArgs),
    /// List and rotate signing keys, and replace the master key
    #[command(subcommand)]
    Key(KeyCommand),
    /// Print the manual pages
    Man(ManArgs),
    /// Make, list, show, replace, rotate and delete OAuth apps
    #[command(subcommand)]
    OauthApp(OauthAppCommand),
    /// Make, list and delete realms
    #[command(subcommand)]
    Realm(RealmCommand),
    /// Put a copy of the store back: what was recalled since stays recalled, and what lives lives on
    ///
    /// No server may run on the data folder. The store that is there is kept under another name.
    Restore(RestoreArgs),
    /// Make, list, show, replace and delete roles
    #[command(subcommand)]
    Role(RoleCommand),
    /// Start the server; a first start makes everything it needs
    Serve(ServeArgs),
    /// Show how the installation stands, and what to worry about
    Status {
        /// Where to ask.
        #[command(flatten)]
        connect: ConnectArgs,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Look into tokens and verify them
    #[command(subcommand)]
    Token(TokenCommand),
    /// Trust other issuers, list, show and change them
    #[command(subcommand)]
    TokenIssuer(TokenIssuerCommand),
}

/// Whether a command line asks a server and the data folder at the same time. A server that only the environment names
/// gives way to `--local`.
pub(crate) fn asks_two(matches: &ArgMatches) -> bool {
    let mut command = matches;
    while let Some((_, inner)) = command.subcommand() {
        command = inner;
    }
    let is_written = |name: &str| {
        let known = command.try_contains_id(name).is_ok();
        known && command.value_source(name) == Some(ValueSource::CommandLine)
    };
    is_written("local") && is_written("server")
}

#[cfg(test)]
mod tests;
