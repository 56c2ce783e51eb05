//! What a handler is given.

use std::sync::Arc;

use breakglass_api_types::{Parsed, Shaped, read};
use breakglass_app::{App, Caller, Credentials, Origin, Refusal, Registrant, ShownProof};
use breakglass_domain::RealmId;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::credentials::{self, ClientHeader, Schemes};
use crate::failure::Failure;
use crate::form::Form;
use crate::query::Query;
use crate::reply::Reply;
use crate::router::Parameters;
use crate::shared::Shared;

/// Answers one operation.
pub(crate) type Handler = for<'a> fn(&'a Call) -> BoxFuture<'a, Result<Reply, Failure>>;

/// A request that is routed, and then authenticated, authorised and read. Handlers borrow it: it is large, and would be moved
/// about with each of them.
pub(crate) struct Call {
    /// What every request shares.
    pub(crate) shared: Arc<Shared>,
    /// The parameters of the path.
    pub(crate) parameters: Parameters,
    /// The request line and the headers, for those who read credentials by themselves.
    pub(crate) parts: Parts,
    /// Who asks; nobody in particular where everybody may.
    pub(crate) caller: Option<Caller>,
    /// Who wants a token registered, where that is what is asked for.
    pub(crate) registrant: Option<Box<Registrant>>,
    /// The realm that the request says it is for.
    pub(crate) realm: Option<RealmId>,
    /// Where the request came from.
    pub(crate) origin: Origin,
    /// The body, empty where none is taken.
    pub(crate) body: Bytes,
}

impl Call {
    /// A request of which nothing is known yet but where it leads.
    pub(crate) fn new(
        shared: Arc<Shared>,
        parameters: Parameters,
        parts: Parts,
        origin: Origin,
    ) -> Self {
        Self {
            shared,
            parameters,
            parts,
            caller: None,
            registrant: None,
            realm: None,
            origin,
            body: Bytes::new(),
        }
    }

    /// The application.
    pub(crate) fn app(&self) -> &App {
        &self.shared.app
    }

    /// Who asks. Public operations have no caller; one that asks for it all the same answers 401 rather than anything
    /// else.
    pub(crate) fn caller(&self) -> Result<&Caller, Failure> {
        let absent = breakglass_app::Error::Unauthenticated(Refusal::Missing);
        self.caller.as_ref().ok_or(Failure::App(absent))
    }

    /// A parameter of the path, decoded.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.get(name)
    }

    /// The parameters behind the path.
    pub(crate) fn query(&self) -> Query {
        Query::new(self.query_text().unwrap_or_default())
    }

    /// What stands behind the path's `?`.
    pub(crate) fn query_text(&self) -> Option<&str> {
        self.parts.uri.query()
    }

    /// What the request shows to prove who sent it.
    pub(crate) fn credentials(&self, schemes: Schemes) -> Option<Credentials> {
        credentials::read(&self.parts, schemes)
    }

    /// What the `Authorization` shows of a client, where nobody is asked before the body is read.
    pub(crate) fn client(&self) -> ClientHeader {
        credentials::client(&self.parts)
    }

    /// The proof that the request shows of a key, if it shows one.
    pub(crate) fn proof(&self) -> Option<ShownProof> {
        credentials::proof(&self.parts)
    }

    /// The body as JSON, with every field that is wrong.
    ///
    /// # Errors
    /// When there is no body, or it is not JSON.
    pub(crate) fn json<T>(&self) -> Result<Parsed<T>, Failure>
    where
        T: Default + DeserializeOwned + Shaped + validator::Validate,
    {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Err(Failure::of_field("", "a body is required"));
        }
        Ok(read(&self.body)?)
    }

    /// The body as a form, in which some fields may stand several times.
    ///
    /// # Errors
    /// When another field stands in it twice.
    pub(crate) fn form(&self, repeatable: &[&str]) -> Result<Form, Failure> {
        Form::read(&self.body, repeatable)
    }
}
