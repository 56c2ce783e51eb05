//! Which files make a certificate, and what is said of those that do not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use breakglass_domain::{Thumbprint, Timestamp};
use rcgen::KeyPair;
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

use super::fixture::{NOW, hosts, read, start, tls_client, tls_client_with};
use crate::server::{ServerOptions, TlsConfig, TlsError, is_loopback};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Writes a fresh certificate for `localhost` and its key into two files of the folder.
fn write_pair(folder: &Path) -> (PathBuf, PathBuf) {
    let key = KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(hosts(&["localhost"]))
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let paths = (folder.join("server.crt"), folder.join("server.key"));
    fs::write(&paths.0, certificate.pem()).unwrap();
    fs::write(&paths.1, key.serialize_pem()).unwrap();
    paths
}

fn self_signed(names: &[&str], folder: &TempDir, now: Timestamp) -> TlsConfig {
    TlsConfig::self_signed(&hosts(names), folder.path(), now).unwrap()
}

/// The private key in the folder's self-signed pair.
fn kept_key(folder: &TempDir) -> Vec<u8> {
    let path = folder.path().join("tls-self-signed.pem");
    let key = PrivateKeyDer::from_pem_file(path).unwrap();
    key.secret_der().to_vec()
}

#[test]
fn a_pair_of_files_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = write_pair(folder.path());
    let tls = TlsConfig::from_pem_files(&certificate, &key).unwrap();
    let fingerprint = tls.fingerprint().to_string();
    assert_eq!(fingerprint.len(), 32 * 3 - 1);
    assert!(
        fingerprint
            .split(':')
            .all(|pair| pair.len() == 2 && u8::from_str_radix(pair, 16).is_ok()),
        "{fingerprint}"
    );
}

#[test]
fn each_fault_of_the_files_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = write_pair(folder.path());
    let other = tempfile::tempdir().unwrap();
    let (_, other_key) = write_pair(other.path());
    let written = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let absent = folder.path().join("absent");
    let empty = written("empty", "");
    let encrypted = written(
        "encrypted",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let odd_key = written(
        "odd-key",
        "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
    );
    let odd_certificate = written(
        "odd-certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let cut = written("cut", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    let cut_key = written("cut-key", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n");

    let check = |certificate: &Path, key: &Path, named: &Path, expected: &str| {
        let message = TlsConfig::from_pem_files(certificate, key)
            .unwrap_err()
            .to_string();
        assert!(message.contains(expected), "{message}");
        assert!(message.contains(&named.display().to_string()), "{message}");
        assert!(!message.contains("c2VjcmV0"), "{message}");
    };
    check(&absent, &key, &absent, "could not be read");
    check(&certificate, &absent, &absent, "could not be read");
    check(&empty, &key, &empty, "no certificate");
    check(&key, &key, &key, "no certificate");
    check(&certificate, &empty, &empty, "no private key");
    check(&certificate, &certificate, &certificate, "no private key");
    check(&certificate, &encrypted, &encrypted, "is encrypted");
    check(&certificate, &odd_key, &odd_key, "cannot be used");
    check(&odd_certificate, &key, &odd_certificate, "cannot be used");
    check(&cut, &key, &cut, "is not PEM");
    check(&certificate, &cut_key, &cut_key, "is not PEM");
    check(&certificate, &other_key, &other_key, "does not belong");
    check(&certificate, &other_key, &certificate, "does not belong");
}

#[test]
fn a_self_signed_certificate_is_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = self_signed(&["localhost", "127.0.0.1", "::1"], &folder, NOW);
    let again = self_signed(&["localhost", "127.0.0.1", "::1"], &folder, NOW);
    assert_eq!(first.fingerprint(), again.fingerprint());
    let later = Timestamp::from_millis(NOW.millis() + 700 * DAY);
    let fewer = self_signed(&["127.0.0.1"], &folder, later);
    assert_eq!(first.fingerprint(), fewer.fingerprint());

    let pair = folder.path().join("tls-self-signed.pem");
    let mode = fs::metadata(&pair).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    let mut files: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    files.sort();
    assert_eq!(files, ["tls-self-signed.crt", "tls-self-signed.pem"]);
}

#[test]
fn the_file_for_clients_holds_the_certificate_and_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let tls = self_signed(&["localhost"], &folder, NOW);
    let path = folder.path().join("tls-self-signed.crt");
    let check = || {
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches("-----BEGIN").count(), 1, "{text}");
        let pair = folder.path().join("tls-self-signed.pem");
        assert_eq!(
            CertificateDer::from_pem_file(&path).unwrap(),
            CertificateDer::from_pem_file(pair).unwrap(),
        );
    };
    check();

    fs::remove_file(&path).unwrap();
    assert_eq!(
        self_signed(&["localhost"], &folder, NOW).fingerprint(),
        tls.fingerprint()
    );
    check();
}

#[test]
fn a_self_signed_certificate_is_made_again_with_the_same_key() {
    let month = 30 * DAY;
    let lifetime = 824 * DAY;
    for (names, now) in [
        // A host it does not name.
        (&["localhost", "vault.example"][..], NOW.millis()),
        // Less than 30 days left, and over.
        (&["localhost"][..], NOW.millis() + lifetime - month + 1000),
        (&["localhost"][..], NOW.millis() + lifetime + DAY),
        // A clock that was set back behind its beginning.
        (&["localhost"][..], NOW.millis() - 2 * DAY),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let before = self_signed(&["localhost"], &folder, NOW);
        let key = kept_key(&folder);
        let after = self_signed(names, &folder, Timestamp::from_millis(now));
        assert_ne!(before.fingerprint(), after.fingerprint());
        assert_eq!(key, kept_key(&folder));
        let again = self_signed(names, &folder, Timestamp::from_millis(now));
        assert_eq!(after.fingerprint(), again.fingerprint());
    }
}

#[test]
fn a_self_signed_certificate_needs_hosts_that_it_can_name() {
    let folder = tempfile::tempdir().unwrap();
    let none = TlsConfig::self_signed(&[], folder.path(), NOW).unwrap_err();
    assert!(matches!(none, TlsError::NoHost));
    for host in ["", "two words", "*", "host:443", "http://host"] {
        let error = TlsConfig::self_signed(&hosts(&[host]), folder.path(), NOW).unwrap_err();
        assert!(matches!(error, TlsError::Host { .. }), "{host}: {error}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_file_of_someone_else_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tls-self-signed.pem");
    fs::write(&path, "my notes").unwrap();
    let error = TlsConfig::self_signed(&hosts(&["localhost"]), folder.path(), NOW).unwrap_err();
    assert!(matches!(error, TlsError::NoCertificate { .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "my notes");
}

#[test]
fn no_key_is_printed_for_debugging() {
    let folder = tempfile::tempdir().unwrap();
    let tls = self_signed(&["localhost"], &folder, NOW);
    let path = folder.path().join("tls-self-signed.pem");
    assert_eq!(
        format!("{tls:?}"),
        format!("TlsConfig {{ source: Source {{ certificate: {path:?}, key: {path:?} }}, .. }}"),
    );
}

#[tokio::test]
async fn a_running_server_shows_the_certificate_that_was_reloaded() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = write_pair(folder.path());
    let tls = TlsConfig::from_pem_files(&certificate, &key).unwrap();
    let server = start(ServerOptions::default(), Some(tls.clone())).await;
    let uri: http::Uri = format!("https://localhost:{}/", server.address.port())
        .parse()
        .unwrap();
    let before = tls.fingerprint();

    write_pair(folder.path());
    let client = tls_client(&certificate, &[&TLS13], true);
    assert!(client.get(uri.clone()).await.is_err());
    tls.reload().unwrap();
    assert_ne!(tls.fingerprint(), before);
    let response = client.get(uri.clone()).await.unwrap();
    assert!(read(response).await.1.starts_with("HTTP/2.0 "));

    // A file that cannot be used leaves what was in use.
    let reloaded = tls.fingerprint();
    fs::write(&key, "").unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::NoKey { .. })));
    assert_eq!(tls.fingerprint(), reloaded);
    let fresh = tls_client(&certificate, &[&TLS13], true);
    assert!(fresh.get(uri).await.is_ok());
}

#[test]
fn only_loopback_addresses_are_out_of_reach_of_others() {
    let check = |address: &str, expected: bool| {
        assert_eq!(is_loopback(address.parse().unwrap()), expected, "{address}");
    };
    check("127.0.0.1:8443", true);
    check("127.8.0.1:8443", true);
    check("[::1]:8443", true);
    check("[::ffff:127.0.0.1]:8443", true);
    check("0.0.0.0:8443", false);
    check("[::]:8443", false);
    check("192.0.2.1:8443", false);
    check("[::ffff:192.0.2.1]:8443", false);
}

#[tokio::test]
async fn a_client_is_known_by_the_certificate_whose_key_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let mine = tempfile::tempdir().unwrap();
    let (certificate, key) = write_pair(mine.path());
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let thumbprint = Thumbprint::of(&certificate).to_string();
    let trusted = folder.path().join("tls-self-signed.crt");
    let plain = self_signed(&["localhost"], &folder, NOW);
    let asking = plain.clone().asking_for_certificates().unwrap();
    for (tls, is_asked) in [(plain, false), (asking, true)] {
        let running = start(ServerOptions::default(), Some(tls)).await;
        let url = format!("https://localhost:{}/", running.address.port());
        for version in [&TLS12, &TLS13] {
            for shows in [false, true] {
                let pair = shows.then(|| (certificate.clone(), key.clone_key()));
                let client = tls_client_with(&trusted, &[version], true, pair);
                let answer = client.get(url.parse().unwrap()).await.unwrap();
                let (_, text) = read(answer).await;
                let is_known = text.ends_with(&thumbprint);
                assert_eq!(is_known, is_asked && shows, "{text}");
            }
        }
    }
}
