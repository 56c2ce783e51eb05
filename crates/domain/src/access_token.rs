//! The claims of an access token (RFC 9068, section 2.2), before they are written as JSON.

use crate::credential::CredentialRef;
use crate::id::TokenId;
use crate::overflow::OverflowClaim;
use crate::role_assignment::{RoleAssignment, RoleScope};
use crate::thumbprint::Confirmation;
use crate::timestamp::Timestamp;

/// The name of the role an emergency token carries.
pub const ADMINISTRATOR_ROLE: &str = "vcf_administrator";

/// The longest token that is looked at, and so the longest that may be issued, in bytes; an expanded one may be longer.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// How often a token may be exchanged for a narrower one, one after the other.
pub const MAX_DERIVATIONS: usize = 8;

/// The claims of an access token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AccessTokenClaims {
    /// `iss`: the issuer identifier of the broker.
    pub issuer: String,
    /// `sub`: a client that acts for itself is its own subject (RFC 9068, section 2.2).
    pub subject: String,
    /// `client_id`: the client that the token was issued to.
    pub client_id: String,
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
    /// `scope`: the names of the roles that the token carries, when it carries any.
    pub scope: Option<String>,
    /// `status`: where the token's recall can be seen, if anywhere.
    pub status: Option<StatusClaim>,
    /// `credential`: what the token was issued for; absent in an emergency token, which is its own credential.
    pub credential: Option<CredentialRef>,
    /// `act`: who acts for the subject (RFC 8693, section 4.1), the present actor outermost.
    pub actor: Option<ActorClaim>,
    /// `cnf`: what the token is bound to (RFC 7800, section 3.1), if anything: without it the token opens nothing.
    pub confirmation: Option<Confirmation>,
    /// `derived_from`: the tokens that this one is a narrower copy of, the first of them first. It dies with each of them.
    pub derived_from: Vec<TokenId>,
    /// `ovc`, `ovl` and `ovd`: what it leaves out, if anything. Then it has no roles and no scope.
    pub overflow: Option<OverflowClaim>,
    /// `ovl_jti`: the overflow token that this one is the expanded twin of, if it is one. It dies with it.
    pub expands: Option<TokenId>,
}

/// Who acts for a subject, and for whom that one acts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ActorClaim {
    /// `sub`: the actor.
    pub subject: String,
    /// `act`: who acted before.
    pub actor: Option<Box<ActorClaim>>,
}

/// One entry of the `roles` claim.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleClaim {
    /// The role's name for programs.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// The ids of the instances that it is limited to; empty when it reaches the whole realm.
    pub resources: Vec<String>,
}

impl RoleClaim {
    /// The administrator role that every emergency token carries.
    pub fn administrator() -> Self {
        Self {
            name: ADMINISTRATOR_ROLE.to_owned(),
            display_name: "VCF Administrator".to_owned(),
            resources: Vec::new(),
        }
    }

    /// What a token says of a role that its holder holds.
    pub fn of(assignment: &RoleAssignment, display_name: &str) -> Self {
        let resources = match &assignment.scope {
            RoleScope::SsoRealm => Vec::new(),
            RoleScope::VcfInstance(resources) => resources
                .iter()
                .map(|resource| resource.id.clone())
                .collect(),
        };
        Self {
            name: assignment.role_name.to_string(),
            display_name: display_name.to_owned(),
            resources,
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

/// The audience of a token: what there is when nobody asks for less. Below an audience is every URL that goes on from it. What
/// stands beside it is had only for the asking, and exactly.
pub fn narrow_audience(
    whole: &[String],
    beside: &[String],
    wanted: &[String],
) -> Option<Vec<String>> {
    if wanted.is_empty() {
        return Some(whole.to_vec());
    }
    let within = |one: &String| {
        whole.iter().any(|audience| {
            one.strip_prefix(audience.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let may = |one: &String| within(one) || beside.contains(one);
    wanted.iter().all(may).then(|| wanted.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_is_never_widened() {
        let whole = ["https://b.example".to_owned()];
        let narrow = |wanted: &[&str]| {
            let wanted: Vec<String> = wanted.iter().map(|&text| text.to_owned()).collect();
            narrow_audience(&whole, &["vcenter".to_owned()], &wanted)
        };
        assert_eq!(narrow(&[]), Some(whole.to_vec()));
        assert_eq!(
            narrow(&["https://b.example/grafana"]),
            Some(vec!["https://b.example/grafana".to_owned()])
        );
        for wanted in [
            "https://b.example.evil",
            "https://c.example",
            "https://b.exampl",
        ] {
            assert_eq!(narrow(&[wanted]), None, "{wanted}");
        }
        assert_eq!(narrow(&["https://b.example", "https://c.example"]), None);
        assert_eq!(narrow(&["vcenter"]), Some(vec!["vcenter".to_owned()]));
        assert_eq!(
            narrow(&["vcenter/x"]),
            None,
            "what stands beside is had exactly"
        );
    }
}
