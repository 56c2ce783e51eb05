//! The payload of an access token, as JSON.

use breakglass_domain::access_token::MAX_DERIVATIONS;
use breakglass_domain::{
    AccessTokenClaims, ActorClaim, Confirmation, OverflowClaim, RoleClaim, StatusClaim, Timestamp,
};
use serde::{Deserialize, Serialize};

/// An access token (RFC 9068, section 2.2); instants are seconds (RFC 7519, section 2).
#[derive(Deserialize, Serialize)]
pub(crate) struct AccessTokenJson {
    /// The one issuer.
    pub(crate) iss: String,
    sub: String,
    client_id: String,
    aud: Vec<String>,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(skip_deserializing)]
    auth_time: i64,
    #[serde(skip_deserializing)]
    acct: String,
    #[serde(skip_deserializing)]
    group_ids: Vec<String>,
    #[serde(skip_deserializing)]
    group_names: Vec<String>,
    /// Absent in a token that leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    roles: Option<Vec<RoleJson>>,
    #[serde(skip_deserializing, skip_serializing_if = "Vec::is_empty")]
    authorization_details: Vec<AuthorizationJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<StatusJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<ActorJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cnf: Option<ConfirmationJson>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    derived_from: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ovc: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ovl: Option<String>,
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
struct RoleJson {
    name: String,
    display_name: String,
    #[serde(default)]
    resources: Vec<String>,
    /// No role is held through a group.
    #[serde(skip_deserializing)]
    membership_type: &'static str,
}

/// What roles mean on the instances that they are limited to (RFC 9396, section 2).
#[derive(Default, Serialize)]
struct AuthorizationJson {
    #[serde(rename = "type")]
    kind: &'static str,
    roles: Vec<String>,
    resources: Vec<String>,
}

/// IETF Token Status List, section 6.2.
#[derive(Deserialize, Serialize)]
struct StatusJson {
    status_list: StatusReferenceJson,
}

#[derive(Deserialize, Serialize)]
struct StatusReferenceJson {
    idx: u64,
    uri: String,
}

/// RFC 8693, section 4.1.
#[derive(Deserialize, Serialize)]
struct ActorJson {
    sub: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    act: Option<Box<ActorJson>>,
}

impl From<&AccessTokenClaims> for AccessTokenJson {
    fn from(claims: &AccessTokenClaims) -> Self {
        let limited = claims
            .roles
            .iter()
            .filter(|role| !role.resources.is_empty());
        let overflow = claims.overflow.as_ref();
        Self {
            iss: claims.issuer.clone(),
            sub: claims.subject.clone(),
            client_id: claims.client_id.clone(),
            aud: claims.audience.clone(),
            iat: claims.issued_at.seconds(),
            exp: claims.expires_at.seconds(),
            jti: claims.token_id.to_string(),
            auth_time: claims.issued_at.seconds(),
            acct: claims.subject.clone(),
            group_ids: Vec::new(),
            group_names: Vec::new(),
            roles: claims
                .overflow
                .is_none()
                .then(|| claims.roles.iter().map(RoleJson::from).collect()),
            authorization_details: limited.map(AuthorizationJson::from).collect(),
            scope: claims.scope.clone(),
            status: claims.status.as_ref().map(StatusJson::from),
            credential: claims.credential.map(|credential| credential.to_string()),
            act: claims.actor.as_ref().map(ActorJson::from),
            cnf: claims.confirmation.map(ConfirmationJson::from),
            derived_from: claims
                .derived_from
                .iter()
                .map(ToString::to_string)
                .collect(),
            ovc: overflow.map(|left_out| left_out.names.clone()),
            ovl: overflow.map(|left_out| left_out.expansion.clone()),
            ovd: overflow.map(|left_out| left_out.digest.to_string()),
            ovl_jti: claims.expands.map(|id| id.to_string()),
        }
    }
}

impl AccessTokenJson {
    /// The claims, unless one of them makes no sense.
    pub(crate) fn claims(self) -> Option<AccessTokenClaims> {
        let at = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1000));
        let derived_from: Result<Vec<_>, _> =
            self.derived_from.iter().map(|id| id.parse()).collect();
        let overflow = match (self.ovc, self.ovl, self.ovd) {
            (None, None, None) => None,
            (Some(names), Some(expansion), Some(digest)) => Some(OverflowClaim {
                names,
                expansion,
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
            issuer: self.iss,
            subject: self.sub,
            client_id: self.client_id,
            audience: self.aud,
            issued_at: at(self.iat),
            expires_at: at(self.exp),
            token_id: self.jti.parse().ok()?,
            roles: roles.into_iter().map(RoleClaim::from).collect(),
            scope: self.scope,
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

impl From<&RoleClaim> for RoleJson {
    fn from(role: &RoleClaim) -> Self {
        Self {
            name: role.name.clone(),
            display_name: role.display_name.clone(),
            resources: role.resources.clone(),
            membership_type: "DIRECT",
        }
    }
}

impl From<RoleJson> for RoleClaim {
    fn from(role: RoleJson) -> Self {
        Self {
            name: role.name,
            display_name: role.display_name,
            resources: role.resources,
        }
    }
}

impl From<&RoleClaim> for AuthorizationJson {
    fn from(role: &RoleClaim) -> Self {
        Self {
            kind: "vcf_instance",
            roles: vec![role.name.clone()],
            resources: role.resources.clone(),
        }
    }
}

impl From<&StatusClaim> for StatusJson {
    fn from(status: &StatusClaim) -> Self {
        Self {
            status_list: StatusReferenceJson {
                idx: status.index,
                uri: status.uri.clone(),
            },
        }
    }
}

impl From<StatusJson> for StatusClaim {
    fn from(status: StatusJson) -> Self {
        Self {
            index: status.status_list.idx,
            uri: status.status_list.uri,
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

impl From<&ActorClaim> for ActorJson {
    fn from(actor: &ActorClaim) -> Self {
        Self {
            sub: actor.subject.clone(),
            act: actor.actor.as_deref().map(|before| Box::new(before.into())),
        }
    }
}

impl From<ActorJson> for ActorClaim {
    fn from(actor: ActorJson) -> Self {
        Self {
            subject: actor.sub,
            actor: actor.act.map(|before| Box::new((*before).into())),
        }
    }
}
