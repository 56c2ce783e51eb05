//! The payload of an access token, as JSON.

use std::borrow::Cow;

use breakglass_domain::access_token::MAX_DERIVATIONS;
use breakglass_domain::{
    AccessTokenClaims, ActorClaim, Confirmation, OverflowClaim, RoleClaim, StatusClaim, Timestamp,
};
use serde::{Deserialize, Serialize};

/// An access token (RFC 9068, section 2.2); instants are seconds (RFC 7519, section 2). What is signed is lent, what was read is
/// its own.
#[derive(Deserialize, Serialize)]
pub(crate) struct AccessTokenJson<'a> {
    /// The one issuer.
    pub(crate) iss: Cow<'a, str>,
    sub: Cow<'a, str>,
    client_id: Cow<'a, str>,
    aud: Cow<'a, [String]>,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(skip_deserializing)]
    auth_time: i64,
    #[serde(skip_deserializing)]
    acct: Cow<'a, str>,
    #[serde(skip_deserializing)]
    group_ids: Vec<String>,
    #[serde(skip_deserializing)]
    group_names: Vec<String>,
    /// Absent in a token that leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<RoleJson<'a>>>,
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    authorization_details: Vec<AuthorizationJson<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<StatusJson<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<ActorJson<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cnf: Option<ConfirmationJson>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    derived_from: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ovc: Option<Cow<'a, [String]>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ovl: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ovd: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ovl_jti: Option<String>,
}

/// RFC 7800, section 3.1. A member that is not understood is refused, for it says who may not use the token.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) enum ConfirmationJson {
    /// RFC 9449, section 6.1.
    #[serde(rename = "jkt")]
    Key(String),
    /// RFC 8705, section 3.1.
    #[serde(rename = "x5t#S256")]
    Certificate(String),
}

#[derive(Deserialize, Serialize)]
struct RoleJson<'a> {
    name: Cow<'a, str>,
    display_name: Cow<'a, str>,
    #[serde(default)]
    resources: Cow<'a, [String]>,
    /// No role is held through a group.
    #[serde(skip_deserializing)]
    membership_type: &'static str,
}

/// What roles mean on the instances that they are limited to (RFC 9396, section 2).
#[derive(Serialize)]
struct AuthorizationJson<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    roles: [&'a str; 1],
    resources: &'a [String],
}

/// IETF Token Status List, section 6.2.
#[derive(Deserialize, Serialize)]
struct StatusJson<'a> {
    status_list: StatusReferenceJson<'a>,
}

#[derive(Deserialize, Serialize)]
struct StatusReferenceJson<'a> {
    idx: u64,
    uri: Cow<'a, str>,
}

/// RFC 8693, section 4.1.
#[derive(Deserialize, Serialize)]
struct ActorJson<'a> {
    sub: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<Box<ActorJson<'a>>>,
}

impl<'a> From<&'a AccessTokenClaims> for AccessTokenJson<'a> {
    fn from(claims: &'a AccessTokenClaims) -> Self {
        let limited = claims
            .roles
            .iter()
            .filter(|role| !role.resources.is_empty());
        let overflow = claims.overflow.as_ref();
        Self {
            iss: Cow::from(&claims.issuer),
            sub: Cow::from(&claims.subject),
            client_id: Cow::from(&claims.client_id),
            aud: Cow::from(&claims.audience),
            iat: claims.issued_at.seconds(),
            exp: claims.expires_at.seconds(),
            jti: claims.token_id.to_string(),
            auth_time: claims.issued_at.seconds(),
            acct: Cow::from(&claims.subject),
            group_ids: Vec::new(),
            group_names: Vec::new(),
            roles: claims
                .overflow
                .is_none()
                .then(|| claims.roles.iter().map(RoleJson::from).collect()),
            authorization_details: limited.map(AuthorizationJson::from).collect(),
            scope: claims.scope.as_ref().map(Cow::from),
            status: claims.status.as_ref().map(StatusJson::from),
            credential: claims.credential.map(|credential| credential.to_string()),
            act: claims.actor.as_ref().map(ActorJson::from),
            cnf: claims.confirmation.map(ConfirmationJson::from),
            derived_from: claims
                .derived_from
                .iter()
                .map(ToString::to_string)
                .collect(),
            ovc: overflow.map(|left_out| Cow::from(&left_out.names)),
            ovl: overflow.map(|left_out| Cow::from(&left_out.expansion)),
            ovd: overflow.map(|left_out| left_out.digest.to_string()),
            ovl_jti: claims.expands.map(|id| id.to_string()),
        }
    }
}

impl AccessTokenJson<'_> {
    /// The claims, unless one of them makes no sense.
    pub(crate) fn claims(self) -> Option<AccessTokenClaims> {
        let at = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1000));
        let derived_from: Result<Vec<_>, _> =
            self.derived_from.iter().map(|id| id.parse()).collect();
        let overflow = match (self.ovc, self.ovl, self.ovd) {
            (None, None, None) => None,
            (Some(names), Some(expansion), Some(digest)) => Some(OverflowClaim {
                names: names.into_owned(),
                expansion: expansion.into_owned(),
                digest: digest.parse().ok()?,
            }),
            _ => return None,
        };
        // Either it says what the roles are, or that it leaves them out.
        let roles = match (self.roles, &overflow) {
            (Some(roles), None) => roles,
            (None, Some(_)) => Vec::new(),
            _ => return None,
        };
        Some(AccessTokenClaims {
            issuer: self.iss.into_owned(),
            subject: self.sub.into_owned(),
            client_id: self.client_id.into_owned(),
            audience: self.aud.into_owned(),
            issued_at: at(self.iat),
            expires_at: at(self.exp),
            token_id: self.jti.parse().ok()?,
            roles: roles.into_iter().map(RoleClaim::from).collect(),
            scope: self.scope.map(Cow::into_owned),
            status: self.status.map(StatusClaim::from),
            credential: self.credential.map(|text| text.parse()).transpose().ok()?,
            actor: self.act.map(ActorClaim::from),
            confirmation: match self.cnf {
                Some(cnf) => Some(cnf.confirmation()?),
                None => None,
            },
            derived_from: derived_from
                .ok()
                .filter(|ids| ids.len() <= MAX_DERIVATIONS)?,
            overflow,
            expands: self.ovl_jti.map(|id| id.parse()).transpose().ok()?,
        })
    }
}

impl<'a> From<&'a RoleClaim> for RoleJson<'a> {
    fn from(role: &'a RoleClaim) -> Self {
        Self {
            name: Cow::from(&role.name),
            display_name: Cow::from(&role.display_name),
            resources: Cow::from(&role.resources),
            membership_type: "DIRECT",
        }
    }
}

impl From<RoleJson<'_>> for RoleClaim {
    fn from(role: RoleJson<'_>) -> Self {
        Self {
            name: role.name.into_owned(),
            display_name: role.display_name.into_owned(),
            resources: role.resources.into_owned(),
        }
    }
}

impl<'a> From<&'a RoleClaim> for AuthorizationJson<'a> {
    fn from(role: &'a RoleClaim) -> Self {
        Self {
            kind: "vcf_instance",
            roles: [&role.name],
            resources: &role.resources,
        }
    }
}

impl<'a> From<&'a StatusClaim> for StatusJson<'a> {
    fn from(status: &'a StatusClaim) -> Self {
        Self {
            status_list: StatusReferenceJson {
                idx: status.index,
                uri: Cow::from(&status.uri),
            },
        }
    }
}

impl From<StatusJson<'_>> for StatusClaim {
    fn from(status: StatusJson<'_>) -> Self {
        Self {
            index: status.status_list.idx,
            uri: status.status_list.uri.into_owned(),
        }
    }
}

impl From<Confirmation> for ConfirmationJson {
    fn from(confirmation: Confirmation) -> Self {
        match confirmation {
            Confirmation::Certificate(thumbprint) => Self::Certificate(thumbprint.to_string()),
            Confirmation::Key(thumbprint) => Self::Key(thumbprint.to_string()),
        }
    }
}

impl ConfirmationJson {
    /// What it says, if that can be.
    pub(crate) fn confirmation(&self) -> Option<Confirmation> {
        match self {
            Self::Certificate(thumbprint) => thumbprint.parse().ok().map(Confirmation::Certificate),
            Self::Key(thumbprint) => thumbprint.parse().ok().map(Confirmation::Key),
        }
    }
}

impl<'a> From<&'a ActorClaim> for ActorJson<'a> {
    fn from(actor: &'a ActorClaim) -> Self {
        Self {
            sub: Cow::from(&actor.subject),
            act: actor.actor.as_deref().map(|before| Box::new(before.into())),
        }
    }
}

impl From<ActorJson<'_>> for ActorClaim {
    fn from(actor: ActorJson<'_>) -> Self {
        Self {
            subject: actor.sub.into_owned(),
            actor: actor.act.map(|before| Box::new((*before).into())),
        }
    }
}
