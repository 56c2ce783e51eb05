//! Certificates and keys, and what a handshake is held to.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use breakglass_domain::Timestamp;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, NoClientAuth, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{InconsistentKeys, ServerConfig};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use super::client_certificate::AnyCertificate;
use super::self_signed;

/// The protocols offered in the handshake (RFC 7301), the preferred one first.
const ALPN: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A certificate with its key, ready for handshakes of TLS 1.2 and 1.3.
///
/// Clones share the certificate, so [`TlsConfig::reload`] on one of them is seen by all, a running server included.
#[derive(Clone)]
pub struct TlsConfig {
    config: Arc<ServerConfig>,
    current: Arc<Current>,
    source: Source,
}

/// The files that a certificate and its key stand in; they may be the same.
#[derive(Clone, Debug)]
struct Source {
    certificate: PathBuf,
    key: PathBuf,
}

impl TlsConfig {
    /// Reads a certificate chain, the server's own certificate first, and its key; both in PEM.
    ///
    /// # Errors
    /// When a file cannot be read, holds no certificate or no key, or holds one that cannot be used; when the key is
    /// encrypted, or is not the key of the certificate.
    pub fn from_pem_files(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Self::from_source(Source {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The certificate that this server signed itself for these names and addresses, kept in the folder: made when
    /// there is none, made again when it does not name all hosts or is not valid until 30 days from now. Its key stays the
    /// same then, so that a client which knows the key goes on knowing the server.
    ///
    /// The folder gets `tls-self-signed.pem` (mode 0600, certificate and key) and `tls-self-signed.crt`, the
    /// certificate alone, to be handed to clients.
    ///
    /// # Errors
    /// When there is no host or one is neither a DNS name nor an address, when the folder cannot be read or written,
    /// and when the file in it is not one that was written by this function.
    pub fn self_signed(hosts: &[String], folder: &Path, now: Timestamp) -> Result<Self, TlsError> {
        let path = self_signed::ensure(hosts, folder, now)?;
        Self::from_pem_files(&path, &path)
    }

    /// The same, but clients are asked for a certificate, so that tokens can be bound to it (RFC 8705). Whoever made it: it says
    /// nothing of who the client is, only that the client holds its key. A client without one is served too.
    ///
    /// # Errors
    /// As [`TlsConfig::from_pem_files`].
    pub fn asking_for_certificates(self) -> Result<Self, TlsError> {
        let verifier = AnyCertificate(Arc::clone(self.config.crypto_provider()));
        Self::build(self.source, Some(Arc::new(verifier)))
    }

    fn from_source(source: Source) -> Result<Self, TlsError> {
        Self::build(source, None)
    }

    fn build(
        source: Source,
        verifier: Option<Arc<dyn ClientCertVerifier>>,
    ) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let current = Arc::new(Current(RwLock::new(source.read(&provider)?)));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsError::Provider)?
            .with_client_cert_verifier(verifier.unwrap_or_else(|| Arc::new(NoClientAuth)))
            .with_cert_resolver(Arc::<Current>::clone(&current));
        config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
        Ok(Self {
            config: Arc::new(config),
            current,
            source,
        })
    }

    /// Reads the files again. Handshakes from now on show what they hold; connections that stand are not touched.
    ///
    /// # Errors
    /// As [`TlsConfig::from_pem_files`]; the certificate that was in use then stays in use.
    pub fn reload(&self) -> Result<(), TlsError> {
        let read = self.source.read(self.config.crypto_provider())?;
        *self
            .current
            .0
            .write()
            .unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }

    /// The fingerprint of the server's own certificate, by which a person can compare it.
    pub fn fingerprint(&self) -> Fingerprint {
        let current = self.current.get();
        let certificate = current.cert.first().map_or(&[][..], AsRef::as_ref);
        Fingerprint(Sha256::digest(certificate).into())
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConfig")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// The SHA-256 digest of a certificate, printed as pairs of hexadecimal digits with colons between them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The 32 bytes of the digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

/// Why there can be no TLS.
#[derive(Debug, Error)]
pub enum TlsError {
    /// The certificate was read and cannot be used.
    #[error("the certificate in {} cannot be used: {reason}", path.display())]
    Certificate {
        /// The file that holds it.
        path: PathBuf,
        /// What is wrong with it.
        reason: rustls::Error,
    },
    /// The key is encrypted, and there is nobody to ask for its passphrase.
    #[error("the private key in {} is encrypted; an unencrypted one is needed", path.display())]
    EncryptedKey {
        /// The file that holds it.
        path: PathBuf,
    },
    /// A host of a self-signed certificate is neither a DNS name nor an address.
    #[error("{host:?} is neither a DNS name nor an IP address, so no certificate can name it")]
    Host {
        /// The host.
        host: String,
    },
    /// The key was read and cannot be used.
    #[error("the private key in {} cannot be used: {reason}", path.display())]
    Key {
        /// The file that holds it.
        path: PathBuf,
        /// What is wrong with it.
        reason: rustls::Error,
    },
    /// A file is not PEM.
    #[error("{} is not PEM (RFC 7468)", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The key belongs to another certificate.
    #[error("the private key in {} does not belong to the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The file that holds the certificate.
        certificate: PathBuf,
        /// The file that holds the key.
        key: PathBuf,
    },
    /// A file holds no certificate.
    #[error("there is no certificate in {}", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A self-signed certificate was asked for without a host to name.
    #[error("a self-signed certificate has to name at least one host")]
    NoHost,
    /// A file holds no private key.
    #[error("there is no private key in {}", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The cryptography that this program is built with does not do what TLS needs.
    #[error("TLS cannot be set up")]
    Provider(#[source] rustls::Error),
    /// A self-signed certificate could not be made.
    #[error("a self-signed certificate could not be made: {reason}")]
    SelfSigned {
        /// What went wrong.
        reason: rcgen::Error,
    },
    /// A file could not be read.
    #[error("{} could not be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("{} could not be written", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The certificate that handshakes show.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl Current {
    fn get(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get())
    }
}

impl Source {
    fn read(&self, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, TlsError> {
        let chain = read_certificates(&self.certificate)?;
        let key = provider
            .key_provider
            .load_private_key(read_key(&self.key)?)
            .map_err(|reason| TlsError::Key {
                path: self.key.clone(),
                reason,
            })?;
        let pair = CertifiedKey::new(chain, key);
        match pair.keys_match() {
            Ok(()) => Ok(Arc::new(pair)),
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(TlsError::Mismatch {
                    certificate: self.certificate.clone(),
                    key: self.key.clone(),
                })
            }
            Err(reason) => Err(TlsError::Certificate {
                path: self.certificate.clone(),
                reason,
            }),
        }
    }
}

/// The certificates of a file, at least one.
pub(super) fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let content = fs::read(path).map_err(|source| unreadable(path, source))?;
    let chain = CertificateDer::pem_slice_iter(&content)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| malformed(path))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate {
            path: path.to_owned(),
        });
    }
    Ok(chain)
}

/// The first private key of a file. What is wrong with its text is not told: that could be a part of the key.
pub(super) fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let content = fs::read(path).map_err(|source| unreadable(path, source))?;
    let content = Zeroizing::new(content);
    match PrivateKeyDer::from_pem_slice(&content) {
        Ok(key) => Ok(key),
        // PKCS #8 says so in its label (RFC 7468, section 11), the older forms in a header (RFC 1421, section 4.6.1.1).
        Err(_) if holds(&content, b"ENCRYPTED") => Err(TlsError::EncryptedKey {
            path: path.to_owned(),
        }),
        Err(pem::Error::NoItemsFound) => Err(TlsError::NoKey {
            path: path.to_owned(),
        }),
        Err(_) => Err(malformed(path)),
    }
}

fn holds(content: &[u8], word: &[u8]) -> bool {
    content.windows(word.len()).any(|window| window == word)
}

fn malformed(path: &Path) -> TlsError {
    TlsError::Malformed {
        path: path.to_owned(),
    }
}

pub(super) fn unreadable(path: &Path, source: io::Error) -> TlsError {
    TlsError::Unreadable {
        path: path.to_owned(),
        source,
    }
}
