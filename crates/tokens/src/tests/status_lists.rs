//! A status list token carries every bit of its list.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::{SignatureAlgorithm, StatusList, Timestamp};
use breakglass_ports::{StatusListToken, TokenSigner};
use flate2::read::ZlibDecoder;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fixture::{FIXTURE, ISSUER, parts};
use crate::jws::{Kind, verify};
use breakglass_domain::access_token::MAX_TOKEN_BYTES;

/// A vector of the IETF draft; its source stands in the file.
const VECTOR: &str = include_str!("../../tests/vectors/status_list_1_bit.json");

#[derive(Deserialize)]
struct Vector {
    places: u64,
    recalled: Vec<u64>,
    lst: String,
}

fn inflated(lst: &str) -> Vec<u8> {
    let compressed = URL_SAFE_NO_PAD.decode(lst).unwrap();
    let mut bytes = Vec::new();
    ZlibDecoder::new(compressed.as_slice())
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

fn signed(list: &StatusList) -> String {
    FIXTURE
        .signer
        .sign_status_list(
            FIXTURE.key(SignatureAlgorithm::Es256),
            &StatusListToken {
                issuer: ISSUER,
                subject: "https://breakglass.example/acs/t/CUSTOMER/statuslists/1",
                issued_at: Timestamp::from_millis(1_750_000_000_000),
                expires_at: Timestamp::from_millis(1_750_000_300_000),
                ttl_seconds: 30,
                list,
            },
        )
        .unwrap()
}

#[test]
fn the_token_has_the_claims_of_the_draft() {
    let token = signed(&StatusList::new(1, &[]));
    let (header, mut payload) = parts(&token);
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    assert_eq!(
        header,
        json!({"alg": "ES256", "kid": key.id.as_str(), "typ": "statuslist+jwt"})
    );
    let lst = payload["status_list"]["lst"].take();
    assert_eq!(inflated(lst.as_str().unwrap()), vec![0; 1024]);
    assert_eq!(
        payload,
        json!({
            "iss": "https://breakglass.example/acs/t/CUSTOMER",
            "sub": "https://breakglass.example/acs/t/CUSTOMER/statuslists/1",
            "iat": 1_750_000_000,
            "exp": 1_750_000_300,
            "ttl": 30,
            "status_list": {"bits": 1, "lst": null},
        })
    );
}

#[test]
fn the_vector_of_the_draft_and_our_list_are_the_same_bits() {
    let vector: Vector = serde_json::from_str(VECTOR).unwrap();
    let bits = StatusList::new(vector.places, &vector.recalled);
    assert_eq!(inflated(&vector.lst), bits.as_bytes());

    let (_, payload) = parts(&signed(&bits));
    let lst = payload["status_list"]["lst"].as_str().unwrap();
    assert_eq!(inflated(lst), bits.as_bytes());
    // RFC 1950, section 2.2: deflate with a window of 32 KiB, at the highest level.
    assert_eq!(URL_SAFE_NO_PAD.decode(lst).unwrap()[..2], [0x78, 0xda]);
    assert!(
        lst.len() < 2 * vector.lst.len(),
        "nearly as small as the draft's"
    );
}

#[test]
fn a_status_list_verifies_as_one() {
    let token = signed(&StatusList::new(1, &[0]));
    let pair = FIXTURE
        .signer
        .pair(FIXTURE.key(SignatureAlgorithm::Es256))
        .unwrap();
    assert!(verify::<Value>(&pair, Kind::StatusList, (&token, MAX_TOKEN_BYTES)).is_ok());
    assert!(verify::<Value>(&pair, Kind::AccessToken, (&token, MAX_TOKEN_BYTES)).is_err());
}
