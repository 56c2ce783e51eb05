//! The readers of outside bytes, each for itself, so that the fuzz targets reach them without a server around them. No part of
//! what this crate promises: whoever serves uses [`Api`](crate::Api).

use std::collections::BTreeMap;

use breakglass_api_types::fleet_iam::ClientTokenQuery;
use breakglass_api_types::read;
use breakglass_app::Credentials;
use breakglass_domain::{ClientQuery, Secret, TokenQuery};
use http::request::Parts;
use serde_json::{Map, Value};

use crate::credentials::{self, ClientHeader, Schemes};
use crate::failure::Failure;
use crate::fleet_iam::client_query;
use crate::form::Form;
use crate::query::Query;
use crate::vcenter::rpc;

/// Which schemes of `Authorization` are taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Accepted {
    /// Tokens, and the name and password of a local account.
    BasicAndTokens,
    /// The same, and sessions of the hosts' APIs.
    Hosts,
    /// Tokens.
    Tokens,
}

/// What a request shows to prove who sent it.
pub fn shown(parts: &Parts, accepted: Accepted) -> Option<Credentials> {
    let schemes = match accepted {
        Accepted::BasicAndTokens => Schemes::BasicAndTokens,
        Accepted::Hosts => Schemes::Hosts,
        Accepted::Tokens => Schemes::Tokens,
    };
    credentials::read(parts, schemes)
}

/// The id and the secret of a client in the `Authorization` of a request (RFC 6749, section 2.3.1).
pub fn shown_client(parts: &Parts) -> Option<(String, Secret)> {
    match credentials::client(parts) {
        ClientHeader::Basic { client_id, secret } => Some((client_id, secret)),
        ClientHeader::Absent | ClientHeader::Other => None,
    }
}

/// The `Authorization` of a name and a password (RFC 7617, section 2).
pub fn basic_value(username: &str, password: &str) -> String {
    credentials::basic_value(username, password)
}

/// The fields of a form, with the values of each.
///
/// # Errors
/// When a field that may stand there once stands there twice, with what is told of it.
pub fn form(body: &[u8], repeatable: &[&str]) -> Result<BTreeMap<String, Vec<String>>, String> {
    let form = Form::read(body, repeatable).map_err(told)?;
    let exposed = |values: Vec<Secret>| values.iter().map(|one| one.expose().to_owned()).collect();
    let fields = form.into_fields().into_iter();
    Ok(fields
        .map(|(name, values)| (name, exposed(values)))
        .collect())
}

/// The parameter of this name behind a path.
///
/// # Errors
/// When it stands there twice, with what is told of it.
pub fn parameter(text: &str, name: &str) -> Result<Option<String>, String> {
    let mut query = Query::new(text);
    let found = query.read_with(name, "is never refused", |text| Some(text.to_owned()));
    query.finish().map_err(told)?;
    Ok(found)
}

/// The search over API clients that a body asks for.
///
/// # Errors
/// With what is told of it.
pub fn client_search(body: &[u8]) -> Result<ClientQuery, String> {
    let parsed = read::<ClientTokenQuery>(body).map_err(|error| told(error.into()))?;
    client_query::read(parsed).map_err(told)
}

/// The search over API tokens that a body asks for.
///
/// # Errors
/// With what is told of it.
pub fn token_search(body: &[u8]) -> Result<TokenQuery, String> {
    let parsed = read::<ClientTokenQuery>(body).map_err(|error| told(error.into()))?;
    client_query::read_for_tokens(parsed).map_err(told)
}

/// A call of JSON-RPC: its service, its operation and what the operation is given.
///
/// # Errors
/// With what is answered, when it is none.
pub fn call(body: &[u8]) -> Result<(String, String, Map<String, Value>), Value> {
    let call = rpc::read(body).map_err(|fault| fault.answer())?;
    Ok((call.service, call.operation, call.input))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is handed to `map_err`, which gives the failure away"
)]
fn told(failure: Failure) -> String {
    failure.to_string()
}
