//! Requests of the contract, whichever way they go.

mod answer;
mod possession;
mod session;

use std::sync::Arc;

use breakglass_api_types::{Body, Operation};
use breakglass_ports::Clock;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use serde::Serialize;

use crate::arguments::ConnectArgs;
use crate::context::Context;
use crate::credentials::Credentials;
use crate::exit::{Exit, Failure};
use crate::settings::DataSettings;
use crate::transport::{InProcess, Network, Transport};
use possession::Holder;

pub(crate) use answer::Answer;
pub(crate) use possession::read_key;

/// What is asked for: an operation with the values of its path, its query and its body.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    operation: Operation,
    path: &'a [(&'a str, &'a str)],
    query: Vec<(&'a str, String)>,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl<'a> Call<'a> {
    /// A call of this operation, with the values of its path.
    pub(crate) fn new(operation: Operation, path: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            operation,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// Adds a parameter of the query, when it has a value.
    pub(crate) fn query<T: ToString>(mut self, name: &'a str, value: Option<T>) -> Self {
        self.query
            .extend(value.map(|value| (name, value.to_string())));
        self
    }

    /// Adds a header, when it has a value.
    pub(crate) fn header(mut self, name: &'static str, value: Option<String>) -> Self {
        self.headers.extend(value.map(|value| (name, value)));
        self
    }

    /// Adds a body.
    ///
    /// # Errors
    /// When it cannot be spelled.
    pub(crate) fn body(mut self, body: &impl Serialize) -> Result<Self, Failure> {
        self.body = serde_json::to_vec(body)
            .map_err(|error| Failure::caused(Exit::Failed, "cannot spell the request", &error))?
            .into();
        Ok(self)
    }

    fn request(self) -> Result<Request<Bytes>, Failure> {
        let unspelled = |error: &dyn std::error::Error| {
            Failure::caused(Exit::Failed, "cannot spell the request", error)
        };
        let spec = self.operation.spec();
        let mut target = self
            .operation
            .path(self.path)
            .map_err(|error| unspelled(&error))?;
        if !self.query.is_empty() {
            target.push('?');
            target.push_str(
                &form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(self.query)
                    .finish(),
            );
        }
        let mut request = Request::builder().method(spec.method.as_str()).uri(target);
        if spec.body == Body::Json {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(self.body).map_err(|error| unspelled(&error))
    }
}

/// A client of the application, with what proves who is asking.
pub(crate) struct Client {
    transport: Transport,
    authorization: Option<HeaderValue>,
    /// Who proves with each request that the token is theirs, and when it is.
    holder: Option<(Holder, Arc<dyn Clock>)>,
    /// Whether the session was acquired here and must be given back.
    session: bool,
    /// Whether the credentials are those of one realm only.
    realm_only: bool,
}

impl Client {
    /// Connects as the arguments say: to the data folder, or to a server, where a password is turned into a session.
    ///
    /// # Errors
    /// When there are no credentials, they are refused, or they would be sent in the clear.
    pub(crate) async fn connect(args: &ConnectArgs, context: &Context) -> Result<Self, Failure> {
        let mut client = Self::connect_anonymously(args).await?;
        if args.local {
            return Ok(client);
        }
        if !args.server.is_https() && !args.server.is_loopback() && !args.allow_plaintext {
            let message = format!(
                "{} is plain HTTP to another machine: whoever is between could read the credentials. Use https://, or \
                 say --allow-plaintext",
                args.server
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        let file = args.credentials_file.as_deref();
        match Credentials::find(file, &context.environment)? {
            Credentials::AccessToken(token) => {
                let scheme = match args.dpop_key {
                    Some(_) => "DPoP",
                    None => "Bearer",
                };
                client.present(scheme, token.expose())?;
                if let Some(file) = &args.dpop_key {
                    let holder = Holder::new(file, token)?;
                    client.holder = Some((holder, Arc::clone(&context.clock)));
                }
                client.realm_only = true;
            }
            Credentials::OpsToken(token) => client.present("OpsToken", token.expose())?,
            Credentials::Password { username, password } => {
                client.acquire(username, password.expose()).await?;
            }
        }
        Ok(client)
    }

    /// Connects for what needs no credentials.
    ///
    /// # Errors
    /// As [`Client::connect`], but for credentials.
    pub(crate) async fn connect_anonymously(args: &ConnectArgs) -> Result<Self, Failure> {
        let transport = if args.local {
            let settings = DataSettings::resolve(&args.data)?;
            Transport::InProcess(InProcess::open(&settings, user_name()).await?)
        } else {
            let ca_cert = args.ca_cert.as_deref();
            Transport::Network(Box::new(Network::new(args.server.clone(), ca_cert)?))
        };
        Ok(Self {
            transport,
            authorization: None,
            holder: None,
            session: false,
            realm_only: false,
        })
    }

    /// Whether records of every realm, and of none, are shown to these credentials.
    pub(crate) fn sees_every_realm(&self) -> bool {
        !self.realm_only
    }

    /// The way that requests go.
    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Asks, and gives the answer when it is the contract's success.
    ///
    /// # Errors
    /// With the reason of the server when it refuses, and when no answer comes back.
    pub(crate) async fn call(&self, call: Call<'_>) -> Result<Answer, Failure> {
        let operation = call.operation;
        let mut request = call.request()?;
        if let Some(authorization) = &self.authorization {
            let header = authorization.clone();
            request.headers_mut().insert(AUTHORIZATION, header);
        }
        let mut response = self.send(request.clone(), None).await?;
        if let Some(nonce) = possession::nonce(response.headers()) {
            // RFC 9449, section 9: nothing was done yet.
            response = self.send(request, Some(&nonce)).await?;
        }
        Answer::of(operation, response)
    }

    /// Sends a request, with a proof when the token is bound to a key.
    async fn send(
        &self,
        mut request: Request<Bytes>,
        nonce: Option<&str>,
    ) -> Result<Response<Bytes>, Failure> {
        if let Some((holder, clock)) = &self.holder {
            let target = (request.method(), request.uri().path());
            let proof = holder.prove(target, nonce, clock.as_ref())?;
            request.headers_mut().insert(possession::DPOP, proof);
        }
        self.transport.send(request).await
    }

    /// Lets what waits to be done be done now, when no server may be there to do it.
    ///
    /// # Errors
    /// When the store cannot take it.
    pub(crate) async fn run_queued_tasks(&self) -> Result<(), Failure> {
        match &self.transport {
            Transport::InProcess(process) => process.run_queued_tasks().await,
            Transport::Network(_) => Ok(()),
        }
    }

    /// Ends the client after a command: gives back its session, lets go of the data folder, and gives the outcome of the
    /// command.
    ///
    /// # Errors
    /// That of the command; otherwise that of the end.
    pub(crate) async fn finish<T>(self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        let ended = self.end().await;
        let value = outcome?;
        ended.map(|()| value)
    }

    async fn end(self) -> Result<(), Failure> {
        if self.session {
            self.release().await?;
        }
        match self.transport {
            Transport::InProcess(process) => process.close().await,
            Transport::Network(_) => Ok(()),
        }
    }

    fn present(&mut self, scheme: &str, credential: &str) -> Result<(), Failure> {
        let header = HeaderValue::from_str(&format!("{scheme} {credential}"));
        let mut header = header.map_err(|_| {
            let message = "the token holds characters that no token has";
            Failure::new(Exit::Unauthenticated, message)
        })?;
        header.set_sensitive(true);
        self.authorization = Some(header);
        Ok(())
    }
}

/// The operating system's name of whoever runs this, for the audit.
pub(crate) fn user_name() -> String {
    whoami::username().unwrap_or_else(|_| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_becomes_a_request_of_the_contract() {
        let path = [("ssoRealmId", "1"), ("clientId", "a b/c")];
        let call = Call::new(Operation::RegenerateEmergencyClient, &path)
            .query("force", Some(true))
            .query("after", None::<u64>)
            .query("q", Some("a&b"));
        let request = call.request().unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(
            request.uri(),
            "/suite-api/api/fleet-management/iam/ssorealms/1/emergency-clients/a%20b%2Fc/regenerate?force=true&q=a%26b"
        );
    }

    #[test]
    fn a_value_that_is_missing_is_told() {
        let failure = Call::new(Operation::GetSsoRealm, &[])
            .request()
            .unwrap_err();
        assert!(failure.message.contains("ssoRealmId"), "{failure}");
    }
}
