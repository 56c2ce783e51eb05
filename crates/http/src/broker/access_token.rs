//! What a resource server asks about an access token (RFC 7662), and how one is killed (RFC 7009).

use breakglass_api_types::Operation;
use breakglass_api_types::broker::{
    IntrospectionResponse, StatusListReference, TokenAuthorization, TokenRole, TokenStatusReference,
};
use breakglass_app::ActiveToken;
use breakglass_domain::{ActorClaim, Confirmation, RoleClaim, StatusClaim};
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
    let dead = IntrospectionResponse {
        active: Some(false),
        ..IntrospectionResponse::default()
    };
    Reply::json(&found.map_or(dead, alive))
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

/// The claims of the token, and where it belongs. Its instants are seconds.
fn alive(found: ActiveToken) -> IntrospectionResponse {
    let claims = found.claims;
    let limited = claims
        .roles
        .iter()
        .filter(|role| !role.resources.is_empty())
        .map(authorization);
    let authorization_details: Vec<_> = limited.collect();
    let derived_from: Vec<String> = claims
        .derived_from
        .iter()
        .map(ToString::to_string)
        .collect();
    IntrospectionResponse {
        acct: Some(claims.subject.clone()),
        act: claims.actor.as_ref().map(actor),
        active: Some(true),
        aud: Some(claims.audience),
        auth_time: Some(claims.issued_at.seconds()),
        authorization_details: some(authorization_details),
        client_id: Some(claims.client_id),
        cnf: claims.confirmation.map(confirmation),
        credential: claims.credential.map(|credential| credential.to_string()),
        derived_from: some(derived_from),
        exp: Some(claims.expires_at.seconds()),
        group_ids: Some(Vec::new()),
        group_names: Some(Vec::new()),
        iat: Some(claims.issued_at.seconds()),
        iss: Some(claims.issuer),
        jti: Some(claims.token_id.to_string()),
        realm: Some(found.realm_id.to_string()),
        roles: Some(claims.roles.iter().map(role).collect()),
        scope: claims.scope,
        status: claims.status.map(status),
        sub: Some(claims.subject),
        token_type: Some(token_type(claims.confirmation).to_owned()),
        username: Some(found.username),
        ..IntrospectionResponse::default()
    }
}

pub(super) fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

pub(super) fn role(role: &RoleClaim) -> TokenRole {
    TokenRole {
        display_name: Some(role.display_name.clone()),
        membership_type: Some("DIRECT".to_owned()),
        name: Some(role.name.clone()),
        resources: Some(role.resources.clone()),
    }
}

pub(super) fn authorization(role: &RoleClaim) -> TokenAuthorization {
    TokenAuthorization {
        resources: Some(role.resources.clone()),
        roles: Some(vec![role.name.clone()]),
        type_: Some("vcf_instance".to_owned()),
    }
}

pub(super) fn status(status: StatusClaim) -> TokenStatusReference {
    TokenStatusReference {
        status_list: Some(StatusListReference {
            idx: i64::try_from(status.index).ok(),
            uri: Some(status.uri),
        }),
    }
}

pub(super) fn confirmation(confirmation: Confirmation) -> Value {
    match confirmation {
        Confirmation::Certificate(thumbprint) => json!({"x5t#S256": thumbprint.to_string()}),
        Confirmation::Key(thumbprint) => json!({"jkt": thumbprint.to_string()}),
    }
}

pub(super) fn actor(claim: &ActorClaim) -> Value {
    match &claim.actor {
        Some(before) => json!({"sub": claim.subject, "act": actor(before)}),
        None => json!({"sub": claim.subject}),
    }
}
