//! Keys that others publish: only so many, none private, read again as they were read, and none of them verifies what we signed.

use std::sync::LazyLock;

use breakglass_domain::{Secret, Timestamp};
use breakglass_ports::TokenSigner;
use breakglass_tokens::PublishedKeys;
use serde_json::{Value, json};

use crate::keys::{OURS, THEIRS};

/// The most keys of a document.
const MAX_KEYS: usize = 64;

/// The members of a JWK that are private or secret (RFC 7518, sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE: [&str; 8] = ["d", "dp", "dq", "k", "oth", "p", "q", "qi"];

static SIGNED: LazyLock<Secret> = LazyLock::new(|| {
    let payload = br#"{"iss":"https://idp.example","sub":"a","aud":"x","iat":1,"exp":2}"#;
    Secret::new(THEIRS.sign(br#"{"alg":"EdDSA","typ":"JWT"}"#, payload))
});

/// Panics when something does not hold.
pub fn check(data: &[u8]) {
    if let Ok(keys) = OURS.signer.read_key_set(data) {
        assert!(keys.keys.len() <= MAX_KEYS);
        let written: Vec<Value> = keys.keys.iter().map(|key| is_public(&key.jwk)).collect();
        let again = OURS
            .signer
            .read_key_set(json!({ "keys": written }).to_string().as_bytes());
        assert_eq!(again.as_ref(), Ok(&keys));
        let now = Timestamp::from_millis(1000);
        let verified = OURS.signer.verify_foreign_token(&[], &keys, &SIGNED, now);
        assert!(verified.is_err(), "a stranger's key verifies nothing");
    }
    let text = String::from_utf8_lossy(data);
    if let Ok(key) = OURS.signer.read_public_jwk(&text) {
        is_public(&key.jwk);
        let again = OURS
            .signer
            .read_public_jwk(&key.jwk)
            .expect("what was read is read again");
        assert_eq!(again.thumbprint, key.thumbprint, "a key has one thumbprint");
        assert!(OURS.signer.verify_client_assertion(&key, &SIGNED).is_err());
    }
    if let Ok(keys) = PublishedKeys::parse(data) {
        assert!(keys.verify_access_token(SIGNED.expose()).is_err());
    }
}

fn is_public(jwk: &str) -> Value {
    let jwk: Value = serde_json::from_str(jwk).expect("a key is kept as JSON");
    assert!(PRIVATE.iter().all(|name| jwk.get(name).is_none()), "{jwk}");
    jwk
}
