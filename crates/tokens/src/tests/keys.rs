//! Keys: their names, their public halves, and what the store can do to them.

use breakglass_domain::{KeyId, SealedBytes, SignatureAlgorithm, SigningKey, Timestamp};
use breakglass_ports::{CryptoError, PublicKeyMaterial, TokenSigner};

use super::fixture::{ALGORITHMS, FIXTURE, ISSUER, broker, claims, generate, signer};
use crate::signing_pair::SigningPair;
use crate::thumbprint::thumbprint;

fn check_not_opened(key: &SigningKey) {
    assert_eq!(
        FIXTURE.signer.public_key(key).err(),
        Some(CryptoError::NotOpened)
    );
}

#[test]
fn a_generated_key_is_whole() {
    for key in &FIXTURE.keys {
        assert_eq!(key.broker_id, Some(broker(1)));
        assert_eq!(key.created_at, Timestamp::from_millis(5));
        let public = FIXTURE.signer.public_key(key).unwrap();
        assert_eq!(public.id, key.id);
        assert_eq!(public.algorithm, key.algorithm);
        assert_eq!(thumbprint(&public.material), key.id);
        let pair = FIXTURE.signer.pair(key).unwrap();
        assert_eq!(pair.subject_public_key_info().unwrap(), key.public_key);
    }
}

#[test]
fn public_numbers_have_the_lengths_of_their_algorithm() {
    // Base64url without padding: 32 bytes in 43 characters, 256 in 342.
    for key in &FIXTURE.keys {
        let lengths = match FIXTURE.signer.public_key(key).unwrap().material {
            PublicKeyMaterial::EllipticCurve { x, y } => vec![x.len(), y.len()],
            PublicKeyMaterial::OctetKeyPair { x } => vec![x.len()],
            PublicKeyMaterial::Rsa { e, n } => {
                assert_eq!(e, "AQAB");
                vec![n.len()]
            }
        };
        let expected = match key.algorithm {
            SignatureAlgorithm::EdDsa => vec![43],
            SignatureAlgorithm::Es256 => vec![43, 43],
            SignatureAlgorithm::Rs256 => vec![342],
        };
        assert_eq!(lengths, expected, "{}", key.algorithm);
    }
}

#[test]
fn another_process_with_the_same_master_key_signs_the_same() {
    let elsewhere = signer([1; 32]);
    for key in &FIXTURE.keys {
        let token = elsewhere
            .sign_access_token(key, &claims(&"night-watch".parse().unwrap()))
            .unwrap();
        assert_eq!(FIXTURE.verify(token.expose()), Ok(()));
    }
}

#[test]
fn a_wrong_master_key_opens_nothing() {
    let wrong = signer([2; 32]);
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    let claims = claims(&"night-watch".parse().unwrap());
    assert_eq!(wrong.public_key(key).err(), Some(CryptoError::NotOpened));
    assert_eq!(
        wrong.sign_access_token(key, &claims).err(),
        Some(CryptoError::NotOpened)
    );
    let token = FIXTURE.signer.sign_access_token(key, &claims).unwrap();
    assert_eq!(
        wrong.verify_access_token(&FIXTURE.keys, ISSUER, &token),
        Err(CryptoError::NotVerified)
    );
}

#[test]
fn a_row_that_was_tampered_with_opens_no_key_whether_kept_or_not() {
    let key = FIXTURE.key(SignatureAlgorithm::Es256);
    FIXTURE.signer.public_key(key).unwrap();
    let other = FIXTURE.key(SignatureAlgorithm::EdDsa);

    let mut sealed = key.sealed_private_key.as_bytes().to_vec();
    *sealed.last_mut().unwrap() ^= 1;
    check_not_opened(&SigningKey {
        sealed_private_key: SealedBytes::new(sealed),
        ..key.clone()
    });
    check_not_opened(&SigningKey {
        sealed_private_key: other.sealed_private_key.clone(),
        ..key.clone()
    });
    check_not_opened(&SigningKey {
        algorithm: SignatureAlgorithm::EdDsa,
        ..key.clone()
    });
    check_not_opened(&SigningKey {
        id: KeyId::new("another name"),
        ..key.clone()
    });
    for broker_id in [Some(broker(2)), None] {
        check_not_opened(&SigningKey {
            broker_id,
            ..key.clone()
        });
    }
}

#[test]
fn a_public_key_planted_in_the_store_verifies_nothing() {
    for algorithm in ALGORITHMS {
        let attacker = SigningPair::generate(algorithm).unwrap();
        let key = FIXTURE.key(algorithm);
        let planted = SigningKey {
            public_key: attacker.subject_public_key_info().unwrap(),
            ..key.clone()
        };
        assert_eq!(
            FIXTURE.signer.public_key(&planted),
            FIXTURE.signer.public_key(key)
        );
        let token = FIXTURE
            .signer
            .sign_access_token(key, &claims(&"night-watch".parse().unwrap()))
            .unwrap();
        assert_eq!(
            FIXTURE
                .signer
                .verify_access_token(&[planted], ISSUER, &token)
                .map(drop),
            Ok(())
        );
    }
}

#[test]
fn the_installations_key_is_not_a_brokers() {
    let key = generate(&FIXTURE.signer, None, SignatureAlgorithm::EdDsa);
    assert!(FIXTURE.signer.public_key(&key).is_ok());
    check_not_opened(&SigningKey {
        broker_id: Some(broker(1)),
        ..key
    });
}

#[test]
fn nothing_secret_is_printed() {
    assert_eq!(format!("{:?}", FIXTURE.signer), "JwtSigner(..)");
}
