//! Why a use case failed.

use breakglass_domain::{ErrorKind, Privilege, ValidationReport};
use breakglass_ports::{CryptoError, StoreError};

/// Why a use case failed. Whatever the reason, nothing was changed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Error {
    /// A record of the audit cannot be read.
    #[error("record {sequence} of the audit cannot be read")]
    AuditDamaged {
        /// The sequence of the record.
        sequence: u64,
    },
    /// The state of things does not allow it.
    #[error("{0}")]
    Conflict(Conflict),
    /// A proof of possession has to be made again, with this nonce (RFC 9449, sections 8 and 9).
    #[error("the proof of possession needs a nonce of this server")]
    DpopNonceNeeded {
        /// The nonce.
        nonce: String,
        /// Whether the request was for a token.
        is_grant: bool,
    },
    /// A key operation failed.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The caller is known and may not do this.
    #[error("the caller may not do this")]
    Forbidden {
        /// The privilege that is missing, when one would be enough.
        missing: Option<Privilege>,
    },
    /// The token endpoint does not grant what was asked for.
    #[error("{0}")]
    Grant(GrantFault),
    /// The realm trusts that issuer already.
    #[error("the issuer is trusted already")]
    IssuerTaken {
        /// The issuer.
        issuer: String,
        /// The alias under which it is trusted.
        alias: String,
    },
    /// The request breaks a rule.
    #[error("{0}")]
    Invalid(ValidationReport),
    /// There is no such thing, or none that the caller may know of.
    #[error("{0} was not found")]
    NotFound(Resource),
    /// There is no room for more of these now.
    #[error("there is no room for more of these")]
    NoRoom,
    /// The caller is known and not entitled to this.
    #[error("the caller is not entitled to this")]
    NotEntitled,
    /// Too many attempts from one source failed.
    #[error("too many attempts from this address failed")]
    RateLimited {
        /// Seconds until the next attempt is looked at.
        retry_after_seconds: u64,
    },
    /// The token leaves claims out, and what they are has not been registered.
    #[error("the token leaves claims out that have to be registered first")]
    RegistrationRequired(Box<NeededRegistration>),
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The caller did not prove who it is.
    #[error("the caller is not authenticated")]
    Unauthenticated(Refusal),
}

/// What the holder of an overflow token of another issuer has to do first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NeededRegistration {
    /// Where its expanded twin is to be had, for the client to follow.
    pub expansion: String,
    /// Where the issuer describes itself (OpenID Connect Discovery 1.0, section 4), if it is called as a URL is.
    pub configuration: Option<String>,
}

/// Why the token endpoint does not grant what was asked for (RFC 6749, section 5.2; RFC 8693, section 2.2.2).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum GrantFault {
    /// The client did not prove who it is, or is unknown.
    #[error("the client is unknown, or its credentials are missing, wrong or over")]
    InvalidClient,
    /// The proof of possession is not good (RFC 9449, section 5).
    #[error("the DPoP proof is wrong, was used before, or is for another request")]
    InvalidDpopProof,
    /// The token that was shown is not good.
    #[error("the token that was shown is wrong, over, recalled or of another issuer")]
    InvalidGrant,
    /// The scope is more than there is, or unknown.
    #[error("the scope is more than the caller holds, or is unknown")]
    InvalidScope,
    /// The token that should be expanded is not good (RFC 6750, section 3.1).
    #[error("the token is wrong, over, recalled or of another issuer")]
    InvalidToken,
    /// The token that should be expanded is whole.
    #[error("the token leaves no claims out")]
    NotOverflowing,
    /// The audience is more than there is, or unknown.
    #[error("the audience is not within that of the token")]
    InvalidTarget,
    /// The token is not the client's.
    #[error("the token was issued to another client")]
    UnauthorizedClient,
}

/// Which state of things does not allow it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Conflict {
    /// The realm has an API client of that id.
    #[error("an API client of this clientId already exists in the realm")]
    ApiClientExists,
    /// The realm has a profile of that subject.
    #[error("a client profile of the same subject already exists")]
    ClientProfileExists,
    /// The realm has a client of another kind of that id.
    #[error("a client of another kind has this clientId in the realm")]
    ClientIdTaken,
    /// The realm has an emergency client of that id.
    #[error("an emergency client of this clientId already exists in the realm")]
    EmergencyClientExists,
    /// The alias is that of another issuer.
    #[error("an issuer of this alias is trusted already")]
    IssuerAliasTaken,
    /// The key that follows is there already.
    #[error("the next signing key is published already and signs soon")]
    NextKeyExists,
    /// The broker has its one realm.
    #[error("the broker already has a realm")]
    RealmExists,
    /// A role has that name.
    #[error("a role of this name already exists")]
    RoleExists,
    /// The role came with the product.
    #[error("a built-in role cannot be changed or deleted")]
    RoleIsBuiltIn,
    /// Somebody holds the role.
    #[error("the role is still assigned")]
    RoleIsHeld,
    /// A broker has that tenant.
    #[error("a broker of this tenant already exists")]
    TenantExists,
}

/// The kinds of things that can be absent.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum Resource {
    /// A local account.
    #[error("the account")]
    Account,
    /// An API client.
    #[error("the API client")]
    ApiClient,
    /// An API token.
    #[error("the API token")]
    ApiToken,
    /// A broker.
    #[error("the broker")]
    Broker,
    /// A client of whatever kind.
    #[error("the client")]
    Client,
    /// A client profile.
    #[error("the client profile")]
    ClientProfile,
    /// A secret of a client.
    #[error("the secret")]
    ClientSecret,
    /// An emergency client.
    #[error("the emergency client")]
    EmergencyClient,
    /// An OAuth app.
    #[error("the OAuth app")]
    OauthApp,
    /// A principal that roles are given to.
    #[error("the principal")]
    Principal,
    /// A realm.
    #[error("the realm")]
    Realm,
    /// A role.
    #[error("the role")]
    Role,
    /// A task.
    #[error("the task")]
    Task,
    /// A trusted issuer.
    #[error("the trusted issuer")]
    TokenIssuer,
}

/// Why a caller was not believed: for the audit and the log, never for the caller.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Refusal {
    /// The secret is not that of the client, or there is no such client.
    Client,
    /// There was no credential, or none of a form that is known.
    Missing,
    /// There was no access token, where nothing else would do.
    NoToken,
    /// The password is not that of the account, or there is no such account.
    Password,
    /// What the token is bound to was not shown with it.
    Possession,
    /// The proof of possession is wrong, was used before, or is for another request or token.
    Proof,
    /// The token is unknown, over, recalled or not ours.
    Token,
}

impl Refusal {
    /// The reason as the audit writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "unknown client or wrong secret",
            Self::Missing => "no credential",
            Self::NoToken => "no access token",
            Self::Password => "wrong name or password",
            Self::Possession => "bound token without what it is bound to",
            Self::Proof => "wrong or used proof of possession",
            Self::Token => "unknown or dead token",
        }
    }
}

impl Error {
    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Conflict(_) | Self::IssuerTaken { .. } | Self::Store(StoreError::Conflict) => {
                ErrorKind::Conflict
            }
            Self::AuditDamaged { .. }
            | Self::Crypto(_)
            | Self::Store(StoreError::Corrupt { .. } | StoreError::Missing) => ErrorKind::Internal,
            Self::Forbidden { .. } | Self::NotEntitled => ErrorKind::Forbidden,
            Self::DpopNonceNeeded {
                is_grant: false, ..
            }
            | Self::Grant(GrantFault::InvalidClient)
            | Self::RegistrationRequired(_)
            | Self::Unauthenticated(_) => ErrorKind::Unauthenticated,
            Self::DpopNonceNeeded { is_grant: true, .. } | Self::Grant(_) | Self::Invalid(_) => {
                ErrorKind::Invalid
            }
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::RateLimited { .. } => ErrorKind::RateLimited,
            Self::NoRoom | Self::Store(StoreError::Unavailable { .. }) => ErrorKind::Unavailable,
        }
    }

    /// A stable name of the failure for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AuditDamaged { .. } => "AUDIT_DAMAGED",
            Self::Conflict(Conflict::ApiClientExists) => "API_CLIENT_EXISTS",
            Self::Conflict(Conflict::ClientProfileExists) => "CLIENT_PROFILE_EXISTS",
            Self::Conflict(Conflict::IssuerAliasTaken) => "ISSUER_ALIAS_TAKEN",
            Self::IssuerTaken { .. } => "TOKEN_ISSUER_EXISTS",
            Self::Conflict(Conflict::ClientIdTaken) => "CLIENT_ID_TAKEN",
            Self::Conflict(Conflict::EmergencyClientExists) => "EMERGENCY_CLIENT_EXISTS",
            Self::Conflict(Conflict::NextKeyExists) => "NEXT_KEY_EXISTS",
            Self::Conflict(Conflict::RealmExists) => "REALM_EXISTS",
            Self::Conflict(Conflict::RoleExists) => "ROLE_EXISTS",
            Self::Conflict(Conflict::RoleIsBuiltIn) => "ROLE_IS_BUILT_IN",
            Self::Conflict(Conflict::RoleIsHeld) => "ROLE_IS_HELD",
            Self::Conflict(Conflict::TenantExists) => "TENANT_EXISTS",
            Self::Crypto(_) | Self::Store(StoreError::Corrupt { .. } | StoreError::Missing) => {
                "INTERNAL"
            }
            Self::DpopNonceNeeded { is_grant: true, .. } => "USE_DPOP_NONCE",
            Self::Forbidden { .. } | Self::NotEntitled => "FORBIDDEN",
            Self::Grant(GrantFault::InvalidClient) => "INVALID_CLIENT",
            Self::Grant(GrantFault::InvalidDpopProof) => "INVALID_DPOP_PROOF",
            Self::Grant(GrantFault::InvalidGrant) => "INVALID_GRANT",
            Self::Grant(GrantFault::InvalidScope) => "INVALID_SCOPE",
            Self::Grant(GrantFault::InvalidTarget) => "INVALID_TARGET",
            Self::Grant(GrantFault::InvalidToken) => "INVALID_TOKEN",
            Self::Grant(GrantFault::NotOverflowing) => "NOT_OVERFLOWING",
            Self::Grant(GrantFault::UnauthorizedClient) => "UNAUTHORIZED_CLIENT",
            Self::Invalid(_) => "INVALID_REQUEST",
            Self::NotFound(Resource::Account) => "ACCOUNT_NOT_FOUND",
            Self::NotFound(Resource::ApiClient) => "API_CLIENT_NOT_FOUND",
            Self::NotFound(Resource::ApiToken) => "API_TOKEN_NOT_FOUND",
            Self::NotFound(Resource::Broker) => "BROKER_NOT_FOUND",
            Self::NotFound(Resource::Client) => "CLIENT_NOT_FOUND",
            Self::NotFound(Resource::ClientProfile) => "CLIENT_PROFILE_NOT_FOUND",
            Self::NotFound(Resource::ClientSecret) => "CLIENT_SECRET_NOT_FOUND",
            Self::NotFound(Resource::EmergencyClient) => "EMERGENCY_CLIENT_NOT_FOUND",
            Self::NotFound(Resource::OauthApp) => "OAUTH_APP_NOT_FOUND",
            Self::NotFound(Resource::Principal) => "PRINCIPAL_NOT_FOUND",
            Self::NotFound(Resource::Realm) => "REALM_NOT_FOUND",
            Self::NotFound(Resource::Role) => "ROLE_NOT_FOUND",
            Self::NotFound(Resource::Task) => "TASK_NOT_FOUND",
            Self::NotFound(Resource::TokenIssuer) => "TOKEN_ISSUER_NOT_FOUND",
            Self::NoRoom => "NO_ROOM",
            Self::RateLimited { .. } => "TOO_MANY_ATTEMPTS",
            Self::RegistrationRequired(_) => "REGISTRATION_REQUIRED",
            Self::Store(StoreError::Conflict) => "CONFLICT",
            Self::Store(StoreError::Unavailable { .. }) => "UNAVAILABLE",
            Self::DpopNonceNeeded {
                is_grant: false, ..
            }
            | Self::Unauthenticated(_) => "UNAUTHENTICATED",
        }
    }

    /// What a client is told: a sentence without secrets, ids or reasons of the store.
    pub fn public_message(&self) -> String {
        match self {
            Self::AuditDamaged { sequence } => {
                format!("Record {sequence} of the audit cannot be read: it was changed.")
            }
            Self::Conflict(conflict) => sentence(&conflict.to_string()),
            Self::Crypto(_) | Self::Store(StoreError::Corrupt { .. } | StoreError::Missing) => {
                "The server failed to answer; its log says why.".to_owned()
            }
            Self::Forbidden {
                missing: Some(privilege),
            } => {
                format!("This needs the privilege {privilege}.")
            }
            Self::Forbidden { missing: None } => {
                "This is not for callers of one realm: sign in with a local account.".to_owned()
            }
            Self::IssuerTaken { .. } => "The issuer is trusted already.".to_owned(),
            Self::NoRoom => "There are too many of these already; try again later.".to_owned(),
            Self::RegistrationRequired(_) => {
                "The token leaves claims out: register its expanded twin, then try again."
                    .to_owned()
            }
            Self::NotEntitled => "The caller is not entitled to this.".to_owned(),
            Self::Grant(fault) => sentence(&fault.to_string()),
            Self::Invalid(report) => sentence(&format!("the request is not valid: {report}")),
            Self::NotFound(resource) => sentence(&format!("{resource} was not found")),
            Self::RateLimited {
                retry_after_seconds,
            } => {
                format!("Too many attempts failed; try again in {retry_after_seconds} seconds.")
            }
            Self::Store(StoreError::Conflict) => "It exists already.".to_owned(),
            Self::Store(StoreError::Unavailable { .. }) => {
                "The store cannot take the request now; nothing was changed.".to_owned()
            }
            Self::DpopNonceNeeded { .. } => {
                "The DPoP proof has to be made again, with the nonce of the DPoP-Nonce header."
                    .to_owned()
            }
            Self::Unauthenticated(Refusal::Possession) => {
                "The token is bound to a key or a certificate that was not shown with it."
                    .to_owned()
            }
            Self::Unauthenticated(Refusal::Proof) => {
                "The DPoP proof is wrong, was used before, or is for another request or token."
                    .to_owned()
            }
            Self::Unauthenticated(_) => {
                "The credentials are missing, wrong, expired or recalled.".to_owned()
            }
        }
    }
}

fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stores_reason_is_not_for_clients() {
        let error = Error::Store(StoreError::Unavailable {
            reason: "/var/lib/secret".to_owned(),
        });
        assert!(!error.public_message().contains("secret"));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }

    #[test]
    fn a_report_is_told_field_by_field() {
        let error = Error::Invalid(ValidationReport::of("clientId", "is required"));
        assert_eq!(
            error.public_message(),
            "The request is not valid: clientId is required."
        );
    }
}
