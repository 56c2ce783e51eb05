//! What is signed verifies, and says what it should.

use breakglass_domain::{
    AccessTokenClaims, ActorClaim, ClientId, CredentialRef, RoleClaim, Secret, SignatureAlgorithm,
};
use breakglass_ports::{CryptoError, TokenSigner};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use proptest::prelude::*;
use serde_json::json;

use super::fixture::{ALGORITHMS, FIXTURE, ISSUER, claims, parts};
use crate::access_token::AccessTokenJson;

fn client_id() -> impl Strategy<Value = ClientId> {
    "[\\p{L}\\p{Nd} _.@:+-]{1,256}".prop_filter_map("is no client id", |text| text.parse().ok())
}

#[test]
fn an_access_token_has_the_claims_of_rfc_9068_in_json() {
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    let token = FIXTURE
        .signer
        .sign_access_token(key, &claims(&"night watch".parse().unwrap()))
        .unwrap();
    let (header, payload) = parts(token.expose());
    assert_eq!(
        header,
        json!({"alg": "ES256", "kid": key.id.as_str(), "typ": "at+jwt"})
    );
    assert_eq!(
        payload,
        json!({
            "iss": "https://breakglass.example/acs/t/CUSTOMER",
            "sub": "night watch",
            "client_id": "night watch",
            "aud": ["https://breakglass.example"],
            "iat": 1_750_000_000,
            "exp": 1_750_003_600,
            "jti": "abababab-abab-abab-abab-abababababab",
            "auth_time": 1_750_000_000,
            "acct": "night watch",
            "group_ids": [],
            "group_names": [],
            "roles": [{
                "name": "vcf_administrator",
                "display_name": "VCF Administrator",
                "resources": [],
                "membership_type": "DIRECT",
            }],
            "status": {"status_list": {
                "idx": 7,
                "uri": "https://breakglass.example/acs/t/CUSTOMER/statuslists/1",
            }},
        })
    );
}

#[test]
fn a_token_is_to_the_byte_what_the_library_would_make() {
    let key = FIXTURE.key(SignatureAlgorithm::EdDsa);
    let claims = claims(&"night-watch".parse().unwrap());
    let token = FIXTURE.signer.sign_access_token(key, &claims).unwrap();

    let pkcs8 = FIXTURE.signer.pair(key).unwrap().to_pkcs8().unwrap();
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(key.id.as_str().to_owned());
    let expected = encode(
        &header,
        &AccessTokenJson::from(&claims),
        &EncodingKey::from_ed_der(&pkcs8),
    );
    assert_eq!(token.expose(), expected.unwrap());
}

#[test]
fn a_token_of_another_broker_is_refused() {
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    let expected = claims(&"night-watch".parse().unwrap());
    let token = FIXTURE.signer.sign_access_token(key, &expected).unwrap();
    let verify = |keys, issuer| FIXTURE.signer.verify_access_token(keys, issuer, &token);
    let verified = verify(&FIXTURE.keys, ISSUER).unwrap();
    assert_eq!(verified, expected);
    assert_eq!(
        verify(&FIXTURE.keys, "https://breakglass.example/acs/t/OTHER"),
        Err(CryptoError::NotVerified)
    );
    assert_eq!(verify(&[], ISSUER), Err(CryptoError::NotVerified));
}

#[test]
fn a_narrower_copy_says_of_what_and_for_whom() {
    let original = claims(&"night-watch".parse().unwrap());
    let copy = AccessTokenClaims {
        roles: vec![RoleClaim {
            name: "vcf_viewer".to_owned(),
            display_name: "VCF Viewer".to_owned(),
            resources: vec!["vcf-1".to_owned()],
        }],
        scope: Some("vcf_viewer".to_owned()),
        credential: Some(CredentialRef::EmergencyToken(original.token_id)),
        actor: Some(ActorClaim {
            subject: "robot".to_owned(),
            actor: Some(Box::new(ActorClaim {
                subject: "night-watch".to_owned(),
                actor: None,
            })),
        }),
        derived_from: vec![original.token_id],
        ..original
    };
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    let token = FIXTURE.signer.sign_access_token(key, &copy).unwrap();
    let (_, payload) = parts(token.expose());
    assert_eq!(
        payload["act"],
        json!({"sub": "robot", "act": {"sub": "night-watch"}})
    );
    assert_eq!(
        payload["authorization_details"],
        json!([{"type": "vcf_instance", "roles": ["vcf_viewer"], "resources": ["vcf-1"]}])
    );
    assert_eq!(
        payload["credential"],
        "emergency_token/abababab-abab-abab-abab-abababababab"
    );
    let verified = FIXTURE
        .signer
        .verify_access_token(&FIXTURE.keys, ISSUER, &token);
    assert_eq!(verified, Ok(copy));
}

#[test]
fn a_token_too_long_to_be_verified_is_not_issued() {
    let mut long = claims(&"night-watch".parse().unwrap());
    long.audience = vec!["a".repeat(16 * 1024)];
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    let refused = FIXTURE.signer.sign_access_token(key, &long);
    assert_eq!(refused.err(), Some(CryptoError::Failed));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_algorithm_verifies_what_it_signed(id in client_id()) {
        for algorithm in ALGORITHMS {
            let key = FIXTURE.key(algorithm);
            let token = FIXTURE.signer.sign_access_token(key, &claims(&id)).unwrap();
            prop_assert_eq!(FIXTURE.verify(token.expose()), Ok(()));
            let (header, payload) = parts(token.expose());
            prop_assert_eq!(&header["alg"], algorithm.name());
            prop_assert_eq!(&payload["sub"], id.as_str());
            prop_assert_eq!(&payload["client_id"], id.as_str());
        }
    }

    #[test]
    fn no_key_verifies_what_another_signed(id in client_id()) {
        for algorithm in ALGORITHMS {
            let token = FIXTURE.signer.sign_access_token(FIXTURE.key(algorithm), &claims(&id)).unwrap();
            let others: Vec<_> =
                FIXTURE.keys.iter().filter(|key| key.algorithm != algorithm).cloned().collect();
            prop_assert_eq!(
                FIXTURE.signer.verify_access_token(&others, ISSUER, &token),
                Err(CryptoError::NotVerified)
            );
        }
    }

    #[test]
    fn any_changed_byte_is_refused(place in any::<prop::sample::Index>(), change in 1_u8..128) {
        for algorithm in ALGORITHMS {
            let claims = claims(&"night-watch".parse().unwrap());
            let token = FIXTURE.signer.sign_access_token(FIXTURE.key(algorithm), &claims).unwrap();
            let mut bytes = token.expose().as_bytes().to_vec();
            let place = place.index(bytes.len());
            bytes[place] ^= change;
            let changed = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(FIXTURE.verify(&changed), Err(CryptoError::NotVerified));
        }
    }

    #[test]
    fn no_text_makes_verification_panic(text in "\\PC{0,200}") {
        let refused = FIXTURE.signer.verify_access_token(&FIXTURE.keys, ISSUER, &Secret::new(text));
        prop_assert_eq!(refused, Err(CryptoError::NotVerified));
    }
}
