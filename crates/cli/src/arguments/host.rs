//! Commands on who may do what on a realm's hosts.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{PlaceArgs, TokenArgs};

/// Commands on client profiles.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ClientProfileCommand {
    /// Make a profile for one subject
    Create {
        /// Whom it is for.
        #[command(flatten)]
        subject: SubjectArgs,
        /// What matching subjects get: `IDENTITY_MGMT`, `OBSERVABILITY`, `READ_ONLY` or `SECURITY_MGMT`; may be repeated
        #[arg(long, value_name = "ENTITLEMENT")]
        grant: Vec<String>,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Delete a profile; what it granted is gone at once
    Delete {
        /// Its id
        id: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// List the profiles of a realm
    List {
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Show a profile
    Show {
        /// Its id
        id: String,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Replace the grants of a profile
    Update {
        /// Its id
        id: String,
        /// What matching subjects get; may be repeated, and replaces all that there is
        #[arg(
            long,
            value_name = "ENTITLEMENT",
            required_unless_present = "no_grants"
        )]
        grant: Vec<String>,
        /// Take everything away that the profile grants
        #[arg(long, conflicts_with = "grant")]
        no_grants: bool,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
}

/// Whom a profile is for: exactly one of the four.
#[derive(Args, Clone, Debug)]
pub(crate) struct SubjectArgs {
    /// A local account
    #[arg(long, value_name = "NAME")]
    pub(crate) local_user: Option<String>,
    /// A group of an issuer; needs `--issuer-alias` and `--domain`
    #[arg(long, value_name = "NAME")]
    pub(crate) external_group: Option<String>,
    /// A user of an issuer; needs `--issuer-alias` and `--domain`
    #[arg(long, value_name = "NAME")]
    pub(crate) external_user: Option<String>,
    /// Whoever holds these: `scope=privilege,privilege`; may be repeated, and needs `--issuer-alias`
    #[arg(long, value_name = "SCOPE=PRIVILEGES")]
    pub(crate) privileges: Vec<String>,
    /// The issuer: one that the realm trusts, or `breakglass` for the realm's own tokens
    #[arg(long, value_name = "ALIAS")]
    pub(crate) issuer_alias: Option<String>,
    /// The domain of the group or user
    #[arg(long, value_name = "DOMAIN")]
    pub(crate) domain: Option<String>,
}

/// Commands on trusted issuers.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum TokenIssuerCommand {
    /// Trust an issuer
    Add {
        /// A name for it, unique in the realm
        alias: String,
        /// What stands in `iss` of its tokens
        #[arg(long, value_name = "TEXT")]
        issuer: String,
        /// A file with a chain of certificates (PEM), the one whose key signs tokens first; may be repeated
        #[arg(long, value_name = "FILE", required_unless_present = "jwks_uri")]
        chain: Vec<PathBuf>,
        /// Where it publishes its keys (RFC 7517), to be fetched when a token needs them
        #[arg(long, value_name = "URL")]
        jwks_uri: Option<String>,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// List the issuers that a realm trusts
    List {
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Trust an issuer no longer; its tokens are worth nothing at once
    Remove {
        /// Its alias
        alias: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Show an issuer with its certificates and where its keys are
    Show {
        /// Its alias
        alias: String,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Change the issuer, its certificates or where its keys are
    Update {
        /// Its alias
        alias: String,
        /// What stands in `iss` of its tokens
        #[arg(long, value_name = "TEXT")]
        issuer: Option<String>,
        /// A file with a chain of certificates (PEM); may be repeated, and replaces all that there are
        #[arg(long, value_name = "FILE")]
        chain: Vec<PathBuf>,
        /// Where it publishes its keys (RFC 7517); an empty text for nowhere
        #[arg(long, value_name = "URL")]
        jwks_uri: Option<String>,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
}

/// What to explain.
#[derive(Args, Clone, Debug)]
pub(crate) struct DecideArgs {
    /// The token.
    #[command(flatten)]
    pub(crate) token: TokenArgs,
    /// Where and how.
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

impl ClientProfileCommand {
    /// Where and how it is carried out.
    pub(crate) fn place(&self) -> &PlaceArgs {
        match self {
            Self::Create { place, .. }
            | Self::Delete { place, .. }
            | Self::List { place }
            | Self::Show { place, .. }
            | Self::Update { place, .. } => place,
        }
    }
}

impl TokenIssuerCommand {
    /// Where and how it is carried out.
    pub(crate) fn place(&self) -> &PlaceArgs {
        match self {
            Self::Add { place, .. }
            | Self::List { place }
            | Self::Remove { place, .. }
            | Self::Show { place, .. }
            | Self::Update { place, .. } => place,
        }
    }
}
