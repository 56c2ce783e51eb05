//! Tokens of other issuers, once their signature is verified.

use std::collections::BTreeMap;

use crate::access_token::AccessTokenClaims;
use crate::client_profile::PrivilegeMap;
use crate::decision::Holder;
use crate::thumbprint::Confirmation;
use crate::timestamp::Timestamp;
use crate::token_issuer::IssuerAlias;

/// How far the clock of an issuer may differ from this one, in milliseconds (a minute).
pub const SKEW_MILLIS: i64 = 60_000;

/// The audience that the vendor's own services accept.
pub const VENDOR_AUDIENCE: &str = "vmware-tes:vapi";

/// The longest URL of an expansion, in bytes.
const MAX_EXPANSION_BYTES: usize = 2048;

/// What a token of another issuer says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
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
    /// The names in `roles` of those that are not limited to instances.
    pub roles: Vec<String>,
    /// `jti`, if it says so.
    pub token_id: Option<String>,
    /// Whose token it is besides its subject: those of `azp`, `cid`, `client_id` and `oid` that it has.
    pub parties: BTreeMap<&'static str, String>,
    /// For what it was issued: those of `prn`, `sid` and `tenant` that it has.
    pub circumstances: BTreeMap<&'static str, String>,
    /// `ovl`: where the claims are that it leaves out, if it leaves any out.
    pub expansion: Option<String>,
    /// `ovl_jti`: the overflow token that it is the expanded twin of, if it says so.
    pub expands: Option<String>,
    /// `cnf`: what it is bound to, if anything: without it the token opens nothing.
    pub confirmation: Option<Confirmation>,
    /// Whether it is about a login rather than for access (OpenID Connect Core 1.0, sections 2 and 3.3.2.11): it has `nonce`, `at_hash` or `c_hash`.
    pub is_id_token: bool,
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

    /// The same token with what its expanded twin says of its holder's rights as well.
    #[must_use]
    pub fn joined(mut self, groups: &[String], privileges: &BTreeMap<String, Vec<String>>) -> Self {
        self.groups.extend_from_slice(groups);
        for (scope, held) in privileges {
            let own = self.privileges.entry(scope.clone()).or_default();
            own.extend_from_slice(held);
        }
        self
    }

    /// Who holds the token, as the issuer of this alias says. A subject without a domain is of the tenant of its issuer, if that
    /// is a broker's (`…/acs/t/{tenant}`). Roles count as groups, as those of our own tokens do.
    pub fn holder(&self, alias: IssuerAlias) -> Holder {
        let privileges: PrivilegeMap = self
            .privileges
            .iter()
            .map(|(scope, held)| (scope.clone(), held.iter().cloned().collect()))
            .collect();
        let mut holder = Holder::of_issuer(alias, &self.subject);
        if let Some((_, tenant)) = self.issuer.split_once("/acs/t/")
            && holder.domain.is_empty()
        {
            tenant.trim_end_matches('/').clone_into(&mut holder.domain);
        }
        let groups = self.groups.iter().chain(&self.roles);
        Holder {
            privileges,
            ..holder.in_groups(groups.map(String::as_str))
        }
    }
}

impl From<&AccessTokenClaims> for ForeignClaims {
    /// A token of ours, as another server would read it.
    fn from(claims: &AccessTokenClaims) -> Self {
        let whole = claims.roles.iter().filter(|role| role.resources.is_empty());
        Self {
            issuer: claims.issuer.clone(),
            subject: claims.subject.clone(),
            audience: claims.audience.clone(),
            issued_at: claims.issued_at,
            expires_at: claims.expires_at,
            roles: whole.map(|role| role.name.clone()).collect(),
            token_id: Some(claims.token_id.to_string()),
            parties: BTreeMap::from([("client_id", claims.client_id.clone())]),
            expansion: claims
                .overflow
                .as_ref()
                .map(|left_out| left_out.expansion.clone()),
            expands: claims.expands.map(|id| id.to_string()),
            confirmation: claims.confirmation,
            ..Self::default()
        }
    }
}

/// Whether a text is the absolute URL of an expansion, of a form that can stand in a header. It is for clients to follow, never
/// for a server.
pub fn is_expansion_url(text: &str, is_plain_allowed: bool) -> bool {
    let is_plain =
        |letter: char| letter.is_ascii_graphic() && !matches!(letter, '"' | '\\' | '<' | '>');
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://").filter(|_| is_plain_allowed));
    let has_host = rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    has_host && text.len() <= MAX_EXPANSION_BYTES && text.chars().all(is_plain)
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
            ..ForeignClaims::default()
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

    #[test]
    fn the_tenant_of_a_broker_is_the_domain_of_a_subject_without_one() {
        let held_by = |issuer: &str, subject: &str| {
            let claims = ForeignClaims {
                issuer: issuer.to_owned(),
                subject: subject.to_owned(),
                roles: vec!["auditor".to_owned()],
                ..ForeignClaims::default()
            };
            let holder = claims.holder("x".parse().unwrap());
            let group = holder.groups.into_iter().next().unwrap();
            (holder.domain, group.domain)
        };
        let both = |text: &str| (text.to_owned(), text.to_owned());
        assert_eq!(
            held_by("https://b/acs/t/CUSTOMER", "robot"),
            both("CUSTOMER")
        );
        assert_eq!(
            held_by("https://b/acs/t/CUSTOMER", "robot@home"),
            both("home")
        );
        assert_eq!(
            held_by("https://b/acs/t/CUSTOMER/", "robot"),
            both("CUSTOMER")
        );
        assert_eq!(held_by("https://b/elsewhere", "robot"), both(""));
    }

    #[test]
    fn an_expansion_is_at_an_absolute_url_that_a_header_can_hold() {
        let long = format!("https://a/{}", "x".repeat(2039));
        for (text, secure, plain) in [
            ("https://b.example/expand?format=jwt", true, true),
            ("http://b.example/expand", false, true),
            (&long[..2048], true, true),
            (&long, false, false),
            ("https://", false, false),
            ("https:///expand", false, false),
            ("/expand", false, false),
            ("javascript:alert(1)", false, false),
            ("https://b.example/a b", false, false),
            ("https://b.example/\", error=\"x", false, false),
            ("https://b.example/\\", false, false),
            ("https://b.example/\r\nx", false, false),
            ("https://b\u{e9}.example/", false, false),
        ] {
            assert_eq!(is_expansion_url(text, false), secure, "{text}");
            assert_eq!(is_expansion_url(text, true), plain, "{text}");
        }
    }

    #[test]
    fn a_token_of_ours_reads_as_another_server_would_read_it() {
        let at = Timestamp::from_millis;
        let role = |name: &str, resources: &[&str]| crate::RoleClaim {
            name: name.to_owned(),
            display_name: String::new(),
            resources: resources.iter().map(|&one| one.to_owned()).collect(),
        };
        let authorization = crate::AuthorizationClaims {
            roles: vec![role("whole", &[]), role("limited", &["i"])],
            scope: None,
        };
        let claims = AccessTokenClaims {
            issuer: "i".to_owned(),
            subject: "s".to_owned(),
            client_id: "c".to_owned(),
            audience: vec!["a".to_owned()],
            issued_at: at(1),
            expires_at: at(2),
            token_id: crate::TokenId::from_random([1; 16]),
            roles: Vec::new(),
            scope: None,
            status: None,
            credential: None,
            actor: None,
            confirmation: Some(Confirmation::Key(crate::Thumbprint::of(b"k"))),
            derived_from: Vec::new(),
            overflow: Some(crate::OverflowClaim {
                expansion: "u".to_owned(),
                ..authorization.left_out()
            }),
            expands: None,
        };
        let expected = ForeignClaims {
            issuer: "i".to_owned(),
            subject: "s".to_owned(),
            audience: vec!["a".to_owned()],
            issued_at: at(1),
            expires_at: at(2),
            token_id: Some(claims.token_id.to_string()),
            parties: BTreeMap::from([("client_id", "c".to_owned())]),
            expansion: Some("u".to_owned()),
            confirmation: claims.confirmation,
            ..ForeignClaims::default()
        };
        assert_eq!(ForeignClaims::from(&claims), expected);
        let twin = claims.expanded(authorization).unwrap();
        let expected = ForeignClaims {
            token_id: Some(twin.token_id.to_string()),
            expansion: None,
            expands: Some(claims.token_id.to_string()),
            roles: vec!["whole".to_owned()],
            ..expected
        };
        assert_eq!(ForeignClaims::from(&twin), expected);
    }

    #[test]
    fn an_expanded_twin_adds_and_takes_nothing_away() {
        let held = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let claims = ForeignClaims {
            groups: held(&["a"]),
            privileges: BTreeMap::from([("s".to_owned(), held(&["p"]))]),
            ..ForeignClaims::default()
        };
        let more = BTreeMap::from([
            ("s".to_owned(), held(&["q"])),
            ("t".to_owned(), held(&["r"])),
        ]);
        let joined = claims.joined(&held(&["b"]), &more);
        assert_eq!(joined.groups, ["a", "b"]);
        assert_eq!(joined.privileges["s"], ["p", "q"]);
        assert_eq!(joined.privileges["t"], ["r"]);
        let holder = joined.holder("x".parse().unwrap());
        assert_eq!(holder.privileges["s"].len(), 2);
    }
}
