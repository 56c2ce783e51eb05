//! What clients register and sign.

use breakglass_domain::{PublicJwk, SignatureAlgorithm};
use breakglass_ports::CryptoError;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::fixture::{ALGORITHMS, encoded, jwk, signed};
use crate::client_assertion::{claimed_client, verify};
use crate::public_jwk::read_public_jwk;

const REFUSED: CryptoError = CryptoError::NotVerified;

fn payload() -> Value {
    json!({
        "iss": "ci",
        "sub": "ci",
        "aud": "https://b.example/token",
        "exp": 1_750_000_060.5,
        "iat": 1_750_000_000,
        "jti": "1",
    })
}

/// The public half of the fixture's key as a client would register it.
fn registered(algorithm: SignatureAlgorithm) -> PublicJwk {
    read_public_jwk(&jwk(algorithm).to_string()).unwrap()
}

#[test]
fn an_assertion_of_each_algorithm_is_read() {
    for algorithm in ALGORITHMS {
        let header = json!({"alg": algorithm.name(), "typ": "JWT"});
        let assertion = signed(algorithm, &header, &payload());
        let read = verify(&registered(algorithm), &assertion).unwrap();
        assert_eq!((read.issuer.as_str(), read.subject.as_str()), ("ci", "ci"));
        assert_eq!(read.audience, ["https://b.example/token"]);
        assert_eq!(read.expires_at.millis(), 1_750_000_060_500);
        assert_eq!(claimed_client(&assertion).as_deref(), Some("ci"));
    }
}

#[test]
fn what_is_not_an_assertion_of_this_key_is_refused() {
    let algorithm = SignatureAlgorithm::Es256;
    let key = registered(algorithm);
    let check = |assertion: &str| assert_eq!(verify(&key, assertion), Err(REFUSED), "{assertion}");
    let good = json!({"alg": "ES256"});
    assert!(verify(&key, &signed(algorithm, &good, &payload())).is_ok());
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "HS256"}),
        json!({"alg": "RS256"}),
        json!({"alg": "ES256", "typ": "at+jwt"}),
        json!({"alg": "ES256", "crit": ["exp"]}),
    ] {
        check(&signed(algorithm, &header, &payload()));
    }
    for (name, value) in [
        ("exp", Value::Null),
        ("exp", json!("soon")),
        ("exp", json!(1e300)),
        ("iat", json!(-1)),
        ("jti", Value::Null),
        ("sub", json!(["ci"])),
        ("aud", Value::Null),
    ] {
        let mut payload = payload();
        payload[name] = value;
        check(&signed(algorithm, &good, &payload));
    }
    check(&signed(SignatureAlgorithm::EdDsa, &good, &payload()));
    // The public key as the secret of an HMAC (RFC 8725, section 2.1).
    let confused = encode(
        &Header::new(Algorithm::HS256),
        &payload(),
        &EncodingKey::from_secret(key.jwk.as_bytes()),
    );
    check(&confused.unwrap());
    check(&format!(
        "{}.{}.",
        encoded("{\"alg\":\"none\"}"),
        encoded(payload().to_string())
    ));
}

#[test]
fn a_key_is_one_key_however_it_is_dressed() {
    let plain = registered(SignatureAlgorithm::Es256);
    let mut dressed = jwk(SignatureAlgorithm::Es256);
    dressed["x5t"] = json!("abc");
    dressed["kid"] = json!("another");
    let dressed = read_public_jwk(&dressed.to_string()).unwrap();
    assert_eq!(
        (plain.thumbprint, plain.jwk),
        (dressed.thumbprint, dressed.jwk)
    );
    assert_ne!(plain.kid, dressed.kid);
}

#[test]
fn what_is_no_public_key_for_signatures_is_refused() {
    use SignatureAlgorithm::{EdDsa, Es256, Rs256};

    let with = |algorithm, name: &str, value: Value| {
        let mut jwk = jwk(algorithm);
        jwk[name] = value;
        jwk.to_string()
    };
    for text in [
        String::new(),
        "{}".to_owned(),
        json!({"kty": "oct", "k": "AAAA"}).to_string(),
        with(Es256, "d", json!("AAAA")),
        with(Rs256, "p", json!("AAAA")),
        with(Es256, "crv", json!("P-384")),
        with(Es256, "x", json!("AAAA")),
        with(EdDsa, "x", json!("AAAA")),
        with(EdDsa, "use", json!("enc")),
        with(EdDsa, "alg", json!("ES256")),
        with(Rs256, "n", json!("AQAB")),
        with(Rs256, "e", json!("AQ")),
        with(Rs256, "e", json!("Ag")),
        with(Es256, "kid", json!("x".repeat(257))),
        with(Es256, "note", json!("x".repeat(9000))),
    ] {
        assert_eq!(read_public_jwk(&text), Err(REFUSED), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in "\\PC{0,200}") {
        prop_assert_eq!(verify(&registered(SignatureAlgorithm::EdDsa), &text), Err(REFUSED));
        drop(read_public_jwk(&text));
        drop(claimed_client(&text));
    }
}
