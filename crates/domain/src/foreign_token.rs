//! Tokens of other issuers, once their signature is verified.

use std::collections::BTreeMap;

use crate::client_profile::PrivilegeMap;
use crate::decision::Holder;
use crate::timestamp::Timestamp;
use crate::token_issuer::IssuerAlias;

/// How far the clock of an issuer may differ from this one, in milliseconds (a minute).
pub const SKEW_MILLIS: i64 = 60_000;

/// The audience that the vendor's own services accept.
pub const VENDOR_AUDIENCE: &str = "vmware-tes:vapi";

/// What a token of another issuer says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ForeignClaims {
    /// `iss`.
    pub issuer: String,
    /// `sub`: a name, or `name@domain`.
    pub subject: String,
    /// `aud`.
    pub audience: Vec<String>,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Timestamp,
    /// `nbf`, if it says so.
    pub not_before: Option<Timestamp>,
    /// `group_names`.
    pub groups: Vec<String>,
    /// `privs`: privileges by scope.
    pub privileges: BTreeMap<String, Vec<String>>,
}

impl ForeignClaims {
    /// Whether the token is for one of these audiences, and alive at this instant but for the skew of clocks.
    pub fn holds(&self, audiences: &[&str], now: Timestamp) -> bool {
        let is_for_us = self
            .audience
            .iter()
            .any(|one| audiences.contains(&one.as_str()));
        let latest = now.plus_millis(SKEW_MILLIS);
        let has_begun =
            self.issued_at <= latest && self.not_before.is_none_or(|begin| begin <= latest);
        is_for_us && has_begun && now < self.expires_at.plus_millis(SKEW_MILLIS)
    }

    /// Who holds the token, as the issuer of this alias says.
    pub fn holder(&self, alias: IssuerAlias) -> Holder {
        let privileges: PrivilegeMap = self
            .privileges
            .iter()
            .map(|(scope, held)| (scope.clone(), held.iter().cloned().collect()))
            .collect();
        let holder = Holder::of_issuer(alias, &self.subject);
        Holder {
            privileges,
            ..holder.in_groups(self.groups.iter().map(String::as_str))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_us_and_alive() {
        let at = Timestamp::from_millis;
        let claims = ForeignClaims {
            issuer: "i".to_owned(),
            subject: "me@home".to_owned(),
            audience: vec!["us".to_owned(), "them".to_owned()],
            issued_at: at(1_000_000),
            expires_at: at(2_000_000),
            not_before: Some(at(1_100_000)),
            groups: vec!["g".to_owned()],
            privileges: BTreeMap::new(),
        };
        for (now, holds) in [
            (1_039_999, false),
            (1_040_000, true),
            (2_059_999, true),
            (2_060_000, false),
        ] {
            assert_eq!(claims.holds(&["us"], at(now)), holds, "{now}");
        }
        assert!(!claims.holds(&["others"], at(1_500_000)));
        let holder = claims.holder("x".parse().unwrap());
        assert_eq!(
            (holder.name.as_str(), holder.domain.as_str()),
            ("me", "home")
        );
        assert_eq!(holder.groups.len(), 1);
    }
}
