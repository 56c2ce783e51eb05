//! The tokens that an attacker sends, and those that are ours but meant for something else.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use breakglass_domain::audit::{AuditMac, Checkpoint};
use breakglass_domain::{SignatureAlgorithm, SigningKey, StatusList, Timestamp};
use breakglass_ports::{CryptoError, PublicKeyMaterial, StatusListToken, TokenSigner};
use serde_json::{Value, json};

use super::fixture::{ALGORITHMS, FIXTURE, ISSUER, claims, encoded, forge};
use crate::signing_pair::SigningPair;

fn accepted(name: &str, token: &str) {
    assert_eq!(FIXTURE.verify(token), Ok(()), "{name}");
}

fn refused(name: &str, token: &str) {
    assert_eq!(
        FIXTURE.verify(token),
        Err(CryptoError::NotVerified),
        "{name}: {token}"
    );
}

fn header(key: &SigningKey) -> Value {
    json!({"alg": key.algorithm.name(), "kid": key.id.as_str(), "typ": "at+jwt"})
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

fn payload() -> Value {
    json!({
        "iss": ISSUER,
        "sub": "night-watch",
        "client_id": "night-watch",
        "jti": "00000000-0000-4000-8000-000000000000",
        "sub": "night-watch",
        "aud": [],
        "iat": 1,
        "roles": [],
        "exp": 4_000_000_000_u32,
    })
}

/// A token with this header and payload, rightly signed with the private key of `key`.
fn ours(key: &SigningKey, header: &Value, payload: &Value) -> String {
    let pair = FIXTURE.signer.pair(key).unwrap();
    forge(&pair, &header.to_string(), &payload.to_string())
}

#[test]
fn what_is_ours_to_the_letter_is_accepted() {
    for key in &FIXTURE.keys {
        accepted("as signed", &ours(key, &header(key), &payload()));
        let expired = with(payload(), "exp", json!(1));
        accepted("times are the caller's", &ours(key, &header(key), &expired));
    }
}

#[test]
fn addresses_of_keys_in_the_header_are_ignored() {
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    for name in ["jku", "x5u"] {
        let header = with(header(key), name, json!("http://127.0.0.1:9/keys"));
        accepted(name, &ours(key, &header, &payload()));
    }
}

#[test]
fn a_header_that_is_not_an_access_tokens_is_refused() {
    for key in &FIXTURE.keys {
        let other = FIXTURE
            .keys
            .iter()
            .find(|other| other.id != key.id)
            .unwrap();
        let cases = [
            ("no typ", without(header(key), "typ")),
            ("plain JWT", with(header(key), "typ", json!("JWT"))),
            (
                "status list",
                with(header(key), "typ", json!("statuslist+jwt")),
            ),
            ("no kid", without(header(key), "kid")),
            ("unknown kid", with(header(key), "kid", json!("nobody"))),
            (
                "kid of another key",
                with(header(key), "kid", json!(other.id.as_str())),
            ),
            ("kid of another type", with(header(key), "kid", json!(7))),
            ("no alg", without(header(key), "alg")),
            (
                "alg of another key",
                with(header(key), "alg", json!(other.algorithm.name())),
            ),
            ("unknown alg", with(header(key), "alg", json!("ES256K"))),
            ("critical", with(header(key), "crit", json!(["exp"]))),
            ("nothing critical", with(header(key), "crit", json!([]))),
        ];
        for (name, header) in cases {
            refused(name, &ours(key, &header, &payload()));
        }
    }
}

#[test]
fn another_algorithm_of_the_same_family_is_refused() {
    let cases = [
        (SignatureAlgorithm::Rs256, "PS256"),
        (SignatureAlgorithm::Rs256, "RS512"),
        (SignatureAlgorithm::Es256, "ES384"),
    ];
    for (algorithm, name) in cases {
        let key = FIXTURE.key(algorithm);
        let header = with(header(key), "alg", json!(name));
        refused(name, &ours(key, &header, &payload()));
    }
}

#[test]
fn a_member_given_twice_is_refused() {
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    let pair = FIXTURE.signer.pair(key).unwrap();
    let id = &key.id;
    let twice = format!(r#"{{"alg":"none","alg":"ES256","kid":"{id}","typ":"at+jwt"}}"#);
    refused("alg twice", &forge(&pair, &twice, &payload().to_string()));
    let two_issuers = format!(r#"{{"iss":"https://other.example","iss":"{ISSUER}"}}"#);
    refused(
        "iss twice",
        &forge(&pair, &header(key).to_string(), &two_issuers),
    );
}

#[test]
fn a_payload_that_names_another_issuer_is_refused() {
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    let cases = [
        ("no iss", without(payload(), "iss")),
        (
            "other iss",
            with(payload(), "iss", json!("https://other.example")),
        ),
        (
            "iss with a slash",
            with(payload(), "iss", json!(format!("{ISSUER}/"))),
        ),
        (
            "several iss",
            with(payload(), "iss", json!([ISSUER, "https://other.example"])),
        ),
        ("iss of another type", with(payload(), "iss", json!(7))),
        ("no object", json!([ISSUER])),
    ];
    for (name, payload) in cases {
        refused(name, &ours(key, &header(key), &payload));
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    for key in &FIXTURE.keys {
        for alg in ["none", "None", "NONE", key.algorithm.name()] {
            let header = with(header(key), "alg", json!(alg));
            let unsigned = format!(
                "{}.{}",
                encoded(header.to_string()),
                encoded(payload().to_string())
            );
            refused("empty signature", &format!("{unsigned}."));
            refused("no signature", &unsigned);
            refused("zeroes", &format!("{unsigned}.{}", encoded([0; 64])));
        }
    }
}

#[test]
fn a_public_key_is_no_shared_secret() {
    for key in &FIXTURE.keys {
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(&key.public_key)
        );
        let header = with(header(key), "alg", json!("HS256"));
        let message = format!(
            "{}.{}",
            encoded(header.to_string()),
            encoded(payload().to_string())
        );
        for secret in [key.public_key.as_slice(), pem.as_bytes(), b""] {
            let tag = hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, secret),
                message.as_bytes(),
            );
            refused("HS256", &format!("{message}.{}", encoded(tag)));
        }
    }
}

#[test]
fn a_key_that_the_token_brings_along_is_refused() {
    for algorithm in ALGORITHMS {
        let key = FIXTURE.key(algorithm);
        let attacker = SigningPair::generate(algorithm).unwrap();
        let jwk = match &attacker.public_key().material {
            PublicKeyMaterial::EllipticCurve { x, y } => {
                json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})
            }
            PublicKeyMaterial::OctetKeyPair { x } => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": x})
            }
            PublicKeyMaterial::Rsa { e, n } => json!({"kty": "RSA", "e": e, "n": n}),
        };
        let own_kid = with(header(key), "kid", json!(attacker.public_key().id.as_str()));
        let cases = [
            ("our kid", header(key)),
            ("our kid and a jwk", with(header(key), "jwk", jwk.clone())),
            ("their kid and a jwk", with(own_kid, "jwk", jwk)),
            (
                "jku",
                with(header(key), "jku", json!("http://127.0.0.1:9/")),
            ),
            (
                "x5u",
                with(header(key), "x5u", json!("http://127.0.0.1:9/")),
            ),
        ];
        for (name, header) in cases {
            let token = forge(&attacker, &header.to_string(), &payload().to_string());
            refused(name, &token);
        }
    }
}

#[test]
fn anything_around_or_between_the_parts_is_refused() {
    for key in &FIXTURE.keys {
        let token = ours(key, &header(key), &payload());
        let (message, signature) = token.rsplit_once('.').unwrap();
        let cases = [
            format!("{token}."),
            format!("{token}.{signature}"),
            format!("{token}A"),
            format!("{token}="),
            format!("{token} "),
            format!("{token}\n"),
            format!("{token}\0"),
            format!(" {token}"),
            format!(".{token}"),
            format!("Bearer {token}"),
            format!("{message}..{signature}"),
            format!("{message}.{}", &signature[..signature.len() - 4]),
            format!("{message}.{signature}AAAA"),
            token.replacen('.', "=.", 1),
            token.to_uppercase(),
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            "a.b.c".to_owned(),
            "\u{1f511}.\u{1f511}.\u{1f511}".to_owned(),
        ];
        for case in cases {
            refused("form", &case);
        }
    }
}

#[test]
fn more_than_sixteen_kibibytes_are_not_looked_at() {
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    let long = |length: usize| {
        let payload = with(payload(), "padding", json!("a".repeat(length)));
        ours(key, &header(key), &payload)
    };
    let (fits, exceeds) = (long(11_000), long(12_500));
    assert!(fits.len() <= 16 * 1024 && exceeds.len() > 16 * 1024);
    accepted("fits", &fits);
    refused("too long", &exceeds);
    refused("much too long", &"a.".repeat(10_000_000));
}

#[test]
fn one_kind_is_refused_where_another_is_due() {
    let (signer, key) = (&FIXTURE.signer, FIXTURE.key(SignatureAlgorithm::Es256));
    let list = StatusList::new(1, &[]);
    let status_list = signer
        .sign_status_list(
            key,
            &StatusListToken {
                issuer: ISSUER,
                subject: ISSUER,
                issued_at: Timestamp::from_millis(0),
                expires_at: Timestamp::from_millis(1_000),
                ttl_seconds: 30,
                list: &list,
            },
        )
        .unwrap();
    let checkpoint = Checkpoint {
        sequence: 1,
        mac: AuditMac::from_bytes([1; 32]),
        time: Timestamp::from_millis(1),
    };
    let checkpoint = signer.sign_checkpoint(key, &checkpoint).unwrap().jws;
    let access_token = signer
        .sign_access_token(key, &claims(&"night-watch".parse().unwrap()))
        .unwrap();

    accepted("access token", access_token.expose());
    refused("status list", &status_list);
    refused("checkpoint", &checkpoint);
    assert!(signer.verify_checkpoint(key, &checkpoint).is_ok());
    for other in [status_list.as_str(), access_token.expose()] {
        assert_eq!(
            signer.verify_checkpoint(key, other),
            Err(CryptoError::NotVerified)
        );
    }
}
