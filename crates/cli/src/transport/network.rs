//! HTTP to a server.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::exit::{Exit, Failure};
use crate::settings::PublicUrl;

/// How long an answer may take: longer than the server itself allows.
const TIMEOUT: Duration = Duration::from_mins(1);

/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// A client of one server. It follows no redirects, so that credentials go nowhere else.
pub(crate) struct Network {
    server: PublicUrl,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Network {
    /// A client of this server, which trusts the system's certificates, or only those of a file.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub(crate) fn new(server: PublicUrl, ca_cert: Option<&Path>) -> Result<Self, Failure> {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(ca_cert)?)
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            server,
            client: Client::builder(TokioExecutor::new()).build(connector),
        })
    }

    /// Sends a request whose target is a path on the server.
    ///
    /// # Errors
    /// [`Exit::Unavailable`] when no whole answer comes back in time.
    pub(crate) async fn send(
        &self,
        mut request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Failure> {
        let target = format!("{}{}", self.server, request.uri());
        *request.uri_mut() = target
            .parse()
            .map_err(|_| Failure::new(Exit::Usage, format!("{} is no server", self.server)))?;
        self.exchange(request).await
    }

    /// Fetches a document from anywhere, without credentials.
    ///
    /// # Errors
    /// As [`Network::send`].
    pub(crate) async fn fetch(&self, uri: Uri) -> Result<Response<Bytes>, Failure> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = uri;
        self.exchange(request).await
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Failure> {
        let authority = request.uri().authority().map(ToString::to_string);
        let authority = authority.unwrap_or_default();
        let mut request = request.map(Full::new);
        let agent = HeaderValue::from_static(concat!("breakglass-cli/", env!("CARGO_PKG_VERSION")));
        request.headers_mut().insert(USER_AGENT, agent);
        tokio::time::timeout(TIMEOUT, self.answer(request, &authority))
            .await
            .map_err(|_| {
                let message = format!("{authority} did not answer within a minute");
                Failure::new(Exit::Unavailable, message)
            })?
    }

    async fn answer(
        &self,
        request: Request<Full<Bytes>>,
        authority: &str,
    ) -> Result<Response<Bytes>, Failure> {
        let response = self.client.request(request).await.map_err(|error| {
            let message = format!("cannot reach {authority}");
            let failure = Failure::caused(Exit::Unavailable, message, &error);
            hint(&error).into_iter().fold(failure, Failure::with_detail)
        })?;
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, MAX_ANSWER_BYTES)
            .collect()
            .await
            .map_err(|error| {
                let message = format!("the answer of {authority} broke off");
                Failure::caused(Exit::Unavailable, message, error.as_ref())
            })?;
        Ok(Response::from_parts(parts, body.to_bytes()))
    }
}

/// What to do about a server that is there and speaks otherwise than it was spoken to.
fn hint(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref() {
            return hint_of_tls(error);
        }
        if error.downcast_ref().is_some_and(hyper::Error::is_parse) {
            return Some("that port does not speak plain HTTP; it may be one for https://");
        }
        // An error of the system hides the one it carries from the chain.
        let system = error.downcast_ref::<io::Error>();
        let carried = system.and_then(io::Error::get_ref);
        cause = carried.map_or_else(|| error.source(), |carried| Some(carried));
    }
    None
}

fn hint_of_tls(error: &rustls::Error) -> Option<&'static str> {
    match error {
        rustls::Error::InvalidMessage(_) => {
            Some("that port does not speak TLS; it may be one for http://")
        }
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => Some(
            "name the certificate to trust with --ca-cert; a server with --tls-self-signed keeps its own in its data \
             folder, as tls-self-signed.crt",
        ),
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Some("the certificate is for another name: call the server by one that stands in it"),
        _ => None,
    }
}

/// TLS that trusts the system's certificates, or only those of a file.
///
/// # Errors
/// When the certificates cannot be read.
pub(crate) fn tls(ca_cert: Option<&Path>) -> Result<ClientConfig, Failure> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::caused(Exit::Failed, "cannot set up TLS", &error))?;
    let Some(path) = ca_cert else {
        // A system without certificates can still be used over plain HTTP, and says so at the first handshake.
        return Ok(builder
            .with_root_certificates(system_roots())
            .with_no_client_auth());
    };
    let unusable = |error: &dyn Error| {
        let message = format!("cannot use the certificates of {}", path.display());
        Failure::caused(Exit::Usage, message, error)
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unusable(&error))? {
        let certificate = certificate.map_err(|error| unusable(&error))?;
        roots.add(certificate).map_err(|error| unusable(&error))?;
    }
    if roots.is_empty() {
        let message = format!("{} holds no certificate", path.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_server_that_is_not_there_is_unavailable() {
        // Port 1 of the loopback is nobody's.
        let server = "http://127.0.0.1:1".parse().unwrap();
        let network = Network::new(server, None).unwrap();
        let request = Request::get("/healthz").body(Bytes::new()).unwrap();
        let failure = network.send(request).await.unwrap_err();
        assert_eq!(failure.exit, Exit::Unavailable);
        assert!(failure.message.contains("127.0.0.1:1"), "{failure}");
    }

    /// What a client is told that calls with this scheme a port where these bytes are the answer to whatever comes.
    async fn told_by_a_port_that_says(scheme: &str, answer: &'static [u8]) -> Failure {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("{scheme}://{}", listener.local_addr().unwrap());
        let peer = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            drop(stream.read(&mut [0; 1024]).await);
            drop(stream.write_all(answer).await);
        });
        let network = Network::new(server.parse().unwrap(), None).unwrap();
        let request = Request::get("/healthz").body(Bytes::new()).unwrap();
        let failure = network.send(request).await.unwrap_err();
        peer.await.unwrap();
        failure
    }

    #[tokio::test]
    async fn a_port_that_speaks_otherwise_is_told_from_one_that_is_not_there() {
        let http = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        let failure = told_by_a_port_that_says("https", http).await.to_string();
        assert!(failure.contains("http://"), "{failure}");
        // An alert of TLS 1.2: decode_error.
        let alert = b"\x15\x03\x03\x00\x02\x02\x32";
        let failure = told_by_a_port_that_says("http", alert).await.to_string();
        assert!(failure.contains("https://"), "{failure}");
    }

    #[test]
    fn a_certificate_that_is_not_trusted_is_told_what_to_do() {
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = io::Error::other(unknown);
        assert!(hint(&error).unwrap().contains("--ca-cert"));
        let expired = rustls::Error::InvalidCertificate(CertificateError::Expired);
        assert_eq!(hint(&expired), None);
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        for text in [
            "",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            fs::write(&path, text).unwrap();
            let failure = tls(Some(&path)).unwrap_err();
            assert!(failure.message.contains("ca.pem"), "{failure}");
        }
    }
}
