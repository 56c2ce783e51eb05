//! A plain HTTP client that waits for its answers.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Version, header};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::wait::PATIENCE;

/// A connection that did not come to an answer: refused, cut or too slow.
pub type Broken = Box<dyn std::error::Error + Send + Sync>;

/// The `Authorization` of a name and a password (RFC 7617).
pub fn basic(name: &str, password: &str) -> String {
    use base64::Engine;
    let engine = base64::engine::general_purpose::STANDARD;
    format!("Basic {}", engine.encode(format!("{name}:{password}")))
}

/// A client of one server, with at most one credential. Each has its own connections.
#[derive(Debug)]
pub struct Client {
    base: String,
    authorization: Option<String>,
    connections: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    runtime: Runtime,
}

impl Client {
    /// A client of the server at this URL.
    pub fn new(url: &str) -> Self {
        Self::trusting(url, b"")
    }

    /// A client that trusts these certificates (PEM) and no others.
    pub fn trusting(url: &str, pem: &[u8]) -> Self {
        Self::over(url, pem, false)
    }

    /// A client that speaks HTTP/2 from the first byte, without TLS: RFC 9113, section 3.3.
    pub fn with_prior_knowledge(url: &str) -> Self {
        Self::over(url, b"", true)
    }

    fn over(url: &str, pem: &[u8], http2_only: bool) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(pem))
            .https_or_http()
            .enable_all_versions()
            .build();
        Self {
            base: url.trim_end_matches('/').to_owned(),
            authorization: None,
            connections: legacy::Client::builder(TokioExecutor::new())
                .http2_only(http2_only)
                .build(connector),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime starts"),
        }
    }

    /// Sends this `Authorization` with every request.
    #[must_use]
    pub fn authorized(mut self, authorization: impl Into<String>) -> Self {
        self.authorization = Some(authorization.into());
        self
    }

    /// GET.
    pub fn get(&self, path: &str) -> Answer {
        self.send(&Method::GET, path, None)
    }

    /// DELETE.
    pub fn delete(&self, path: &str) -> Answer {
        self.send(&Method::DELETE, path, None)
    }

    /// POST of JSON.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(&Method::POST, path, Some(json(body)))
    }

    /// PUT of JSON.
    pub fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(&Method::PUT, path, Some(json(body)))
    }

    /// POST of a form.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let form = ("application/x-www-form-urlencoded", body);
        self.send(&Method::POST, path, Some(form))
    }

    /// Sends a request that must be answered.
    pub fn send(&self, method: &Method, path: &str, body: Option<(&str, String)>) -> Answer {
        let line = format!("{method} {path}");
        self.try_send(method, path, body)
            .unwrap_or_else(|error| panic!("{line} was not answered: {error}"))
    }

    /// Sends a request that may not be answered, because the server is gone.
    ///
    /// # Errors
    /// When the connection is refused or cut, or there is no answer in time.
    pub fn try_send(
        &self,
        method: &Method,
        path: &str,
        body: Option<(&str, String)>,
    ) -> Result<Answer, Broken> {
        self.try_send_with(method, path, &[], body)
    }

    /// The same with further headers.
    ///
    /// # Errors
    /// As [`try_send`](Self::try_send).
    pub fn try_send_with(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, String)>,
    ) -> Result<Answer, Broken> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let mut bytes = Bytes::new();
        if let Some((content_type, text)) = body {
            request = request.header(header::CONTENT_TYPE, content_type);
            bytes = text.into();
        }
        let request = request.body(Full::new(bytes))?;
        self.runtime.block_on(async {
            let exchange = async {
                let response = self.connections.request(request).await?;
                let (head, body) = response.into_parts();
                Ok(Answer {
                    line: format!("{method} {path}"),
                    status: head.status.as_u16(),
                    version: head.version,
                    headers: head.headers,
                    body: body.collect().await?.to_bytes(),
                })
            };
            tokio::time::timeout(PATIENCE, exchange).await?
        })
    }
}

/// TLS that trusts these certificates (PEM) and no others.
fn tls(pem: &[u8]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots
            .add(certificate.expect("the certificates are PEM"))
            .expect("a certificate that can be trusted");
    }
    ClientConfig::builder_with_provider(aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .expect("the provider knows TLS")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// JSON, and the media type that says so.
pub(crate) fn json(body: &Value) -> (&'static str, String) {
    ("application/json", body.to_string())
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    line: String,
    /// The status code.
    pub status: u16,
    /// The version of HTTP that it came by.
    pub version: Version,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Fails unless it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.line, self.text());
        self
    }

    /// The value of a header; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("a header of text"))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.line, self.text()))
    }

    /// The samples of a Prometheus exposition: name with labels, and value.
    pub fn samples(&self) -> BTreeMap<String, f64> {
        let text = self.text();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples
            .filter_map(|line| line.rsplit_once(' '))
            .map(|(name, value)| (name.to_owned(), value.parse().expect("a number")))
            .collect()
    }
}
