//! The payload of a host token, as JSON.

use std::collections::BTreeSet;

use breakglass_domain::decision::{GroupName, Holder};
use breakglass_domain::host_token::HostTokenClaims;
use breakglass_domain::{Entitlement, PrivilegeMap, Timestamp, VerifiedBy};
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Serialize)]
pub(crate) struct HostTokenJson {
    pub(crate) iss: String,
    /// `name@domain`, or the name alone.
    sub: String,
    aud: Vec<String>,
    iat: i64,
    exp: i64,
    jti: String,
    /// The alias of the issuer by whose word the holder is known; absent for a local account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verified_by: Option<String>,
    name: String,
    domain: String,
    groups: Vec<GroupJson>,
    privs: PrivilegeMap,
    entitlements: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vouched_since: Option<i64>,
}

#[derive(Deserialize, Serialize)]
struct GroupJson {
    name: String,
    domain: String,
}

impl From<&HostTokenClaims> for HostTokenJson {
    fn from(claims: &HostTokenClaims) -> Self {
        let holder = &claims.holder;
        let sub = if holder.domain.is_empty() {
            holder.name.clone()
        } else {
            format!("{}@{}", holder.name, holder.domain)
        };
        let group = |group: &GroupName| GroupJson {
            name: group.name.clone(),
            domain: group.domain.clone(),
        };
        Self {
            iss: claims.issuer.clone(),
            sub,
            aud: claims.audience.clone(),
            iat: claims.issued_at.seconds(),
            exp: claims.expires_at.seconds(),
            jti: claims.token_id.to_string(),
            verified_by: match &holder.verified_by {
                VerifiedBy::Issuer(alias) => Some(alias.to_string()),
                VerifiedBy::Local => None,
            },
            name: holder.name.clone(),
            domain: holder.domain.clone(),
            groups: holder.groups.iter().map(group).collect(),
            privs: holder.privileges.clone(),
            entitlements: claims
                .entitlements
                .iter()
                .map(ToString::to_string)
                .collect(),
            vouched_since: claims.vouched_since.map(Timestamp::millis),
        }
    }
}

impl HostTokenJson {
    /// The claims, unless one of them makes no sense.
    pub(crate) fn claims(self) -> Option<HostTokenClaims> {
        let at = |seconds: i64| Timestamp::from_millis(seconds.saturating_mul(1000));
        let group = |group: GroupJson| GroupName {
            name: group.name,
            domain: group.domain,
        };
        let entitlements: Result<BTreeSet<Entitlement>, _> =
            self.entitlements.iter().map(|name| name.parse()).collect();
        Some(HostTokenClaims {
            issuer: self.iss,
            audience: self.aud,
            issued_at: at(self.iat),
            expires_at: at(self.exp),
            token_id: self.jti.parse().ok()?,
            holder: Holder {
                verified_by: match self.verified_by {
                    Some(alias) => VerifiedBy::Issuer(alias.parse().ok()?),
                    None => VerifiedBy::Local,
                },
                name: self.name,
                domain: self.domain,
                groups: self.groups.into_iter().map(group).collect(),
                privileges: self.privs,
            },
            entitlements: entitlements.ok()?,
            vouched_since: self.vouched_since.map(Timestamp::from_millis),
        })
    }
}
