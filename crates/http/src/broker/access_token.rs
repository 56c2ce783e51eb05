//! What a resource server asks about an access token (RFC 7662), and how one is killed (RFC 7009).

use breakglass_api_types::Operation;
use breakglass_api_types::broker::IntrospectionResponse;
use breakglass_app::ActiveToken;
use breakglass_domain::{AccessTokenClaims, RealmId};
use serde::Serialize;

use super::client::caller;
use super::token::token_type;
use super::told::{Text, Told};
use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// `introspectToken`. Whatever is not alive here, for whatever reason, gets the same answer (RFC 7662, section 2.2).
pub(crate) async fn introspect(call: &Call) -> Result<Reply, Failure> {
    let form = call.form(&[])?;
    let caller = caller(call, &form, Operation::IntrospectToken).await?;
    let token = form.required("token")?;
    let found = call
        .app()
        .introspect(&caller, call.parameter("tenant"), token)
        .await?;
    match found {
        Some(found) => Reply::json(&Alive::of(&found, &found.claims())),
        None => Reply::json(&IntrospectionResponse {
            active: Some(false),
            ..IntrospectionResponse::default()
        }),
    }
}

/// `revokeToken`. An unknown token gets the same answer as one that was killed (RFC 7009, section 2.2).
pub(crate) async fn revoke(call: &Call) -> Result<Reply, Failure> {
    let form = call.form(&[])?;
    let caller = caller(call, &form, Operation::RevokeToken).await?;
    let token = form.required("token")?;
    call.app()
        .revoke(&caller, call.parameter("tenant"), token)
        .await?;
    Ok(Reply::empty())
}

/// What is told of a live token: what it says, and where it belongs.
#[derive(Serialize)]
struct Alive<'a> {
    active: bool,
    #[serde(flatten)]
    claims: Told<'a>,
    realm: Text<RealmId>,
    token_type: &'static str,
    username: &'a str,
}

impl<'a> Alive<'a> {
    fn of(found: &'a ActiveToken, claims: &'a AccessTokenClaims) -> Self {
        Self {
            active: true,
            claims: Told::of(claims),
            realm: Text(found.realm_id()),
            token_type: token_type(claims.confirmation),
            username: found.username(),
        }
    }
}
