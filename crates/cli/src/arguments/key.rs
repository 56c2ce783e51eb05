//! Commands on signing keys and on the master key.

use breakglass_domain::{Minutes, SignatureAlgorithm};
use clap::Subcommand;

use super::{DataArgs, PlaceArgs};
use crate::lifetime;

/// Commands on the keys of a realm, and on the master key.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// List the signing keys of a realm and what each is for
    List {
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Show or change when the signing keys of a realm follow one another
    ///
    /// Without anything to change it only shows.
    Policy {
        /// What the next key is made for: ES256, RS256 or `EdDSA`
        #[arg(long)]
        algorithm: Option<SignatureAlgorithm>,
        /// For how long a key signs, in minutes or with a unit (90d); `0` for until it is rotated by hand
        #[arg(long, value_name = "TIME", value_parser = lifetime::parse_minutes)]
        rotation_period: Option<Minutes>,
        /// For how long the next key is published before it signs, in minutes or with a unit (1d)
        #[arg(long, value_name = "TIME", value_parser = lifetime::parse_minutes)]
        overlap: Option<Minutes>,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Make the next signing key of a realm; it signs after the overlap, and the old one ends with its last token
    Rotate {
        /// A key may be in wrong hands: end every key at once, with every token that they signed, emergency tokens too
        #[arg(long)]
        now: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// Where and how.
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Replace the master key in its file and seal every key anew under it, beside running servers
    ///
    /// A backup from before opens with the old master key alone: keep a copy of the file for as long as the backup.
    RotateMaster {
        /// The data folder.
        #[command(flatten)]
        data: DataArgs,
    },
}
