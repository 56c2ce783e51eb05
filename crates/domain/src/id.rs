//! Typed identifiers: a realm's id cannot be passed where a broker's is meant.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use uuid::Uuid;

/// The text was not a UUID.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("is not a UUID")]
pub struct InvalidId;

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a version 4 UUID (RFC 9562, section 5.4) of 16 random bytes.
            pub fn from_random(bytes: [u8; 16]) -> Self {
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }

            /// The id of these 16 bytes, as a store kept them.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes of the id.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }
    )+};
}

uuid_ids! {
    /// An API token.
    ApiTokenId;
    /// An identity broker: the issuer behind one tenant.
    BrokerId;
    /// A public key by which a client authenticates.
    ClientKeyId;
    /// A client profile of a realm.
    ClientProfileId;
    /// A secret by which a client authenticates.
    ClientSecretId;
    /// One installation of Breakglass: every process on the same store.
    InstanceId;
    /// A principal that roles are given to: the fleet contract's `clientUuid` of an API client, `id` of an OAuth app.
    PrincipalId;
    /// An SSO realm.
    RealmId;
    /// What was given out for a session.
    SessionGrantId;
    /// A background task.
    TaskId;
    /// A token; its `jti` claim (RFC 7519, section 4.1.7).
    TokenId;
}

/// The name of a signing key; the `kid` of a JWS header (RFC 7515, section 4.1.4). A clone shares the text.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyId(Arc<str>);

impl KeyId {
    /// The key id of this text; adapters make it from the key's own thumbprint.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text of the key id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_become_a_version_4_uuid() {
        let id = RealmId::from_random([0xff; 16]);
        assert_eq!(id.to_string(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(RealmId::from_bytes(*id.as_bytes()), id);
    }

    #[test]
    fn other_text_is_refused() {
        assert_eq!("CUSTOMER".parse::<RealmId>(), Err(InvalidId));
    }
}
