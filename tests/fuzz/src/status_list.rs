//! Status lists as others read them: what is not one is refused, nothing beyond the end is told, and what we write is read bit by
//! bit.
//!
//! The first byte says what the others are: `p` a payload that is signed as a status list, `r` the recalled places of a list of
//! ours (two bytes each), `e` changes to a list that was signed, `t` a text that is shown.

use std::sync::LazyLock;

use breakglass_domain::{StatusList, Timestamp};
use breakglass_ports::{StatusListToken, TokenSigner};
use breakglass_tokens::{PublishedKeys, PublishedStatusList};
use serde_json::{Value, json};

use crate::keys::{ISSUER, OURS, THEIRS};
use crate::tamper::{split, tampered};

/// How many bytes a list may inflate to.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

static KEYS: LazyLock<PublishedKeys> = LazyLock::new(|| {
    let mut jwk = THEIRS.jwk();
    if let Some(members) = jwk.as_object_mut() {
        members.insert("kid".to_owned(), json!("k"));
    }
    let document = json!({ "keys": [jwk] }).to_string();
    PublishedKeys::parse(document.as_bytes()).expect("a key set")
});

static SIGNED: LazyLock<String> = LazyLock::new(|| sign(&StatusList::new(8192, &[3, 17])));

/// Panics when something does not hold.
pub fn check(data: &[u8]) {
    match split(data) {
        (b'e', changes) => is_refused_unless_signed(&tampered(&SIGNED, changes)),
        (b'p', payload) => is_read(payload),
        (b'r', places) => comes_back(places),
        (_, text) => is_refused_unless_signed(&String::from_utf8_lossy(text)),
    }
}

fn sign(list: &StatusList) -> String {
    let token = StatusListToken {
        issuer: ISSUER,
        subject: "https://breakglass.example/list/1",
        issued_at: Timestamp::from_millis(1_750_000_000_000),
        expires_at: Timestamp::from_millis(1_750_000_060_000),
        ttl_seconds: 30,
        list,
    };
    OURS.signer
        .sign_status_list(OURS.key(), &token)
        .expect("a list")
}

fn is_refused_unless_signed(shown: &str) {
    let verified = OURS.published.verify_status_list(shown).is_ok();
    assert_eq!(verified, shown == *SIGNED, "{shown:?}");
}

fn is_read(payload: &[u8]) {
    let token = THEIRS.sign(
        br#"{"alg":"EdDSA","typ":"statuslist+jwt","kid":"k"}"#,
        payload,
    );
    let Ok(list) = KEYS.verify_status_list(&token) else {
        return;
    };
    // A member that nobody knows may hold what only this reader refuses.
    let Ok(said) = serde_json::from_slice::<Value>(payload) else {
        return;
    };
    assert_eq!(said["sub"], list.subject.as_str());
    let bits = said["status_list"]["bits"]
        .as_u64()
        .expect("a list says how wide it is");
    assert!([1, 2, 4, 8].contains(&bits));
    assert_eq!(list.status(MAX_BYTES * 8 / bits), None, "there is an end");
    assert_eq!(list.status(u64::MAX), None);
    for index in 0..64 {
        assert!(
            list.status(index)
                .is_none_or(|status| u64::from(status) < 1 << bits)
        );
    }
}

fn comes_back(places: &[u8]) {
    let recalled: Vec<u64> = places
        .chunks_exact(2)
        .map(|place| {
            place
                .iter()
                .fold(0, |sum, byte| sum * 256 + u64::from(*byte))
        })
        .collect();
    let list = StatusList::new(8192, &recalled);
    let read: PublishedStatusList = OURS
        .published
        .verify_status_list(&sign(&list))
        .expect("a list of ours is read");
    for index in recalled.iter().copied().chain(0..64).chain([8191, 8192]) {
        let expected = (index < 8192).then(|| u8::from(recalled.contains(&index)));
        assert_eq!(read.status(index), expected, "{index}");
    }
}
