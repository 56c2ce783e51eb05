//! `POST /api`: the operations as remote procedure calls. Each is turned into a request of REST and carried out as one.

use std::sync::Arc;

use breakglass_api_types::{Method, OPERATIONS, Operation, Surface};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use http_body_util::{BodyExt, Either, Full};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use zeroize::Zeroizing;

use super::catalog::{self, Entry};
use super::placing::{Placed, place};
use super::rpc::{self, Invocation};
use super::rpc_answer::{error_node, failure, success};
use super::security::Security;
use super::wire_type::encode;
use crate::call::Call;
use crate::credentials::{AskedAs, SESSION_ID, basic_value};
use crate::esx;
use crate::exchange::RequestBody;
use crate::failure::Failure;
use crate::pipeline::{admit, perform};
use crate::problem::{challenges_of, problem_of};
use crate::reply::Reply;
use crate::router::Parameters;

/// `invokeVapi`.
pub(crate) async fn invoke(call: &Call) -> Result<Reply, Failure> {
    let invocation = match rpc::read(&call.body) {
        Ok(invocation) => invocation,
        Err(fault) => return Reply::json(&fault.answer()),
    };
    let id = invocation.id.clone();
    let entry = catalog::find(&invocation.service, &invocation.operation);
    let found = entry.and_then(|entry| Some((entry, target(entry)?)));
    let called = found.map(|(_, operation)| operation);
    let outcome = match found {
        Some(found) => carry_out(call, found, invocation).await,
        None => Err(Failure::NotRouted),
    };
    let (answer, status) = match outcome {
        Ok(output) => {
            let status = called.map_or(200, |operation| operation.spec().success);
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            (success(&id, output), status)
        }
        Err(reason) => {
            let (error, status) = error_of(&reason)?;
            (failure(&id, error), status)
        }
    };
    // There may be a session or a token in it.
    let reply = Reply::json(&answer)?.with_token();
    Ok(match called {
        Some(operation) => reply.of_call(operation, status),
        None => reply,
    })
}

/// The operation of ours that stands behind a vAPI operation.
fn target(entry: &Entry) -> Option<Operation> {
    let mut specs = OPERATIONS.iter();
    let spec = specs.find(|spec| spec.name == entry.target)?;
    Some(spec.id)
}

/// Carries an operation out and gives what it answers, as vAPI writes it. Who calls is proven before anything is said of what they
/// sent.
async fn carry_out(
    call: &Call,
    (entry, operation): (&Entry, Operation),
    invocation: Invocation,
) -> Result<Value, Failure> {
    let parts = proving(call.parts.clone(), operation, invocation.security);
    let (shared, origin) = (Arc::clone(&call.shared), call.origin.clone());
    let mut call = Call::new(shared, Parameters::default(), parts, origin);
    let made = place(entry, invocation.input)
        .map_err(|fault| Failure::of_field(&fault.path, fault.rule))
        .and_then(request);
    let (parameters, uri, body) = match made {
        Ok(made) => made,
        Err(fault) => {
            admit(&mut call, operation.spec()).await?;
            return Err(fault);
        }
    };
    call.parts.uri = uri;
    call.parameters = parameters;
    let reply = perform(&mut call, operation, body).await?;
    let answer = match reply.body() {
        [] => Value::Null,
        body => serde_json::from_slice(body)
            .map_err(|_| Failure::Defect("an answer of ours is not JSON"))?,
    };
    Ok(encode(&answer, &entry.output))
}

/// What a request of REST says of its sender, for an operation.
fn proving(mut parts: Parts, operation: Operation, security: Security) -> Parts {
    let asked = AskedAs {
        method: parts.method.clone(),
        path: parts.uri.path().to_owned(),
    };
    parts.extensions.insert(asked);
    parts.method = match operation.spec().method {
        Method::Delete => http::Method::DELETE,
        Method::Get => http::Method::GET,
        Method::Patch => http::Method::PATCH,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
    };
    prove(&mut parts.headers, security);
    let json = HeaderValue::from_static("application/json");
    parts.headers.insert(CONTENT_TYPE, json);
    parts
}

/// The rest of it. The parameters of the path are told beside it, so that the path need not hold them.
fn request(placed: Placed) -> Result<(Parameters, Uri, RequestBody), Failure> {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let query = placed.query.iter();
    let query: Vec<String> = query
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    let uri = format!("/api?{}", query.join("&"));
    let uri = uri
        .parse()
        .map_err(|_| Failure::of_field("operation-input", "is too long"))?;
    let body = match &placed.body {
        Some(body) => serde_json::to_vec(body)
            .map_err(|_| Failure::Defect("a body that was read cannot be written"))?,
        None => Vec::new(),
    };
    let body = Full::new(Bytes::from(body));
    let body = body.map_err(|never| match never {}).boxed_unsync();
    Ok((Parameters::of(placed.path), uri, Either::Right(body)))
}

/// Puts what the call shows of its sender where a request of REST shows it. Where the call itself says nothing, the headers that
/// it came with stand; what cannot stand in a header shows nothing.
fn prove(headers: &mut HeaderMap, security: Security) {
    let (name, text) = match security {
        Security::Absent => return,
        Security::Session(id) => (SESSION_ID, Some(id)),
        Security::UserPassword { user, password } => {
            (AUTHORIZATION, Some(basic_value(&user, &password)))
        }
        Security::Bearer(token) => (AUTHORIZATION, Some(format!("Bearer {token}"))),
        Security::Http {
            scheme,
            credentials,
        } => (AUTHORIZATION, Some(format!("{scheme} {credentials}"))),
        Security::Unknown(_) => (AUTHORIZATION, None),
    };
    for shown in [AUTHORIZATION, SESSION_ID] {
        headers.remove(shown);
    }
    let text = text.map(Zeroizing::new);
    let value = text.and_then(|text| HeaderValue::from_str(&text).ok());
    if let Some(mut value) = value {
        value.set_sensitive(true);
        headers.insert(name, value);
    }
}

/// A failure of an operation as vAPI writes it, and the status that REST would give it.
fn error_of(failure: &Failure) -> Result<(Value, StatusCode), Failure> {
    let problem = problem_of(failure);
    let error = esx::error::error(&problem, &challenges_of(&problem, Surface::Vcenter));
    let error_type = error.error_type.clone().unwrap_or_default();
    let body = serde_json::to_value(error)
        .map_err(|_| Failure::Defect("an error cannot be written as JSON"))?;
    Ok((error_node(&error_type, &body), esx::error::status(&problem)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vapi_operation_stands_for_one_of_ours() {
        for entry in catalog::entries() {
            assert!(target(entry).is_some(), "{}", entry.target);
        }
    }

    #[test]
    fn what_the_call_says_of_its_sender_takes_the_place_of_the_headers() {
        let proven = |security| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_static("Basic eA=="));
            prove(&mut headers, security);
            let shown = headers.iter().map(|(name, value)| {
                let text = value.to_str().unwrap_or_default().to_owned();
                (name.as_str().to_owned(), text)
            });
            shown.collect::<Vec<_>>()
        };
        let one = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let text = str::to_owned;
        assert_eq!(proven(Security::Absent), one("authorization", "Basic eA=="));
        assert_eq!(
            proven(Security::Bearer(text("a.b.c"))),
            one("authorization", "Bearer a.b.c")
        );
        let session = proven(Security::Session(text("5e55")));
        assert_eq!(session, one("vmware-api-session-id", "5e55"));
        let password = Security::UserPassword {
            user: text("u"),
            password: text("p:q"),
        };
        assert_eq!(proven(password), one("authorization", "Basic dTpwOnE="));
        assert_eq!(proven(Security::Unknown(text("saml"))), []);
        assert_eq!(proven(Security::Bearer(text("a\r\nb"))), []);
    }
}
