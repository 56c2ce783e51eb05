//! What an overflow token leaves out, for whoever holds it.

use breakglass_app::{Expansion, ExpansionFormat};

use super::told::Told;
use crate::call::Call;
use crate::credentials::Schemes;
use crate::failure::Failure;
use crate::reply::Reply;

/// `expandAccessToken`.
pub(crate) async fn expand(call: &Call) -> Result<Reply, Failure> {
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
        Expansion::Raw(claims) => Ok(Reply::json(&Told::of(&claims))?.with_token()),
    }
}
