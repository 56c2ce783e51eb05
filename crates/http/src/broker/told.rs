//! What a token says, or would say if it left nothing out, as `ExpandedClaims` of the contract has it.
//!
//! It is told with every introspection. So it is written from where it is kept, with nothing copied first; that it is what the
//! contract says, a test sees to.

use std::fmt::Display;

use breakglass_domain::{
    AccessTokenClaims, ActorClaim, Confirmation, CredentialRef, RoleClaim, StatusClaim, TokenId,
};
use serde::{Serialize, Serializer};

/// What a token says; instants are seconds since 1970 UTC.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    acct: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Actor<'a>>,
    aud: &'a [String],
    auth_time: i64,
    #[serde(skip_serializing_if = "Limited::is_empty")]
    authorization_details: Limited<'a>,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Bound>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<Text<CredentialRef>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty", serialize_with = "texts")]
    derived_from: &'a [TokenId],
    exp: i64,
    group_ids: [&'a str; 0],
    group_names: [&'a str; 0],
    iat: i64,
    iss: &'a str,
    jti: Text<TokenId>,
    roles: Roles<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
    sub: &'a str,
}

impl<'a> Told<'a> {
    /// What these claims say.
    pub(super) fn of(claims: &'a AccessTokenClaims) -> Self {
        Self {
            acct: &claims.subject,
            act: claims.actor.as_ref().map(Actor::of),
            aud: &claims.audience,
            auth_time: claims.issued_at.seconds(),
            authorization_details: Limited(&claims.roles),
            client_id: &claims.client_id,
            cnf: claims.confirmation.map(Bound),
            credential: claims.credential.map(Text),
            derived_from: &claims.derived_from,
            exp: claims.expires_at.seconds(),
            group_ids: [],
            group_names: [],
            iat: claims.issued_at.seconds(),
            iss: &claims.issuer,
            jti: Text(claims.token_id),
            roles: Roles(&claims.roles),
            scope: claims.scope.as_deref(),
            status: claims.status.as_ref().map(Status::of),
            sub: &claims.subject,
        }
    }
}

/// Who acts for the holder (RFC 8693, section 4.1).
#[derive(Serialize)]
struct Actor<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Box<Actor<'a>>>,
    sub: &'a str,
}

impl<'a> Actor<'a> {
    fn of(claim: &'a ActorClaim) -> Self {
        Self {
            act: claim
                .actor
                .as_deref()
                .map(|before| Box::new(Self::of(before))),
            sub: &claim.subject,
        }
    }
}

/// What the token is bound to (RFC 7800, section 3.1).
struct Bound(Confirmation);

impl Serialize for Bound {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (method, thumbprint) = match &self.0 {
            Confirmation::Certificate(thumbprint) => ("x5t#S256", thumbprint),
            Confirmation::Key(thumbprint) => ("jkt", thumbprint),
        };
        to.collect_map([(method, thumbprint.to_string())])
    }
}

/// The roles that are limited to some instances, and what they mean there (RFC 9396).
struct Limited<'a>(&'a [RoleClaim]);

#[derive(Serialize)]
struct Authorization<'a> {
    resources: &'a [String],
    roles: [&'a str; 1],
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Limited<'_> {
    fn all(&self) -> impl Iterator<Item = &RoleClaim> {
        self.0.iter().filter(|role| !role.resources.is_empty())
    }

    fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }
}

impl Serialize for Limited<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.all().map(|role| Authorization {
            resources: &role.resources,
            roles: [&role.name],
            kind: "vcf_instance",
        }))
    }
}

/// Every role.
struct Roles<'a>(&'a [RoleClaim]);

#[derive(Serialize)]
struct Role<'a> {
    display_name: &'a str,
    membership_type: &'static str,
    name: &'a str,
    resources: &'a [String],
}

impl Serialize for Roles<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.iter().map(|role| Role {
            display_name: &role.display_name,
            membership_type: "DIRECT",
            name: &role.name,
            resources: &role.resources,
        }))
    }
}

/// Where the token's recall would show.
#[derive(Serialize)]
struct Status<'a> {
    status_list: Place<'a>,
}

#[derive(Serialize)]
struct Place<'a> {
    idx: u64,
    uri: &'a str,
}

impl<'a> Status<'a> {
    fn of(claim: &'a StatusClaim) -> Self {
        let (idx, uri) = (claim.index, claim.uri.as_str());
        Self {
            status_list: Place { idx, uri },
        }
    }
}

/// What is written as it reads.
pub(super) struct Text<T>(pub(super) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

fn texts<S: Serializer>(values: &[impl Display], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(values.iter().map(Text))
}

#[cfg(test)]
mod tests {
    use breakglass_api_types::broker::ExpandedClaims;
    use breakglass_domain::{Thumbprint, Timestamp};
    use serde_json::{Value, json};

    use super::*;

    fn claims() -> AccessTokenClaims {
        AccessTokenClaims {
            issuer: "https://breakglass.test/acs/t/CUSTOMER".to_owned(),
            subject: "alice".to_owned(),
            client_id: "ci".to_owned(),
            audience: vec!["https://breakglass.test".to_owned()],
            issued_at: Timestamp::from_millis(1_000),
            expires_at: Timestamp::from_millis(61_000),
            token_id: TokenId::from_bytes([1; 16]),
            roles: vec![RoleClaim::administrator()],
            scope: None,
            status: None,
            credential: None,
            actor: None,
            confirmation: None,
            derived_from: Vec::new(),
            overflow: None,
            expands: None,
        }
    }

    fn everything() -> AccessTokenClaims {
        let mut claims = claims();
        claims.roles.push(RoleClaim {
            name: "vcf_viewer".to_owned(),
            display_name: "VCF Viewer".to_owned(),
            resources: vec!["instance".to_owned()],
        });
        let before = ActorClaim {
            subject: "before".to_owned(),
            actor: None,
        };
        claims.actor = Some(ActorClaim {
            subject: "now".to_owned(),
            actor: Some(Box::new(before)),
        });
        claims.scope = Some("vcf_viewer".to_owned());
        claims.status = Some(StatusClaim {
            index: 7,
            uri: "https://breakglass.test/list".to_owned(),
        });
        claims.credential = Some(CredentialRef::EmergencyToken(TokenId::from_bytes([2; 16])));
        claims.confirmation = Some(Confirmation::Key(Thumbprint::from_bytes([3; 32])));
        claims.derived_from = vec![TokenId::from_bytes([2; 16])];
        claims
    }

    /// What is told, after it was seen that the contract knows every part of it.
    fn told(claims: &AccessTokenClaims) -> Value {
        let text = serde_json::to_string(&Told::of(claims)).unwrap();
        let known: ExpandedClaims = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&known).unwrap(), text);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn what_is_told_is_what_the_contract_says() {
        let told = told(&everything());
        assert_eq!(told.as_object().unwrap().len(), 19);
        assert_eq!(told["act"], json!({"sub": "now", "act": {"sub": "before"}}));
        assert_eq!(
            told["cnf"],
            json!({"jkt": Thumbprint::from_bytes([3; 32]).to_string()})
        );
        assert_eq!(
            told["authorization_details"],
            json!([{"resources": ["instance"], "roles": ["vcf_viewer"], "type": "vcf_instance"}])
        );
        assert_eq!(
            (
                &told["iat"],
                &told["exp"],
                &told["status"]["status_list"]["idx"]
            ),
            (&json!(1), &json!(61), &json!(7))
        );
    }

    #[test]
    fn a_token_that_is_bound_to_a_certificate_says_so() {
        let thumbprint = Thumbprint::from_bytes([4; 32]);
        let mut claims = claims();
        claims.confirmation = Some(Confirmation::Certificate(thumbprint));
        let bound = json!({"x5t#S256": thumbprint.to_string()});
        assert_eq!(told(&claims)["cnf"], bound);
    }

    #[test]
    fn what_a_token_does_not_say_is_not_told() {
        let told = told(&claims());
        let names: Vec<&str> = told
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let expected = [
            "acct",
            "aud",
            "auth_time",
            "client_id",
            "exp",
            "group_ids",
            "group_names",
            "iat",
            "iss",
            "jti",
            "roles",
            "sub",
        ];
        assert_eq!(names, expected);
    }
}
