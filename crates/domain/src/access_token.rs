//! The claims of an access token (RFC 9068, section 2.2), before they are written as JSON.

use crate::emergency_client::ClientId;
use crate::id::TokenId;
use crate::timestamp::Timestamp;

/// The name of the role an emergency token carries.
pub const ADMINISTRATOR_ROLE: &str = "vcf_administrator";

/// The claims of an access token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccessTokenClaims {
    /// `iss`: the issuer identifier of the broker.
    pub issuer: String,
    /// `sub` and `client_id`: a client that acts for itself is its own subject (RFC 9068, section 2.2).
    pub client_id: ClientId,
    /// `aud`: who should accept the token.
    pub audience: Vec<String>,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Timestamp,
    /// `jti`.
    pub token_id: TokenId,
    /// `roles`.
    pub roles: Vec<RoleClaim>,
    /// `status`: where the token's recall can be seen.
    pub status: StatusClaim,
}

/// One entry of the `roles` claim.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleClaim {
    /// The role's name for programs.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
}

impl RoleClaim {
    /// The administrator role that every emergency token carries.
    pub fn administrator() -> Self {
        Self {
            name: ADMINISTRATOR_ROLE.to_owned(),
            display_name: "VCF Administrator".to_owned(),
        }
    }
}

/// The `status` claim: a reference into a status list (IETF Token Status List, section 6.2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatusClaim {
    /// `idx`: the token's place in the list.
    pub index: u64,
    /// `uri`: where the list is.
    pub uri: String,
}
