//! What a resource server asks about an access token (RFC 7662), and how one is killed (RFC 7009).

use breakglass_api_types::Operation;
use breakglass_api_types::broker::{
    ExpandedClaims, IntrospectionResponse, StatusListReference, TokenAuthorization, TokenRole,
    TokenStatusReference,
};
use breakglass_app::ActiveToken;
use breakglass_domain::{AccessTokenClaims, ActorClaim, Confirmation, RoleClaim, StatusClaim};
use serde::Serialize;
use serde_json::{Value, json};

use super::client::caller;
use super::token::token_type;
use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// `introspectToken`. Whatever is not alive here, for whatever reason, gets the same answer (RFC 7662, section 2.2).
pub(crate) async fn introspect(call: Call) -> Result<Reply, Failure> {
    let form = call.form(&[])?;
    let caller = caller(&call, &form, Operation::IntrospectToken).await?;
    let token = form.required("token")?;
    let found = call
        .app()
        .introspect(&caller, call.parameter("tenant"), token)
        .await?;
    match found {
        Some(found) => Reply::json(&alive(found)),
        None => Reply::json(&IntrospectionResponse {
            active: Some(false),
            ..IntrospectionResponse::default()
        }),
    }
}

/// `revokeToken`. An unknown token gets the same answer as one that was killed (RFC 7009, section 2.2).
pub(crate) async fn revoke(call: Call) -> Result<Reply, Failure> {
    let form = call.form(&[])?;
    let caller = caller(&call, &form, Operation::RevokeToken).await?;
    let token = form.required("token")?;
    call.app()
        .revoke(&caller, call.parameter("tenant"), token)
        .await?;
    Ok(Reply::empty())
}

/// What is told of a live token: what it says, and where it belongs.
#[derive(Serialize)]
struct Alive {
    active: bool,
    #[serde(flatten)]
    claims: ExpandedClaims,
    realm: String,
    token_type: &'static str,
    username: String,
}

fn alive(found: ActiveToken) -> Alive {
    Alive {
        active: true,
        realm: found.realm_id.to_string(),
        token_type: token_type(found.claims.confirmation),
        username: found.username,
        claims: told(found.claims),
    }
}

/// What a token says, or would say if it left nothing out; instants are seconds.
pub(super) fn told(claims: AccessTokenClaims) -> ExpandedClaims {
    let limited = claims
        .roles
        .iter()
        .filter(|role| !role.resources.is_empty());
    let authorization_details: Vec<_> = limited.map(authorization).collect();
    let derived_from = claims.derived_from.iter().map(ToString::to_string);
    ExpandedClaims {
        acct: Some(claims.subject.clone()),
        act: claims.actor.as_ref().map(actor),
        aud: Some(claims.audience),
        auth_time: Some(claims.issued_at.seconds()),
        authorization_details: some(authorization_details),
        client_id: Some(claims.client_id),
        cnf: claims.confirmation.map(confirmation),
        credential: claims.credential.map(|credential| credential.to_string()),
        derived_from: some(derived_from.collect()),
        exp: Some(claims.expires_at.seconds()),
        group_ids: Some(Vec::new()),
        group_names: Some(Vec::new()),
        iat: Some(claims.issued_at.seconds()),
        iss: Some(claims.issuer),
        jti: Some(claims.token_id.to_string()),
        roles: Some(claims.roles.iter().map(role).collect()),
        scope: claims.scope,
        status: claims.status.map(status),
        sub: Some(claims.subject),
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn role(role: &RoleClaim) -> TokenRole {
    TokenRole {
        display_name: Some(role.display_name.clone()),
        membership_type: Some("DIRECT".to_owned()),
        name: Some(role.name.clone()),
        resources: Some(role.resources.clone()),
    }
}

fn authorization(role: &RoleClaim) -> TokenAuthorization {
    TokenAuthorization {
        resources: Some(role.resources.clone()),
        roles: Some(vec![role.name.clone()]),
        type_: Some("vcf_instance".to_owned()),
    }
}

fn status(status: StatusClaim) -> TokenStatusReference {
    TokenStatusReference {
        status_list: Some(StatusListReference {
            idx: i64::try_from(status.index).ok(),
            uri: Some(status.uri),
        }),
    }
}

fn confirmation(confirmation: Confirmation) -> Value {
    match confirmation {
        Confirmation::Certificate(thumbprint) => json!({"x5t#S256": thumbprint.to_string()}),
        Confirmation::Key(thumbprint) => json!({"jkt": thumbprint.to_string()}),
    }
}

fn actor(claim: &ActorClaim) -> Value {
    match &claim.actor {
        Some(before) => json!({"sub": claim.subject, "act": actor(before)}),
        None => json!({"sub": claim.subject}),
    }
}
