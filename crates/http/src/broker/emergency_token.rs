//! What a resource server asks about an emergency token (RFC 7662), and how one is killed (RFC 7009).

use breakglass_api_types::broker::{
    IntrospectionResponse, StatusListReference, TokenRole, TokenStatusReference,
};
use breakglass_app::ActiveToken;
use breakglass_domain::RoleClaim;

use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// `introspectToken`. Whatever is not alive here, for whatever reason, gets the same answer (RFC 7662, section 2.2).
pub(crate) async fn introspect(call: Call) -> Result<Reply, Failure> {
    let form = call.form()?;
    let token = form.required("token")?;
    let found = call
        .app()
        .introspect(call.caller()?, call.parameter("tenant"), token)
        .await?;
    let dead = IntrospectionResponse {
        active: Some(false),
        ..IntrospectionResponse::default()
    };
    Reply::json(&found.map_or(dead, |token| alive(&token)))
}

/// `revokeToken`. An unknown token gets the same answer as one that was killed (RFC 7009, section 2.2).
pub(crate) async fn revoke(call: Call) -> Result<Reply, Failure> {
    let form = call.form()?;
    let token = form.required("token")?;
    call.app()
        .revoke(call.caller()?, call.parameter("tenant"), token)
        .await?;
    Ok(Reply::empty())
}

/// The claims of the token, and where it belongs. Its instants are seconds.
fn alive(found: &ActiveToken) -> IntrospectionResponse {
    let client = &found.client;
    let client_id = client.client_id.to_string();
    let role = RoleClaim::administrator();
    IntrospectionResponse {
        active: Some(true),
        aud: Some(vec![found.audience.clone()]),
        client_id: Some(client_id.clone()),
        exp: Some(client.token.expires_at.seconds()),
        iat: Some(client.token.issued_at.seconds()),
        iss: Some(found.issuer.clone()),
        jti: Some(client.token.id.to_string()),
        realm: Some(client.realm_id.to_string()),
        roles: Some(vec![TokenRole {
            display_name: Some(role.display_name),
            name: Some(role.name),
        }]),
        status: Some(TokenStatusReference {
            status_list: Some(StatusListReference {
                idx: i64::try_from(client.token.status_index).ok(),
                uri: Some(found.status_list_uri.clone()),
            }),
        }),
        sub: Some(client_id),
        token_type: Some("Bearer".to_owned()),
        username: Some(client.client_name.clone()),
        ..IntrospectionResponse::default()
    }
}
