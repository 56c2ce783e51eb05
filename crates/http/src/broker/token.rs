//! The token endpoint (RFC 6749, section 3.2).

use breakglass_api_types::Sensitive;
use breakglass_api_types::broker::TokenResponse;
use breakglass_app::{Grant, TokenRequest};
use breakglass_domain::scope::MAX_SCOPE;
use breakglass_domain::{Confirmation, Secret};

use super::client::shown;
use crate::call::Call;
use crate::failure::Failure;
use crate::form::Form;
use crate::reply::Reply;

/// The vendor's grant for API tokens.
pub(super) const API_TOKEN: &str = "urn:custom:vcf:params:oauth:grant-type:api-token";

/// RFC 6749, section 4.4.
pub(super) const CLIENT_CREDENTIALS: &str = "client_credentials";

/// What some of the vendor's documents call the grant for API tokens.
pub(super) const REFRESH_TOKEN: &str = "refresh_token";

/// RFC 8693, section 2.1.
pub(super) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// RFC 8693, section 3.
const ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The same in the spelling of a vendor's script.
const HYPHENATED_ACCESS_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access-token";

/// RFC 8693, section 3; an access token is a JWT.
const JWT_TYPE: &str = "urn:ietf:params:oauth:token-type:jwt";

/// `issueToken`.
pub(crate) async fn issue(call: &Call) -> Result<Reply, Failure> {
    let form = call.form(&["audience", "resource"])?;
    let grant = grant(&form)?;
    let is_exchange = matches!(grant, Grant::TokenExchange { .. });
    let request = TokenRequest {
        grant,
        client: shown(&call.client(), &form)?,
        proof: call.proof(),
        scope: scope(&form)?,
        audience: audience(&form),
        expires_in: expires_in(&form)?,
    };
    let issued = call
        .app()
        .issue_access_token(call.parameter("tenant"), request, &call.origin)
        .await?;
    let response = TokenResponse {
        access_token: Some(Sensitive::new(issued.access_token.expose())),
        expires_in: Some(issued.expires_in_seconds),
        issued_token_type: is_exchange.then(|| ACCESS_TOKEN_TYPE.to_owned()),
        scope: issued.scope,
        token_type: Some(token_type(issued.confirmation).to_owned()),
    };
    Ok(Reply::json(&response)?.with_token())
}

/// How a token that is bound to this is presented (RFC 6750; RFC 8705, section 3; RFC 9449, section 5).
pub(super) const fn token_type(confirmation: Option<Confirmation>) -> &'static str {
    match confirmation {
        Some(Confirmation::Key(_)) => "DPoP",
        Some(Confirmation::Certificate(_)) | None => "Bearer",
    }
}

fn grant(form: &Form) -> Result<Grant, Failure> {
    match form.required("grant_type")?.expose() {
        API_TOKEN => Ok(Grant::ApiToken(form.required("api_token")?.clone())),
        CLIENT_CREDENTIALS => Ok(Grant::ClientCredentials),
        REFRESH_TOKEN => refresh(form),
        TOKEN_EXCHANGE => exchange(form),
        _ => Err(Failure::UnsupportedGrantType),
    }
}

/// The documents disagree on the name of the field, so both are taken, but not two different tokens at once.
fn refresh(form: &Form) -> Result<Grant, Failure> {
    let token = match (form.optional("api_token"), form.optional("refresh_token")) {
        (Some(one), Some(other)) if one.expose() != other.expose() => {
            let rule = "must not stand beside another refresh_token";
            return Err(Failure::of_field("api_token", rule));
        }
        (Some(token), _) | (None, Some(token)) => token,
        (None, None) => form.required("refresh_token")?,
    };
    Ok(Grant::ApiToken(token.clone()))
}

fn exchange(form: &Form) -> Result<Grant, Failure> {
    let subject_token = form.required("subject_token")?.clone();
    must_be(
        "subject_token_type",
        Some(form.required("subject_token_type")?),
    )?;
    let actor_token = form.optional("actor_token").cloned();
    let actor_type = form.optional("actor_token_type");
    match (&actor_token, actor_type) {
        (Some(_), None) => form.required("actor_token_type").map(drop)?,
        // RFC 8693, section 2.1.
        (None, Some(_)) => form.required("actor_token").map(drop)?,
        _ => must_be("actor_token_type", actor_type)?,
    }
    requested(form.optional("requested_token_type"))?;
    Ok(Grant::TokenExchange {
        subject_token,
        actor_token,
    })
}

fn must_be(name: &str, kind: Option<&Secret>) -> Result<(), Failure> {
    match kind.map(Secret::expose) {
        None | Some(ACCESS_TOKEN_TYPE | HYPHENATED_ACCESS_TOKEN_TYPE | JWT_TYPE) => Ok(()),
        Some(_) => {
            let rule = format!("must be {ACCESS_TOKEN_TYPE} or {JWT_TYPE}");
            Err(Failure::of_field(name, &rule))
        }
    }
}

/// The answer says that it is an access token, so nothing else may be asked for.
fn requested(kind: Option<&Secret>) -> Result<(), Failure> {
    match kind.map(Secret::expose) {
        None | Some(ACCESS_TOKEN_TYPE | HYPHENATED_ACCESS_TOKEN_TYPE) => Ok(()),
        Some(_) => {
            let rule = format!("must be {ACCESS_TOKEN_TYPE}");
            Err(Failure::of_field("requested_token_type", &rule))
        }
    }
}

fn scope(form: &Form) -> Result<Option<String>, Failure> {
    let scope = form.optional("scope").map(Secret::expose);
    if scope.is_some_and(|scope| scope.chars().count() > MAX_SCOPE) {
        let rule = format!("must have at most {MAX_SCOPE} characters");
        return Err(Failure::of_field("scope", &rule));
    }
    Ok(scope.map(str::to_owned))
}

fn audience(form: &Form) -> Vec<String> {
    form.all("audience")
        .chain(form.all("resource"))
        .map(|one| one.expose().to_owned())
        .collect()
}

fn expires_in(form: &Form) -> Result<Option<i64>, Failure> {
    form.optional("expires_in")
        .map(|text| text.expose().parse())
        .transpose()
        .map_err(|_| Failure::of_field("expires_in", "must be a whole number of seconds"))
}
