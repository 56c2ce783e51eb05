//! Proofs of possession: nothing verifies but what was signed by the key that it shows, and it says what was signed.
//!
//! The first byte says what the others are: `t` a text that is shown, `e` changes to a proof that was signed, `s` a header and, in
//! the next line, a payload, which are signed as they are but for the key in the header.

use std::sync::LazyLock;

use breakglass_domain::{DpopProof, Secret};
use breakglass_ports::{CryptoError, TokenSigner};
use serde_json::{Map, Value};

use crate::keys::{OURS, THEIRS};
use crate::tamper::{split, tampered, two_parts};

static SIGNED: LazyLock<String> = LazyLock::new(|| {
    let header = format!(
        r#"{{"alg":"EdDSA","typ":"dpop+jwt","jwk":{}}}"#,
        THEIRS.jwk()
    );
    let payload =
        br#"{"jti":"1","htm":"POST","htu":"https://breakglass.example/x","iat":1750000000}"#;
    THEIRS.sign(header.as_bytes(), payload)
});

/// Panics when something does not hold.
pub fn check(data: &[u8]) {
    match split(data) {
        (b'e', changes) => {
            let shown = tampered(&SIGNED, changes);
            assert_eq!(read(&shown).is_ok(), shown == *SIGNED, "{shown:?}");
        }
        (b's', signed) => says_what_was_signed(signed),
        (_, text) => {
            let shown = String::from_utf8_lossy(text);
            // A proof brings its own key, so that a text can be right by itself.
            assert!(
                read(&shown).is_err() || shown.split('.').count() == 3,
                "{shown:?}"
            );
        }
    }
}

fn read(shown: &str) -> Result<DpopProof, CryptoError> {
    OURS.signer.verify_dpop_proof(&Secret::new(shown))
}

fn says_what_was_signed(signed: &[u8]) {
    let (header, payload) = two_parts(signed);
    let Ok(mut header) = serde_json::from_slice::<Map<String, Value>>(header) else {
        return;
    };
    // Unless it tries a key of its own, which would have to be the one that signs.
    let is_ours = header.get("jwk").is_none_or(Value::is_boolean);
    if is_ours {
        header.insert("jwk".to_owned(), THEIRS.jwk());
    }
    let Ok(written) = serde_json::to_vec(&header) else {
        return;
    };
    let Ok(proof) = read(&THEIRS.sign(&written, payload)) else {
        return;
    };
    assert!(is_ours, "only the key that signed verifies");
    let typ = header
        .get("typ")
        .and_then(Value::as_str)
        .unwrap_or_default();
    assert!(typ.eq_ignore_ascii_case("dpop+jwt"), "{typ:?}");
    assert_eq!(header.get("alg"), Some(&Value::from("EdDSA")));
    assert!(header.get("crit").is_none_or(Value::is_null));
    // A member that nobody knows may hold what only this reader refuses.
    let Ok(said) = serde_json::from_slice::<Value>(payload) else {
        return;
    };
    assert_eq!(said["htm"], proof.method.as_str());
    assert_eq!(said["htu"], proof.uri.as_str());
    assert_eq!(said["jti"], proof.id.as_str());
    let jwk = OURS.signer.read_public_jwk(&THEIRS.jwk().to_string());
    assert_eq!(jwk.map(|key| key.thumbprint), Ok(proof.key));
}
