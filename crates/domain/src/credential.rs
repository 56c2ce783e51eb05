//! Credentials: what an access token is issued for, and with what it dies.

use std::fmt;
use std::str::FromStr;

use crate::id::{ApiTokenId, ClientKeyId, ClientSecretId, SessionGrantId, TokenId};

/// What an access token was issued for. The token lives no longer than this.
///
/// Its text, `kind/id`, is a private claim of the token: the names of the kinds never change.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum CredentialRef {
    /// An API token.
    ApiToken(ApiTokenId),
    /// A public key that a client registered.
    ClientKey(ClientKeyId),
    /// The secret of a client.
    ClientSecret(ClientSecretId),
    /// The token of an emergency client, of which this one is a narrower copy.
    EmergencyToken(TokenId),
    /// The session of a local account, for which tokens for other services were given out.
    SessionGrant(SessionGrantId),
}

impl CredentialRef {
    /// The name of the kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ApiToken(_) => "api_token",
            Self::ClientKey(_) => "client_key",
            Self::ClientSecret(_) => "client_secret",
            Self::EmergencyToken(_) => "emergency_token",
            Self::SessionGrant(_) => "session_grant",
        }
    }

    /// The id within the kind.
    pub fn id(&self) -> String {
        self.shown_id().to_string()
    }

    fn shown_id(&self) -> &dyn fmt::Display {
        match self {
            Self::ApiToken(id) => id,
            Self::ClientKey(id) => id,
            Self::ClientSecret(id) => id,
            Self::EmergencyToken(id) => id,
            Self::SessionGrant(id) => id,
        }
    }
}

impl fmt::Display for CredentialRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind(), self.shown_id())
    }
}

/// The text names no credential.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("names no credential")]
pub struct InvalidCredentialRef;

impl FromStr for CredentialRef {
    type Err = InvalidCredentialRef;

    fn from_str(text: &str) -> Result<Self, InvalidCredentialRef> {
        let (kind, id) = text.split_once('/').ok_or(InvalidCredentialRef)?;
        let read = match kind {
            "api_token" => id.parse().ok().map(Self::ApiToken),
            "client_key" => id.parse().ok().map(Self::ClientKey),
            "client_secret" => id.parse().ok().map(Self::ClientSecret),
            "emergency_token" => id.parse().ok().map(Self::EmergencyToken),
            "session_grant" => id.parse().ok().map(Self::SessionGrant),
            _ => None,
        };
        read.ok_or(InvalidCredentialRef)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_back() {
        let references = [
            CredentialRef::ApiToken(ApiTokenId::from_random([1; 16])),
            CredentialRef::ClientKey(ClientKeyId::from_random([2; 16])),
            CredentialRef::ClientSecret(ClientSecretId::from_random([3; 16])),
            CredentialRef::EmergencyToken(TokenId::from_random([4; 16])),
            CredentialRef::SessionGrant(SessionGrantId::from_random([5; 16])),
        ];
        for reference in references {
            assert_eq!(reference.to_string().parse(), Ok(reference));
        }
        for text in ["", "api_token", "api_token/x", "other/1", "api_token/"] {
            assert_eq!(
                text.parse::<CredentialRef>(),
                Err(InvalidCredentialRef),
                "{text}"
            );
        }
    }
}
