//! Commands on brokers and realms.

use breakglass_domain::SignatureAlgorithm;
use clap::Subcommand;

use super::{ConnectArgs, OutputArgs, PlaceArgs};

/// Commands on brokers.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum BrokerCommand {
    /// Make a broker, on which a realm can then be made
    Add {
        /// Its tenant, the last part of its issuer
        #[arg(long)]
        tenant: String,
        /// Its name for people
        #[arg(long, visible_alias = "display-name")]
        name: String,
        /// What it signs with: ES256, RS256 or `EdDSA` [default: ES256]
        #[arg(long)]
        algorithm: Option<SignatureAlgorithm>,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to do it.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// List the brokers
    List {
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to ask.
        #[command(flatten)]
        connect: ConnectArgs,
    },
}

/// Commands on realms.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum RealmCommand {
    /// Make the realm of a broker
    Create {
        /// The broker, by its id or its tenant
        #[arg(long, visible_alias = "vidb-resource-id", value_name = "BROKER")]
        broker: String,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to do it.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Delete a realm, and wait until it is done
    Delete {
        /// The realm, by its id or the tenant of its broker
        #[arg(long, value_name = "REALM", required_unless_present = "name")]
        realm: Option<String>,
        /// The same, without the name of the flag
        #[arg(value_name = "REALM", conflicts_with = "realm")]
        name: Option<String>,
        /// Let its emergency clients die with it
        #[arg(long)]
        force: bool,
        /// Do not wait until it is done
        #[arg(long)]
        no_wait: bool,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to do it.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// List the realms
    List {
        /// How to print.
        #[command(flatten)]
        output: OutputArgs,
        /// Where to ask.
        #[command(flatten)]
        connect: ConnectArgs,
    },
    /// Show or change how long the access tokens of a realm may be
    ///
    /// A token that would be longer leaves out what its holder may do, and says where that is to be had. Without anything to
    /// change it only shows.
    TokenPolicy {
        /// The longest token that says all, in bytes, 3072 to 12288
        #[arg(long, value_name = "BYTES")]
        overflow_threshold: Option<u32>,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
}
