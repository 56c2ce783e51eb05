//! Registration of expanded tokens: the rights that a token of another issuer left out, told once by its expanded twin.
//!
//! The twin is believed because the same issuer signed it, and joined to the token because it says that it is its twin. Every
//! check is here, and each has its own refusal.

use std::collections::BTreeMap;

use crate::foreign_token::ForeignClaims;
use crate::id::RealmId;
use crate::secret::TokenDigest;
use crate::timestamp::Timestamp;
use crate::token_issuer::IssuerAlias;

/// The longest expanded token that is looked at, in bytes.
pub const MAX_EXPANDED_BYTES: usize = 512 * 1024;

/// The most tokens of one subject of an issuer that are registered at a time. The next one takes the place of the oldest.
pub const MAX_OF_SUBJECT: u32 = 8;

/// The most tokens that are registered at a time in the whole installation.
pub const MAX_REGISTERED: u64 = 10_000;

/// A registered token: what its expanded twin said, until the first of the two ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RegisteredToken {
    /// The realm.
    pub realm_id: RealmId,
    /// The digest of the overflow token, exactly as it is shown.
    pub digest: TokenDigest,
    /// The issuer of both.
    pub issuer_alias: IssuerAlias,
    /// Since when the issuer is trusted as it is. A registration does not outlive that.
    pub vouched_since: Timestamp,
    /// `sub` of both.
    pub subject: String,
    /// The digest of the twin, exactly as it was registered.
    pub twin: TokenDigest,
    /// What the twin says of groups and roles.
    pub groups: Vec<String>,
    /// What the twin says of privileges, by scope.
    pub privileges: BTreeMap<String, Vec<String>>,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// The first instant at which it is over.
    pub expires_at: Timestamp,
}

/// By what one registration is told from another of the same overflow token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Registration {
    /// The digest of the twin.
    pub twin: TokenDigest,
    /// The issuer of both.
    pub issuer_alias: IssuerAlias,
    /// Since when the issuer was trusted as it was.
    pub vouched_since: Timestamp,
    /// The first instant at which it is over.
    pub expires_at: Timestamp,
}

impl RegisteredToken {
    /// Whether it gives the holder of the same token what the other one does, for as long.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let other = Self {
            twin: self.twin,
            registered_at: self.registered_at,
            ..other.clone()
        };
        *self == other
    }

    /// By what it is told from others.
    pub fn registration(&self) -> Registration {
        Registration {
            twin: self.twin,
            issuer_alias: self.issuer_alias.clone(),
            vouched_since: self.vouched_since,
            expires_at: self.expires_at,
        }
    }
}

/// Why an expanded token is not registered with an overflow token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum PairingFault {
    /// Its audience is not ours, or shares nothing with the overflow token's.
    #[error("is not for the audience of the overflow token")]
    Audience,
    /// It was issued to another client.
    #[error("was issued to another client than the overflow token")]
    Client,
    /// It is bound to another key or certificate, or only one of them is bound.
    #[error("is bound to something else than the overflow token")]
    Confirmation,
    /// It is not yet, or no longer, good.
    #[error("is not alive")]
    Dead,
    /// It is about a login.
    #[error("is an ID token and no access token")]
    IdToken,
    /// Another issuer names itself in it.
    #[error("names another issuer than the overflow token")]
    Issuer,
    /// It leaves out claims itself.
    #[error("leaves out claims itself")]
    Overflowing,
    /// The keys of the issuer of the overflow token did not sign it, or it has not the form of a token.
    #[error("is not signed by the issuer of the overflow token")]
    Signature,
    /// It is about somebody else.
    #[error("has another subject than the overflow token")]
    Subject,
    /// It is longer than what is looked at.
    #[error("must be at most 524288 bytes")]
    TooLong,
    /// It does not name the overflow token as its twin, or that one has no name.
    #[error("does not name the overflow token by its jti, in ovl_jti or jti")]
    Unbound,
}

impl PairingFault {
    /// The name of the fault for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Audience => "audience",
            Self::Client => "client",
            Self::Confirmation => "confirmation",
            Self::Dead => "dead",
            Self::IdToken => "id_token",
            Self::Issuer => "issuer",
            Self::Overflowing => "overflowing",
            Self::Signature => "signature",
            Self::Subject => "subject",
            Self::TooLong => "too_long",
            Self::Unbound => "unbound",
        }
    }
}

/// Whether an expanded token is the twin of an overflow token, both signed by the same issuer, for a server that answers to
/// these audiences. Gives the first instant at which one of them is over: there is no grace for differing clocks.
///
/// # Errors
/// The first check that fails.
pub fn pair(
    overflow: &ForeignClaims,
    expanded: &ForeignClaims,
    audiences: &[&str],
    now: Timestamp,
) -> Result<Timestamp, PairingFault> {
    if expanded.issuer != overflow.issuer {
        return Err(PairingFault::Issuer);
    }
    if expanded.subject != overflow.subject {
        return Err(PairingFault::Subject);
    }
    if expanded.parties != overflow.parties || !agree(overflow, expanded) {
        return Err(PairingFault::Client);
    }
    // What names its twin is bound by that alone; what does not may have the same id.
    let named = expanded.expands.as_ref().or(expanded.token_id.as_ref());
    let is_named = |id: &&String| !id.is_empty() && overflow.token_id.as_ref() == Some(*id);
    if !named.is_some_and(|id| is_named(&id)) {
        return Err(PairingFault::Unbound);
    }
    if expanded.confirmation != overflow.confirmation {
        return Err(PairingFault::Confirmation);
    }
    if expanded.expansion.is_some() {
        return Err(PairingFault::Overflowing);
    }
    if expanded.is_id_token {
        return Err(PairingFault::IdToken);
    }
    let mut shared = expanded.audience.iter();
    if !shared.any(|one| overflow.audience.contains(one) && audiences.contains(&one.as_str())) {
        return Err(PairingFault::Audience);
    }
    let ends_at = overflow.expires_at.min(expanded.expires_at);
    if !expanded.holds(audiences, now) || now >= ends_at {
        return Err(PairingFault::Dead);
    }
    Ok(ends_at)
}

/// Whether what both say of the circumstances is the same.
fn agree(overflow: &ForeignClaims, expanded: &ForeignClaims) -> bool {
    let mut said = overflow.circumstances.iter();
    said.all(|(name, value)| {
        let other = expanded.circumstances.get(name);
        other.is_none_or(|other| other == value)
    })
}

#[cfg(test)]
mod tests;
