//! The certificate a server signs itself, and the files it is kept in.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use breakglass_domain::Timestamp;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::tls::{TlsError, read_certificates, read_key, unreadable};

/// The file of the certificate and its key; what counts.
const PAIR_FILE: &str = "tls-self-signed.pem";

/// The file of the certificate alone: a copy, for clients.
const CERTIFICATE_FILE: &str = "tls-self-signed.crt";

/// The mode of the pair: its owner reads and writes, nobody else does anything.
const PAIR_MODE: u32 = 0o600;

/// The mode of the certificate, which is no secret.
const CERTIFICATE_MODE: u32 = 0o644;

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// How long a certificate is valid, in seconds: 825 days, the longest that Apple's platforms accept, pinned or not.
const LIFETIME: u64 = 825 * DAY;

/// How long before its end a certificate is made again, in seconds: a server that has just started should not have its
/// certificate run out before it is started again.
const MARGIN: u64 = 30 * DAY;

/// How far a certificate reaches back, in seconds, for clients whose clock is behind.
const BACKDATED: u64 = DAY;

/// The file with a certificate for the hosts and its key, made if need be.
pub(super) fn ensure(hosts: &[String], folder: &Path, now: Timestamp) -> Result<PathBuf, TlsError> {
    let names = names(hosts)?;
    let now = u64::try_from(now.seconds()).unwrap_or(0);
    let path = folder.join(PAIR_FILE);
    let kept = match fs::exists(&path) {
        Ok(exists) => exists.then(|| read_pair(&path)).transpose()?,
        Err(source) => return Err(unreadable(&path, source)),
    };
    match kept {
        Some((certificate, _)) if serves(&certificate, &names, now) => {}
        Some((_, key)) => {
            write_new(&path, &make(hosts, &key, now)?, PAIR_MODE)
                .and_then(|draft| fs::rename(draft, &path))
                .map_err(|source| unwritable(&path, source))?;
        }
        None => {
            let key = KeyPair::generate().map_err(failed)?;
            write_new(&path, &make(hosts, &key, now)?, PAIR_MODE)
                .and_then(|draft| settle(&draft, &path))
                .map_err(|source| unwritable(&path, source))?;
        }
    }
    publish(&path, folder)?;
    Ok(path)
}

/// The hosts as a client would ask for them.
fn names(hosts: &[String]) -> Result<Vec<ServerName<'static>>, TlsError> {
    if hosts.is_empty() {
        return Err(TlsError::NoHost);
    }
    hosts
        .iter()
        .map(|host| {
            ServerName::try_from(host.clone()).map_err(|_| TlsError::Host { host: host.clone() })
        })
        .collect()
}

fn read_pair(path: &Path) -> Result<(CertificateDer<'static>, KeyPair), TlsError> {
    let certificate = read_certificates(path)?.swap_remove(0);
    let PrivateKeyDer::Pkcs8(der) = read_key(path)? else {
        return Err(TlsError::NoKey {
            path: path.to_owned(),
        });
    };
    let key = KeyPair::try_from(&der).map_err(failed)?;
    Ok((certificate, key))
}

/// Whether a client that trusts exactly this certificate would take it for each of the hosts, now and to the margin's
/// end.
fn serves(certificate: &CertificateDer<'_>, names: &[ServerName<'_>], now: u64) -> bool {
    let mut roots = RootCertStore::empty();
    if roots.add(certificate.clone().into_owned()).is_err() {
        return false;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let Ok(client) = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()
    else {
        return false;
    };
    [now, now.saturating_add(MARGIN)]
        .into_iter()
        .all(|instant| {
            let instant = UnixTime::since_unix_epoch(Duration::from_secs(instant));
            names.iter().all(|name| {
                client
                    .verify_server_cert(certificate, &[], name, &[], instant)
                    .is_ok()
            })
        })
}

/// A new certificate and its key, in PEM.
fn make(hosts: &[String], key: &KeyPair, now: u64) -> Result<Zeroizing<String>, TlsError> {
    let mut params = CertificateParams::new(hosts).map_err(failed)?;
    params.not_before = instant(now.saturating_sub(BACKDATED));
    params.not_after = instant(now.saturating_add(LIFETIME).saturating_sub(BACKDATED));
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Breakglass, self-signed");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.self_signed(key).map_err(failed)?;
    let mut pair = Zeroizing::new(certificate.pem());
    pair.push_str(&Zeroizing::new(key.serialize_pem()));
    Ok(pair)
}

fn instant(seconds: u64) -> OffsetDateTime {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// Writes the certificate alone beside the pair, unless it is there already.
fn publish(pair: &Path, folder: &Path) -> Result<(), TlsError> {
    let path = folder.join(CERTIFICATE_FILE);
    let certificate = read_certificates(pair)?;
    if read_certificates(&path).is_ok_and(|published| published == certificate) {
        return Ok(());
    }
    let text = fs::read_to_string(pair).map_err(|source| unreadable(pair, source))?;
    let text = Zeroizing::new(text);
    write_new(&path, certificate_section(&text), CERTIFICATE_MODE)
        .and_then(|draft| fs::rename(draft, &path))
        .map_err(|source| unwritable(&path, source))
}

/// The first certificate of a PEM text, without what stands around it.
fn certificate_section(text: &str) -> &str {
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----\n");
    let section = text.find(begin).zip(text.find(end));
    section
        .and_then(|(first, last)| text.get(first..last + end.len()))
        .unwrap_or_default()
}

/// Writes a file beside the path, durably, and returns where.
fn write_new(path: &Path, content: &str, mode: u32) -> io::Result<PathBuf> {
    let draft = path.with_added_extension(format!("{}.new", std::process::id()));
    // A process of the same number may have stopped here before.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&draft)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    Ok(draft)
}

/// Gives the draft its name, unless another process was first: then that one's file stands.
fn settle(draft: &Path, path: &Path) -> io::Result<()> {
    let linked = fs::hard_link(draft, path);
    fs::remove_file(draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

fn failed(reason: rcgen::Error) -> TlsError {
    TlsError::SelfSigned { reason }
}

fn unwritable(path: &Path, source: io::Error) -> TlsError {
    TlsError::Unwritable {
        path: path.to_owned(),
        source,
    }
}
