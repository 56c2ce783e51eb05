//! From a routed request to a use case, in one order for every operation: who asks, whether they may, what they sent.
//!
//! The order is a promise. Nobody learns from a 404, a 415 or a 400 what is there before they have shown that they may ask.

use std::sync::Arc;

use breakglass_api_types::{Body, Effect, Operation, OperationSpec, Privilege, Surface};
use breakglass_app::{Caller, ClientCredentials, Credentials, Origin};
use breakglass_domain::{Entitlement, ErrorKind, Principal, RealmId};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Collected, LengthLimitError, Limited};

use crate::api::{self, BoxError};
use crate::call::Call;
use crate::conditional::{self, unless_held};
use crate::credentials::{self, Schemes};
use crate::exchange::RequestBody;
use crate::failure::Failure;
use crate::handlers;
use crate::reply::Reply;
use crate::router::Parameters;
use crate::shared::Shared;

/// The header with the realm that a request is for.
const REALM: &str = "x-breakglass-realm";

/// The media type of a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// A caller who needs no credentials, because it has the data folder itself.
#[derive(Clone)]
pub(crate) struct Vouched(pub(crate) Principal);

/// Answers a request that leads here. What there is of it is kept in the future itself, and nowhere twice.
pub(crate) fn answer(
    shared: Arc<Shared>,
    request: Request<RequestBody>,
    (operation, parameters): (Operation, Parameters),
    origin: Origin,
) -> impl Future<Output = Result<Response<api::Body>, Failure>> + Send {
    let (parts, body) = request.into_parts();
    let asked = conditional::asked(&parts.headers);
    let mut call = Call::new(shared, parameters, parts, origin);
    async move {
        let reply = perform(&mut call, operation, body).await?;
        let status = StatusCode::from_u16(operation.spec().success)
            .map_err(|_| Failure::Defect("the contract states a status that is none"))?;
        Ok(unless_held(&asked, reply.into_response(status)))
    }
}

/// Carries out an operation that a request asks for, by whatever protocol.
pub(crate) async fn perform(
    call: &mut Call,
    operation: Operation,
    body: RequestBody,
) -> Result<Reply, Failure> {
    let spec = operation.spec();
    let handler = handlers::handler(operation).ok_or(Failure::NotRouted)?;
    admit(call, spec).await?;
    call.realm = match spec.surface {
        Surface::Breakglass | Surface::Esx | Surface::Vcenter => realm(&call.parts.headers)?,
        Surface::Broker | Surface::FleetIam => None,
    };
    call.body = read(&call.shared, spec, &call.parts.headers, body).await?;
    handler(call).await
}

/// Proves who asks for an operation and whether they may, and says so in the call; nobody does where nobody is asked, or nobody
/// has to say and nobody does. How each of them proves it is boxed: what proves most takes up most.
pub(crate) async fn admit(call: &mut Call, spec: &OperationSpec) -> Result<(), Failure> {
    use breakglass_domain::Privilege::{Manage, View};
    let (schemes, needed) = match (spec.privilege, spec.effect) {
        (Privilege::Public, _) => return Ok(()),
        (Privilege::Registrant, _) => return prove_registrant(call, spec).boxed().await,
        (Privilege::Entitled | Privilege::Host, _) => {
            return prove_on_host(call, spec).boxed().await;
        }
        (Privilege::Authenticated, _) => (Schemes::Tokens, None),
        (Privilege::View, _) => (Schemes::Tokens, Some(View)),
        (Privilege::Manage, _) => (Schemes::Tokens, Some(Manage)),
        // A client may show who it is in the form, which is read later.
        (Privilege::Client, _) if !says_who(&call.parts) && has_form(&call.parts) => return Ok(()),
        (Privilege::Client, Effect::Write) => (Schemes::BasicAndTokens, Some(Manage)),
        (Privilege::PublicOrView, _) if !says_who(&call.parts) => return Ok(()),
        (Privilege::Client, Effect::Read) | (Privilege::PublicOrView, _) => {
            (Schemes::BasicAndTokens, Some(View))
        }
    };
    match prove(call, spec, (schemes, needed)).boxed().await {
        // What everybody is told does not depend on whether the store can say who somebody is.
        Err(Failure::App(error))
            if spec.privilege == Privilege::PublicOrView
                && error.kind() == ErrorKind::Unavailable =>
        {
            Ok(())
        }
        proven => proven,
    }
}

/// Whether a body is announced as a form.
fn has_form(parts: &Parts) -> bool {
    takes(&parts.headers, FORM, false)
}

/// Whether a request says who sent it, be it true or not.
fn says_who(parts: &Parts) -> bool {
    parts.headers.contains_key(AUTHORIZATION) || parts.extensions.get::<Vouched>().is_some()
}

/// Proves who asks, and that they hold the privilege that is needed.
async fn prove(
    call: &mut Call,
    spec: &OperationSpec,
    (schemes, needed): (Schemes, Option<breakglass_domain::Privilege>),
) -> Result<(), Failure> {
    let origin = &call.origin;
    let app = &call.shared.app;
    let caller = if let Some(Vouched(principal)) = call.parts.extensions.remove() {
        Caller::without_session(principal, origin.clone())
    } else {
        match credentials::read(&call.parts, schemes) {
            // The name and password may be those of a client of the tenant.
            Some(Credentials::Basic { username, password })
                if spec.privilege == Privilege::Client =>
            {
                let client = credentials::as_client(&username, &password)
                    .map(|(client_id, secret)| ClientCredentials::Secret { client_id, secret });
                let shown = (username.as_str(), &password, client.as_ref());
                let tenant = call.parameters.get("tenant");
                app.authenticate_basic_client(tenant, shown, origin, spec.name)
                    .await?
            }
            shown => app.authenticate(shown, origin.clone(), spec.name).await?,
        }
    };
    // A client that came with credentials of its own may do what the operation itself lets it.
    if let Some(privilege) = needed.filter(|_| !caller.is_client) {
        app.authorize(&caller, privilege, spec.name).await?;
    }
    call.caller = Some(caller);
    Ok(())
}

/// Proves who asks on a realm's hosts, and that they are entitled to it where the operation needs that.
async fn prove_on_host(call: &mut Call, spec: &OperationSpec) -> Result<(), Failure> {
    let origin = &call.origin;
    let app = &call.shared.app;
    let caller = if let Some(Vouched(principal)) = call.parts.extensions.remove() {
        Caller::without_session(principal, origin.clone())
    } else {
        let realm = realm(&call.parts.headers)?;
        let shown = credentials::read(&call.parts, Schemes::Hosts);
        app.authenticate_host(shown, realm, origin.clone(), spec.name)
            .await?
    };
    let needed = match (spec.privilege, spec.effect) {
        (Privilege::Entitled, Effect::Read) => {
            &[Entitlement::IdentityMgmt, Entitlement::ReadOnly][..]
        }
        (Privilege::Entitled, Effect::Write) => &[Entitlement::IdentityMgmt],
        _ => &[],
    };
    if !needed.is_empty() {
        app.authorize_entitled(&caller, needed, spec.name).await?;
    }
    call.caller = Some(caller);
    Ok(())
}

/// Proves who wants a token registered.
async fn prove_registrant(call: &mut Call, spec: &OperationSpec) -> Result<(), Failure> {
    let shown = credentials::read(&call.parts, Schemes::Hosts);
    let realm = realm(&call.parts.headers)?;
    let app = &call.shared.app;
    let proven = app.authenticate_registrant(shown, realm, call.origin.clone(), spec.name);
    call.registrant = Some(Box::new(proven.await?));
    Ok(())
}

/// The realm that a request says it is for.
fn realm(headers: &HeaderMap) -> Result<Option<RealmId>, Failure> {
    let mut values = headers.get_all(REALM).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let read = value.to_str().ok().and_then(|text| text.parse().ok());
    let read = read.filter(|_| values.next().is_none());
    let rule = "must be the id of a realm";
    read.map(Some)
        .ok_or_else(|| Failure::of_field("X-Breakglass-Realm", rule))
}

/// Reads the body, within its limits. Operations that take none do not look at one.
async fn read(
    shared: &Shared,
    spec: &OperationSpec,
    headers: &HeaderMap,
    body: RequestBody,
) -> Result<Bytes, Failure> {
    let expected = match spec.body {
        Body::Form => FORM,
        Body::Json => "application/json",
        Body::None => return Ok(Bytes::new()),
    };
    let is_empty = http_body::Body::size_hint(&body).exact() == Some(0);
    if !takes(headers, expected, is_empty) {
        return Err(Failure::MediaType(expected));
    }
    let limit = shared.options.max_body_bytes;
    match tokio::time::timeout(shared.options.body_timeout, gather(body, limit)).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Failure::TooLarge { limit }),
        Ok(Err(_)) => Err(Failure::BodyBroken),
        Err(_) => Err(Failure::BodyTimedOut),
    }
}

/// The whole body, as long as it keeps to the limit. Boxed, as the answer of the stack is and for the same reason.
fn gather(
    body: RequestBody,
    limit: usize,
) -> BoxFuture<'static, Result<Collected<Bytes>, BoxError>> {
    Box::pin(Limited::new(body, limit).collect())
}

/// Whether a body is announced as what is expected. An absent body needs no announcement; that it is missing is told later.
fn takes(headers: &HeaderMap, expected: &str, is_empty: bool) -> bool {
    // RFC 9110, section 8.4: a coding that is not understood is answered with 415.
    let coded = headers
        .get(CONTENT_ENCODING)
        .is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    let announced = match headers.get(CONTENT_TYPE).map(http::HeaderValue::to_str) {
        Some(Ok(value)) => {
            let essence = value.split(';').next().unwrap_or_default();
            essence.trim().eq_ignore_ascii_case(expected)
        }
        Some(Err(_)) => false,
        None => is_empty,
    };
    announced && !coded
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn check(content_type: Option<&str>, coding: Option<&str>, is_empty: bool, expected: bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in [(CONTENT_TYPE, content_type), (CONTENT_ENCODING, coding)] {
            if let Some(value) = value {
                headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
        }
        assert_eq!(
            takes(&headers, "application/json", is_empty),
            expected,
            "{content_type:?} {coding:?}"
        );
    }

    #[test]
    fn a_media_type_is_compared_without_its_parameters_and_case() {
        check(Some("application/json"), None, false, true);
        check(Some("Application/JSON; charset=utf-8"), None, false, true);
        check(Some("application/json"), Some("identity"), false, true);
        check(Some("text/plain"), None, false, false);
        check(Some("application/jsonp"), None, false, false);
        check(Some("application/json"), Some("gzip"), false, false);
        check(None, None, false, false);
        check(None, None, true, true);
    }
}
