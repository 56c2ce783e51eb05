//! What an overflow token leaves out, for whoever holds it.

use breakglass_api_types::broker::ExpandedClaims;
use breakglass_app::{Expansion, ExpansionFormat};
use breakglass_domain::AccessTokenClaims;

use super::access_token::{actor, authorization, confirmation, role, some, status};
use crate::call::Call;
use crate::credentials::Schemes;
use crate::failure::Failure;
use crate::reply::Reply;

/// `expandAccessToken`.
pub(crate) async fn expand(call: Call) -> Result<Reply, Failure> {
    let mut query = call.query();
    let known = |text: &str| match text {
        "jwt" => Some(ExpansionFormat::Jwt),
        "raw" => Some(ExpansionFormat::Raw),
        _ => None,
    };
    let format = query.read_with("format", "must be raw or jwt", known);
    query.finish_with(Ok(()))?;
    let format = format.unwrap_or(ExpansionFormat::Raw);
    let shown = call.credentials(Schemes::Tokens);
    let tenant = call.parameter("tenant");
    let expansion = call
        .app()
        .expand_access_token(tenant, shown, format, &call.origin)
        .await?;
    match expansion {
        Expansion::Jwt(token) => {
            let reply = Reply::of("application/jwt", token.expose().to_owned());
            Ok(reply.with_token())
        }
        Expansion::Raw(claims) => Ok(Reply::json(&told(*claims))?.with_token()),
    }
}

/// The claims, as the token would say them; instants are seconds.
fn told(claims: AccessTokenClaims) -> ExpandedClaims {
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
