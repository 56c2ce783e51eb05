//! Tokens of other issuers: nothing verifies but what the key signed, and it says what was signed.
//!
//! The first byte says what the others are: `t` a text that is shown, `e` changes to a token that was signed, `s` a header and, in
//! the next line, a payload, which are signed as they are.

use std::sync::LazyLock;

use breakglass_domain::access_token::MAX_TOKEN_BYTES;
use breakglass_domain::{ForeignClaims, KeySet, Secret, Timestamp};
use breakglass_ports::{CryptoError, TokenSigner};
use serde_json::{Value, json};

use crate::keys::{OURS, THEIRS};
use crate::tamper::{split, tampered, two_parts};

static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let document = json!({"keys": [THEIRS.jwk()]}).to_string();
    OURS.signer
        .read_key_set(document.as_bytes())
        .expect("a key set")
});

static SIGNED: LazyLock<String> = LazyLock::new(|| {
    let payload =
        br#"{"iss":"https://idp.example","sub":"a@b","aud":"x","iat":1750000000,"exp":1750003600}"#;
    THEIRS.sign(br#"{"alg":"EdDSA","typ":"JWT"}"#, payload)
});

/// Panics when something does not hold.
pub fn check(data: &[u8]) {
    match split(data) {
        (b'e', changes) => is_refused_unless_signed(&tampered(&SIGNED, changes)),
        (b's', signed) => says_what_was_signed(signed),
        (_, text) => is_refused_unless_signed(&String::from_utf8_lossy(text)),
    }
}

fn read(shown: &str) -> Result<ForeignClaims, CryptoError> {
    let now = Timestamp::from_millis(1_750_000_001_000);
    let token = Secret::new(shown);
    let read = OURS.signer.verify_foreign_token(&[], &KEYS, &token, now);
    let expanded = OURS.signer.verify_expanded_token(&[], &KEYS, &token, now);
    if shown.len() <= MAX_TOKEN_BYTES {
        assert_eq!(read, expanded, "they differ in their length alone");
    } else {
        assert!(read.is_err(), "it is too long");
    }
    expanded
}

fn is_refused_unless_signed(shown: &str) {
    assert_eq!(read(shown).is_ok(), shown == *SIGNED, "{shown:?}");
    let token = Secret::new(shown);
    drop((
        OURS.signer.claimed_issuer(&token),
        OURS.signer.claimed_kid(&token),
    ));
}

fn says_what_was_signed(signed: &[u8]) {
    let (header, payload) = two_parts(signed);
    let token = THEIRS.sign(header, payload);
    let Ok(claims) = read(&token) else {
        return;
    };
    if let Ok(header) = serde_json::from_slice::<Value>(header) {
        assert_eq!(header["alg"], "EdDSA", "the algorithm is the key's");
        assert!(header.get("crit").is_none_or(Value::is_null));
    }
    // A member that nobody knows may hold what only this reader refuses.
    let Ok(said) = serde_json::from_slice::<Value>(payload) else {
        return;
    };
    assert_eq!(said["iss"], claims.issuer.as_str());
    assert_eq!(said["sub"], claims.subject.as_str());
    assert!(said["iat"].is_number() && said["exp"].is_number());
    let names = said["roles"].as_array().map_or(0, Vec::len);
    assert!(claims.roles.len() <= names);
    let bound = said.get("cnf").is_some_and(|cnf| !cnf.is_null());
    assert_eq!(
        claims.confirmation.is_some(),
        bound,
        "a bound token stays bound"
    );
    if token.len() <= MAX_TOKEN_BYTES {
        let claimed = OURS.signer.claimed_issuer(&Secret::new(token));
        assert_eq!(claimed, Some(claims.issuer));
    }
}
