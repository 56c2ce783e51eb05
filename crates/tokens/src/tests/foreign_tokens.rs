//! Tokens of other issuers, and the certificates by which they are believed.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use breakglass_domain::decision::Holder;
use breakglass_domain::host_token::HostTokenClaims;
use breakglass_domain::{
    CertificateChain, Entitlement, ForeignClaims, KeySet, Secret, SignatureAlgorithm, Timestamp,
    TokenId,
};
use breakglass_ports::{CryptoError, TokenSigner};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};

use super::fixture::{FIXTURE, encoded, jwk, signed};
use crate::certificates::{read_chain, write};
use crate::foreign_token::{self, claimed_issuer, claimed_kid};
use crate::key_set;
use breakglass_domain::access_token::MAX_TOKEN_BYTES;

/// 2026-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// An issuer with a root, and a key whose certificate the root signed.
struct Issuer {
    key: KeyPair,
    certificate: Vec<u8>,
    root: Vec<u8>,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2025, 1, 1);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    params
}

impl Issuer {
    fn new(algorithm: &'static rcgen::SignatureAlgorithm) -> Self {
        let mut root = params("root");
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = params("signer").signed_by(&key, &root).unwrap();
        Self {
            certificate: certificate.der().to_vec(),
            root: root.der().to_vec(),
            key,
        }
    }

    fn chain(&self) -> CertificateChain {
        CertificateChain(vec![self.certificate.clone(), self.root.clone()])
    }

    fn sign(&self, algorithm: Algorithm, payload: &Value) -> String {
        let der = self.key.serialize_der();
        let key = match algorithm {
            Algorithm::EdDSA => EncodingKey::from_ed_der(&der),
            _ => EncodingKey::from_ec_der(&der),
        };
        encode(&Header::new(algorithm), payload, &key).unwrap()
    }
}

fn payload() -> Value {
    json!({
        "iss": "https://vc/openidconnect/vsphere.local",
        "sub": "alice@vsphere.local",
        "aud": "vmware-tes:vapi",
        "iat": NOW.seconds(),
        "exp": NOW.seconds() + 600,
        "group_names": ["vsphere.local\\admins"],
        "privs": {"scope1": ["p1", "p2"]},
    })
}

fn verify(
    chains: &[CertificateChain],
    token: &str,
    now: Timestamp,
) -> Result<ForeignClaims, CryptoError> {
    foreign_token::verify(chains, &KeySet::default(), (token, MAX_TOKEN_BYTES), now)
}

fn check(issuer: &Issuer, token: &str) -> Result<ForeignClaims, CryptoError> {
    verify(&[issuer.chain()], token, NOW)
}

#[test]
fn a_token_is_believed_by_the_certificate_of_its_key() {
    for (rcgen, algorithm) in [
        (&rcgen::PKCS_ECDSA_P256_SHA256, Algorithm::ES256),
        (&rcgen::PKCS_ECDSA_P384_SHA384, Algorithm::ES384),
        (&rcgen::PKCS_ED25519, Algorithm::EdDSA),
    ] {
        let (issuer, other) = (Issuer::new(rcgen), Issuer::new(rcgen));
        let token = issuer.sign(algorithm, &payload());
        let read = check(&issuer, &token).unwrap();
        assert_eq!(read.subject, "alice@vsphere.local");
        assert_eq!(read.audience, ["vmware-tes:vapi"]);
        assert_eq!(read.groups, ["vsphere.local\\admins"]);
        assert_eq!(read.privileges["scope1"], ["p1", "p2"]);
        assert_eq!(
            claimed_issuer(&token).as_deref(),
            Some(read.issuer.as_str())
        );
        assert_eq!(check(&other, &token), Err(CryptoError::NotVerified));
        let chains = [other.chain(), issuer.chain()];
        assert!(verify(&chains, &token, NOW).is_ok(), "any of the chains");
        let later = NOW.plus_millis(2 * 365 * 86_400_000);
        let refused = verify(&[issuer.chain()], &token, later);
        assert_eq!(
            refused,
            Err(CryptoError::NotVerified),
            "the certificate is over"
        );
        let root = CertificateChain(vec![issuer.root.clone()]);
        assert!(verify(&[root], &token, NOW).is_err(), "the first signs");
    }
}

#[test]
fn the_header_decides_nothing() {
    let issuer = Issuer::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let good = issuer.sign(Algorithm::ES256, &payload());
    let rest = good.split_once('.').unwrap().1;
    let hmac = EncodingKey::from_secret(issuer.key.public_key_raw());
    let by_public_key = encode(&Header::new(Algorithm::HS256), &payload(), &hmac).unwrap();
    assert!(check(&issuer, &by_public_key).is_err());
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "ES384"}),
        json!({"alg": "ES256", "typ": "dpop+jwt"}),
        json!({"alg": "ES256", "crit": ["exp"]}),
        json!({"alg": "ES256", "jku": "http://127.0.0.1:9/", "jwk": jwk(SignatureAlgorithm::Es256)}),
    ] {
        let token = format!("{}.{rest}", encoded(header.to_string()));
        assert!(check(&issuer, &token).is_err(), "{header}");
    }
    for (name, value) in [
        ("iss", Value::Null),
        ("sub", json!(["a"])),
        ("aud", Value::Null),
        ("iat", json!("now")),
        ("exp", Value::Null),
        ("group_names", json!("admins")),
        ("privs", json!({"s": "p"})),
    ] {
        let mut payload = payload();
        payload[name] = value;
        let token = issuer.sign(Algorithm::ES256, &payload);
        assert!(check(&issuer, &token).is_err(), "{name}");
    }
}

#[test]
fn chains_are_read_in_pem_and_in_base64() {
    let issuer = Issuer::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let pem = [write(&issuer.certificate), write(&issuer.root)];
    assert_eq!(read_chain(&pem), Ok(issuer.chain()));
    assert_eq!(read_chain(&[pem.concat()]), Ok(issuer.chain()));
    let mut wrapped = STANDARD.encode(&issuer.certificate);
    wrapped.insert(64, '\n');
    let bare = CertificateChain(vec![issuer.certificate.clone()]);
    assert_eq!(read_chain(&[wrapped]), Ok(bare));
}

#[test]
fn what_is_no_chain_is_told_why() {
    let issuer = Issuer::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let other = Issuer::new(&rcgen::PKCS_ECDSA_P256_SHA256);
    let text = write(&issuer.certificate);
    let long = "A".repeat(40_000);
    let fault = |texts: &[String]| read_chain(texts).unwrap_err();
    for (text, part) in [
        (issuer.key.serialize_pem(), "private key"),
        ("secret".to_owned(), "must be an X.509 certificate"),
        (
            STANDARD.encode("not a certificate"),
            "is not an X.509 certificate",
        ),
        (
            text.replace("CERTIFICATE", "PUBLIC KEY"),
            "must be an X.509 certificate",
        ),
        (long, "too long"),
    ] {
        let fault = fault(&[write(&issuer.certificate), text]);
        assert_eq!(fault.place, Some(1), "{fault}");
        assert!(fault.rule.contains(part), "{fault}");
    }
    let unrelated = fault(&[text.clone(), write(&other.root)]);
    assert!(unrelated.rule.contains("not signed by"), "{unrelated}");
    let reversed = fault(&[write(&issuer.root), text.clone()]);
    assert_eq!(reversed.place, Some(0));
    assert_eq!(fault(&[]).place, None);
    assert_eq!(fault(&vec![text; 17]).place, None);
}

#[test]
fn a_host_token_reads_back_and_is_no_access_token() {
    let signer = &FIXTURE.signer;
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    let issuer = super::fixture::ISSUER;
    let claims = HostTokenClaims {
        issuer: issuer.to_owned(),
        audience: vec!["https://breakglass.example".to_owned()],
        issued_at: Timestamp::from_millis(1000),
        expires_at: Timestamp::from_millis(2000),
        token_id: TokenId::from_random([1; 16]),
        holder: Holder::of_issuer("vc".parse().unwrap(), "alice@home").in_groups(["d\\g"]),
        entitlements: BTreeSet::from([Entitlement::ReadOnly]),
        vouched_since: Some(Timestamp::from_millis(5)),
    };
    let token = signer.sign_host_token(key, &claims).unwrap();
    let read = signer.verify_host_token(key, "/acs/t/CUSTOMER", &token);
    assert_eq!(read, Ok(claims.clone()));
    let elsewhere = signer.verify_host_token(key, "/acs/t/OTHER", &token);
    assert_eq!(elsewhere, Err(CryptoError::NotVerified));
    let other = FIXTURE.key(SignatureAlgorithm::EdDsa);
    assert!(
        signer
            .verify_host_token(other, "/acs/t/CUSTOMER", &token)
            .is_err()
    );
    let keys = [key.clone()];
    let as_access_token = signer.verify_access_token(&keys, "/acs/t/CUSTOMER", &token);
    assert_eq!(as_access_token, Err(CryptoError::NotVerified));
    let local = HostTokenClaims {
        holder: Holder::local("root"),
        ..claims
    };
    let token = signer.sign_host_token(key, &local).unwrap();
    let read = signer.verify_host_token(key, "/acs/t/CUSTOMER", &token);
    assert_eq!(read, Ok(local));
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,200}", der in prop::collection::vec(any::<u8>(), 0..200)) {
        let issuer = CertificateChain(vec![der.clone()]);
        prop_assert!(verify(&[issuer], &text, NOW).is_err());
        prop_assert!(read_chain(std::slice::from_ref(&text)).is_err());
        prop_assert!(read_chain(&[STANDARD.encode(der)]).is_err());
        drop(claimed_issuer(&text));
        drop(claimed_issuer(&Secret::new(text).expose().repeat(2)));
    }
}

/// What an issuer publishes that has these keys.
fn published(keys: &Value) -> KeySet {
    key_set::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

#[test]
fn a_token_is_believed_by_the_key_that_its_issuer_publishes() {
    for algorithm in [
        SignatureAlgorithm::Es256,
        SignatureAlgorithm::EdDsa,
        SignatureAlgorithm::Rs256,
    ] {
        let key = |kid: &str| {
            let mut key = jwk(algorithm);
            key["kid"] = json!(kid);
            key
        };
        let header = |kid: &str| json!({"alg": algorithm.name(), "typ": "JWT", "kid": kid});
        let token = signed(algorithm, &header("k1"), &payload());
        assert_eq!(claimed_kid(&token).as_deref(), Some("k1"));
        let check = |keys: Value| {
            foreign_token::verify(&[], &published(&keys), (&token, MAX_TOKEN_BYTES), NOW)
        };
        assert!(
            check(json!([key("k0"), key("k1")])).is_ok(),
            "{algorithm:?}"
        );
        for (keys, why) in [
            (json!([]), "there is none"),
            (json!([key("k0")]), "it has another name"),
        ] {
            assert!(check(keys).is_err(), "{algorithm:?}: {why}");
        }
        for (member, value) in [("alg", json!("PS512")), ("use", json!("enc"))] {
            let mut other = key("k1");
            other[member] = value;
            assert!(check(json!([other])).is_err(), "{algorithm:?}: {member}");
        }
        let mut header = header("k1");
        header["jku"] = json!("https://elsewhere/keys");
        header["jwk"] = key("k1");
        let token = signed(algorithm, &header, &payload());
        assert!(
            foreign_token::verify(&[], &KeySet::default(), (&token, MAX_TOKEN_BYTES), NOW).is_err()
        );
    }
}

#[test]
fn only_public_keys_for_signatures_are_read_of_a_document() {
    let mut private = jwk(SignatureAlgorithm::Es256);
    private["d"] = json!("c2VjcmV0");
    let odd = json!([
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"},
        {"kty": "new"},
        7,
        private,
    ]);
    let keys = published(&odd).keys;
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert!(!keys[0].jwk.contains("c2VjcmV0"), "{keys:?}");
    let many = json!({"keys": vec![jwk(SignatureAlgorithm::EdDsa); 65]});
    for document in ["", "[]", "{}", &many.to_string()] {
        assert_eq!(
            key_set::read(document.as_bytes()),
            Err(CryptoError::NotVerified)
        );
    }
}
