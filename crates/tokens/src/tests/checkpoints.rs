//! Checkpoints of the audit come back as they were signed.

use breakglass_domain::audit::{AuditMac, Checkpoint};
use breakglass_domain::{SignatureAlgorithm, Timestamp};
use breakglass_ports::{CryptoError, TokenSigner};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::fixture::{ALGORITHMS, FIXTURE, forge, generate, parts};

const PAYLOAD: &str = r#"{"sequence":1,"mac":"c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0","time":1}"#;

fn header() -> Value {
    let key = FIXTURE.key(SignatureAlgorithm::EdDsa);
    json!({"alg": "EdDSA", "kid": key.id.as_str(), "typ": "breakglass-checkpoint+jwt"})
}

fn check_refused(header: &Value, payload: &str) {
    let key = FIXTURE.key(SignatureAlgorithm::EdDsa);
    let pair = FIXTURE.signer.pair(key).unwrap();
    let jws = forge(&pair, &header.to_string(), payload);
    assert_eq!(
        FIXTURE.signer.verify_checkpoint(key, &jws),
        Err(CryptoError::NotVerified),
        "{header} {payload}"
    );
}

#[test]
fn a_checkpoint_says_its_sequence_mac_and_time() {
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    let checkpoint = Checkpoint {
        sequence: 42,
        mac: AuditMac::from_bytes([0xc0; 32]),
        time: Timestamp::from_millis(1_750_000_000_123),
    };
    let signed = FIXTURE.signer.sign_checkpoint(key, &checkpoint).unwrap();
    let (header, payload) = parts(&signed.jws);
    assert_eq!(
        header,
        json!({"alg": "ES256", "kid": key.id.as_str(), "typ": "breakglass-checkpoint+jwt"})
    );
    assert_eq!(
        payload,
        json!({"sequence": 42, "mac": "c0".repeat(32), "time": 1_750_000_000_123_i64})
    );
}

#[test]
fn another_key_does_not_verify_it() {
    let (signer, key) = (&FIXTURE.signer, FIXTURE.key(SignatureAlgorithm::Es256));
    let other = generate(signer, None, SignatureAlgorithm::Es256);
    let checkpoint = Checkpoint {
        sequence: 1,
        mac: AuditMac::from_bytes([1; 32]),
        time: Timestamp::from_millis(1),
    };
    let jws = signer.sign_checkpoint(key, &checkpoint).unwrap().jws;
    assert_eq!(
        signer.verify_checkpoint(&other, &jws),
        Err(CryptoError::NotVerified)
    );
}

#[test]
fn a_header_that_is_not_a_checkpoints_is_refused() {
    let key = FIXTURE.key(SignatureAlgorithm::EdDsa);
    let pair = FIXTURE.signer.pair(key).unwrap();
    let jws = forge(&pair, &header().to_string(), PAYLOAD);
    assert!(FIXTURE.signer.verify_checkpoint(key, &jws).is_ok());

    for (name, value) in [
        ("kid", json!("another")),
        ("kid", json!(null)),
        ("typ", json!("at+jwt")),
        ("typ", json!(null)),
        ("alg", json!("none")),
        ("crit", json!(["exp"])),
    ] {
        let mut header = header();
        header[name] = value;
        check_refused(&header, PAYLOAD);
    }
}

#[test]
fn a_payload_that_is_no_checkpoint_is_refused() {
    check_refused(&header(), "{}");
    check_refused(&header(), "[1]");
    check_refused(&header(), &PAYLOAD.replacen("c0", "", 1));
    check_refused(&header(), &PAYLOAD.replacen("c0", "g0", 1));
    check_refused(
        &header(),
        &PAYLOAD.replace(r#""sequence":1"#, r#""sequence":-1"#),
    );
    check_refused(&header(), &PAYLOAD.replace(r#","time":1"#, ""));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_signed_checkpoint_comes_back(sequence: u64, mac: [u8; 32], time: i64) {
        let checkpoint = Checkpoint {
            sequence,
            mac: AuditMac::from_bytes(mac),
            time: Timestamp::from_millis(time),
        };
        for algorithm in ALGORITHMS {
            let key = FIXTURE.key(algorithm);
            let signed = FIXTURE.signer.sign_checkpoint(key, &checkpoint).unwrap();
            prop_assert_eq!(signed.checkpoint, checkpoint);
            prop_assert_eq!(FIXTURE.signer.verify_checkpoint(key, &signed.jws), Ok(signed));
        }
    }
}
