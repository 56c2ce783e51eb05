//! Tokens that hosts take: who holds one, by whose word, and what it entitles to.

use std::collections::BTreeSet;

use crate::decision::Holder;
use crate::entitlement::Entitlement;
use crate::id::TokenId;
use crate::timestamp::{Minutes, Timestamp};

/// How long a host token lives.
pub const LIFETIME: Minutes = Minutes::new(30);

/// The claims of a host token. It entitles to what it says and the profiles still say when it is shown: a profile or an issuer
/// that was taken away takes effect at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostTokenClaims {
    /// `iss`: the issuer identifier of the realm's broker.
    pub issuer: String,
    /// `aud`: the installation.
    pub audience: Vec<String>,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Timestamp,
    /// `jti`.
    pub token_id: TokenId,
    /// Who holds it, and by whom that is known.
    pub holder: Holder,
    /// What it entitles to.
    pub entitlements: BTreeSet<Entitlement>,
    /// When the password was set, or the trust in the issuer, by which the holder was known. A token does not outlive either.
    pub vouched_since: Option<Timestamp>,
}
