//! What callers sign to prove that they hold a key.

use breakglass_domain::{DpopProof, SignatureAlgorithm};
use breakglass_ports::CryptoError;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::fixture::{ALGORITHMS, encoded, jwk, signed};
use crate::dpop::verify;
use crate::public_jwk::read_public_jwk;

const REFUSED: Result<DpopProof, CryptoError> = Err(CryptoError::NotVerified);

fn header(algorithm: SignatureAlgorithm) -> Value {
    json!({"typ": "dpop+jwt", "alg": algorithm.name(), "jwk": jwk(algorithm)})
}

fn payload() -> Value {
    json!({
        "jti": "1",
        "htm": "GET",
        "htu": "https://b.example/x",
        "iat": 1_750_000_000,
        "ath": "digest",
    })
}

fn with(mut value: Value, name: &str, member: Value) -> Value {
    value[name] = member;
    value
}

#[test]
fn a_proof_of_each_algorithm_shows_its_key() {
    for algorithm in ALGORITHMS {
        let read = verify(&signed(algorithm, &header(algorithm), &payload())).unwrap();
        let key = read_public_jwk(&jwk(algorithm).to_string()).unwrap();
        assert_eq!(read.key, key.thumbprint);
        assert_eq!((read.id.as_str(), read.method.as_str()), ("1", "GET"));
        assert_eq!(read.uri, "https://b.example/x");
        assert_eq!(read.issued_at.seconds(), 1_750_000_000);
        assert_eq!(read.token_hash.as_deref(), Some("digest"));
        assert_eq!(read.nonce, None);
    }
}

#[test]
fn a_proof_is_signed_by_the_key_that_it_shows_and_by_no_other_way() {
    let algorithm = SignatureAlgorithm::Es256;
    let good = || header(algorithm);
    let check = |header: &Value, payload: &Value| {
        let proof = signed(algorithm, header, payload);
        assert_eq!(verify(&proof), REFUSED, "{header} {payload}");
    };
    let mut private = jwk(algorithm);
    private["d"] = json!("c2VjcmV0");
    for bad in [
        with(good(), "typ", json!("JWT")),
        with(good(), "typ", Value::Null),
        with(good(), "alg", json!("none")),
        with(good(), "alg", json!("HS256")),
        with(good(), "alg", json!("RS256")),
        with(good(), "jwk", Value::Null),
        with(good(), "jwk", json!({"kty": "oct", "k": "c2VjcmV0"})),
        with(good(), "jwk", jwk(SignatureAlgorithm::EdDsa)),
        with(good(), "jwk", private),
        with(good(), "crit", json!(["b64"])),
    ] {
        check(&bad, &payload());
    }
    for name in ["jti", "htm", "htu", "iat"] {
        check(&good(), &with(payload(), name, Value::Null));
    }
    check(&good(), &with(payload(), "iat", json!(-1)));
    check(&good(), &with(payload(), "nonce", json!(1)));
    let twice = format!(
        r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{},"jwk":{}}}"#,
        jwk(SignatureAlgorithm::EdDsa),
        jwk(algorithm)
    );
    let proof = signed(algorithm, &good(), &payload());
    let rest = proof.split_once('.').unwrap().1;
    assert_eq!(verify(&format!("{}.{rest}", encoded(twice))), REFUSED);
    let long = with(payload(), "nonce", json!("x".repeat(8192)));
    check(&good(), &long);
}

proptest! {
    #[test]
    fn no_text_makes_verification_panic(text in "\\PC{0,200}", header in "\\PC{0,60}") {
        prop_assert!(verify(&text).is_err());
        let text = format!("{}.{}.", encoded(header), encoded(text));
        prop_assert!(verify(&text).is_err());
    }
}
