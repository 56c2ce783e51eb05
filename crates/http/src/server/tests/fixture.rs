//! A server to talk to, what it answers, and clients.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use breakglass_domain::Timestamp;
use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::exchange::ClientCertificate;
use crate::server::{Answer, Drained, Server, ServerOptions, TlsConfig};

/// The instant of most tests: 2026-01-01T00:00:00Z.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// Answers with the version of the request, the port of the peer, and the thumbprint of its certificate if it showed one; `/held` waits until the test lets it go.
#[derive(Clone)]
pub(super) struct Desk {
    arrived: mpsc::UnboundedSender<()>,
    release: Arc<Semaphore>,
}

impl Answer for Desk {
    async fn answer(&self, peer: SocketAddr, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if request.uri().path() == "/held" {
            self.arrived.send(()).unwrap();
            self.release.acquire().await.unwrap().forget();
        }
        let version = request.version();
        let mut text = format!("{version:?} {}", peer.port());
        if let Some(ClientCertificate(thumbprint)) = request.extensions().get() {
            text = format!("{text} {thumbprint}");
        }
        Response::new(Full::from(text))
    }
}

/// A server that is being served.
pub(super) struct Running {
    pub(super) address: SocketAddr,
    /// Tells of each request for `/held` that arrived.
    pub(super) arrived: mpsc::UnboundedReceiver<()>,
    /// Lets requests for `/held` go, one for each permit.
    pub(super) release: Arc<Semaphore>,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) ended: JoinHandle<Drained>,
}

/// Serves on a free port of the loopback interface.
pub(super) async fn start(options: ServerOptions, tls: Option<TlsConfig>) -> Running {
    let (arrived_tx, arrived) = mpsc::unbounded_channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let release = Arc::new(Semaphore::new(0));
    let desk = Desk {
        arrived: arrived_tx,
        release: Arc::clone(&release),
    };
    let server = Server::bind((Ipv4Addr::LOCALHOST, 0).into(), options)
        .await
        .unwrap();
    let address = server.local_addr();
    let ended = tokio::spawn(server.serve(desk, tls, async {
        // A test that is over drops its end; that stops the server as well.
        let _ = stopped.await;
    }));
    Running {
        address,
        arrived,
        release,
        stop,
        ended,
    }
}

impl Running {
    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Opens a connection and sends these bytes.
    pub(super) async fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        stream
    }
}

/// All that still comes on a connection, until the server closes it.
pub(super) async fn rest(stream: &mut TcpStream) -> String {
    let mut content = String::new();
    stream.read_to_string(&mut content).await.unwrap();
    content
}

/// Reads one answer of [`Desk`] over HTTP/1.1 and leaves the connection open.
pub(super) async fn read_answer(stream: &mut TcpStream) -> String {
    let mut content = String::new();
    let mut chunk = [0; 1024];
    while content
        .split_once("\r\n\r\n")
        .is_none_or(|(_, body)| body.is_empty())
    {
        let read = stream.read(&mut chunk).await.unwrap();
        assert_ne!(
            read, 0,
            "the connection ended in the middle of an answer: {content}"
        );
        content.push_str(std::str::from_utf8(&chunk[..read]).unwrap());
    }
    content
}

/// A request over HTTP/1.1 that keeps the connection.
pub(super) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

pub(super) type PlainClient = Client<HttpConnector, Empty<Bytes>>;
pub(super) type TlsClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// A client of HTTP/2 with prior knowledge.
pub(super) fn h2_client() -> PlainClient {
    Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http()
}

/// A client that trusts the certificates of a PEM file and nothing else, and speaks these versions of TLS.
pub(super) fn tls_client(
    trusted: &Path,
    versions: &[&'static SupportedProtocolVersion],
    with_h2: bool,
) -> TlsClient {
    tls_client_with(trusted, versions, with_h2, None)
}

/// The same, which shows a certificate when it is asked for one.
pub(super) fn tls_client_with(
    trusted: &Path,
    versions: &[&'static SupportedProtocolVersion],
    with_h2: bool,
    shown: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
) -> TlsClient {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(trusted).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let config = match shown {
        Some((certificate, key)) => config
            .with_client_auth_cert(vec![certificate], key)
            .unwrap(),
        None => config.with_no_client_auth(),
    };
    let builder = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_only();
    let connector = if with_h2 {
        builder.enable_all_versions().build()
    } else {
        builder.enable_http1().build()
    };
    Client::builder(TokioExecutor::new()).build(connector)
}

/// The version and the text of an answer.
pub(super) async fn read(response: Response<Incoming>) -> (Version, String) {
    let version = response.version();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (version, String::from_utf8(body.to_vec()).unwrap())
}

/// The hosts that the certificates of the tests name.
pub(super) fn hosts(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}
