use std::sync::Arc;

use breakglass_domain::{
    AccessTokenClaims, RoleClaim, SignatureAlgorithm, SigningKey, StatusClaim, StatusList,
    Timestamp, TokenId,
};
use breakglass_ports::{PublicKey, PublicKeyMaterial, StatusListToken, TokenSigner};
use serde_json::json;

use super::*;
use crate::{JwtSigner, MasterKey, Vault};

const ISSUER: &str = "https://b.example/acs/t/CUSTOMER";

struct Fixture {
    signer: JwtSigner,
    key: SigningKey,
    keys: PublishedKeys,
}

async fn fixture(algorithm: SignatureAlgorithm) -> Fixture {
    let signer = JwtSigner::new(Arc::new(Vault::new(MasterKey::new([7; 32]))));
    let now = Timestamp::from_millis(0);
    let key = signer.generate(None, algorithm, now).await.unwrap();
    let set = json!({"keys": [jwk(&signer.public_key(&key).unwrap())]});
    let keys = PublishedKeys::parse(set.to_string().as_bytes()).unwrap();
    Fixture { signer, key, keys }
}

fn jwk(key: &PublicKey) -> Value {
    let mut jwk = match &key.material {
        PublicKeyMaterial::EllipticCurve { x, y } => {
            json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})
        }
        PublicKeyMaterial::OctetKeyPair { x } => json!({"kty": "OKP", "crv": "Ed25519", "x": x}),
        PublicKeyMaterial::Rsa { e, n } => json!({"kty": "RSA", "e": e, "n": n}),
    };
    jwk["kid"] = json!(key.id.as_str());
    jwk["use"] = json!("sig");
    jwk["alg"] = json!(key.algorithm.name());
    jwk
}

impl Fixture {
    fn access_token(&self) -> String {
        let claims = AccessTokenClaims {
            issuer: ISSUER.to_owned(),
            subject: "night shift".to_owned(),
            client_id: "night shift".to_owned(),
            audience: vec!["https://b.example".to_owned()],
            issued_at: Timestamp::from_millis(1000),
            expires_at: Timestamp::from_millis(2000),
            token_id: TokenId::from_random([3; 16]),
            roles: vec![RoleClaim::administrator()],
            status: Some(StatusClaim {
                index: 5,
                uri: format!("{ISSUER}/statuslist"),
            }),
            scope: None,
            credential: None,
            actor: None,
            confirmation: None,
            derived_from: Vec::new(),
            overflow: None,
            expands: None,
        };
        let token = self.signer.sign_access_token(&self.key, &claims).unwrap();
        token.expose().to_owned()
    }

    fn status_list(&self, recalled: &[u64]) -> String {
        let token = StatusListToken {
            issuer: ISSUER,
            subject: &format!("{ISSUER}/statuslist"),
            issued_at: Timestamp::from_millis(1000),
            expires_at: Timestamp::from_millis(61_000),
            ttl_seconds: 30,
            list: &StatusList::new(8192, recalled),
        };
        self.signer.sign_status_list(&self.key, &token).unwrap()
    }
}

#[tokio::test]
async fn what_an_issuer_signs_is_accepted_with_its_published_keys_alone() {
    for algorithm in [
        SignatureAlgorithm::Es256,
        SignatureAlgorithm::EdDsa,
        SignatureAlgorithm::Rs256,
    ] {
        let fixture = fixture(algorithm).await;
        let claims = fixture
            .keys
            .verify_access_token(&fixture.access_token())
            .unwrap();
        assert_eq!(claims["iss"], ISSUER);
        assert_eq!(claims["sub"], "night shift");
        assert_eq!(claims["status"]["status_list"]["idx"], 5);

        let list = fixture
            .keys
            .verify_status_list(&fixture.status_list(&[5]))
            .unwrap();
        assert_eq!(list.subject, format!("{ISSUER}/statuslist"));
        assert_eq!(
            (list.issued_at, list.expires_at, list.ttl_seconds),
            (1, Some(61), Some(30))
        );
        assert_eq!(
            (list.status(4), list.status(5), list.status(6)),
            (Some(0), Some(1), Some(0))
        );
        assert_eq!(list.status(8191), Some(0));
        assert_eq!(list.status(8192), None);
        assert_eq!(list.status(u64::MAX), None);
    }
}

#[tokio::test]
async fn one_kind_is_not_taken_for_another() {
    let fixture = fixture(SignatureAlgorithm::Es256).await;
    let (token, list) = (fixture.access_token(), fixture.status_list(&[]));
    let other_kind = RelyingPartyError::OtherKind;
    assert_eq!(
        fixture.keys.verify_status_list(&token).unwrap_err(),
        other_kind
    );
    assert_eq!(
        fixture.keys.verify_access_token(&list).unwrap_err(),
        other_kind
    );
}

#[tokio::test]
async fn another_issuers_token_is_refused() {
    let (ours, theirs) = (
        fixture(SignatureAlgorithm::Es256).await,
        fixture(SignatureAlgorithm::Es256).await,
    );
    let refused = ours.keys.verify_access_token(&theirs.access_token());
    assert_eq!(refused, Err(RelyingPartyError::UnknownKey));

    // A key of theirs under the name of ours.
    let mut stranger = jwk(&theirs.signer.public_key(&theirs.key).unwrap());
    stranger["kid"] = json!(ours.key.id.as_str());
    let set = json!({"keys": [stranger]}).to_string();
    let keys = PublishedKeys::parse(set.as_bytes()).unwrap();
    let refused = keys.verify_access_token(&ours.access_token());
    assert_eq!(refused, Err(RelyingPartyError::Signature));
}

#[tokio::test]
async fn any_changed_part_is_refused() {
    let fixture = fixture(SignatureAlgorithm::Es256).await;
    let token = fixture.access_token();
    let parts: Vec<&str> = token.split('.').collect();
    let header = |header: Value| URL_SAFE_NO_PAD.encode(header.to_string());
    let kid = fixture.key.id.as_str();
    let none = header(json!({"alg": "none", "typ": "at+jwt", "kid": kid}));
    let shared = header(json!({"alg": "HS256", "typ": "at+jwt", "kid": kid}));
    let critical = header(json!({"alg": "ES256", "typ": "at+jwt", "kid": kid, "crit": ["exp"]}));
    let nameless = header(json!({"alg": "ES256", "typ": "at+jwt"}));
    let payload = URL_SAFE_NO_PAD.encode(r#"{"iss":"x"}"#);
    for hostile in [
        format!("{none}.{}.", parts[1]),
        format!("{shared}.{}.{}", parts[1], parts[2]),
        format!("{critical}.{}.{}", parts[1], parts[2]),
        format!("{nameless}.{}.{}", parts[1], parts[2]),
        format!("{}.{payload}.{}", parts[0], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}.x"),
        format!("{token}A"),
        "a".repeat(MAX_TOKEN_BYTES + 1),
        String::new(),
    ] {
        assert!(
            fixture.keys.verify_access_token(&hostile).is_err(),
            "{hostile}"
        );
    }
}

#[test]
fn the_drafts_two_bit_example_has_its_statuses() {
    // IETF Token Status List, section 4.1: the second example, bytes 0xC9 0x44 0xF9.
    let list = PublishedStatusList {
        subject: String::new(),
        issued_at: 0,
        expires_at: None,
        ttl_seconds: None,
        bits: 2,
        bytes: vec![0xc9, 0x44, 0xf9],
    };
    let statuses: Vec<u8> = (0..12).map_while(|index| list.status(index)).collect();
    assert_eq!(statuses, [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]);
}

#[test]
fn a_list_that_inflates_without_end_is_refused() {
    use std::io::Write;
    let mut bomb = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let piece = vec![0; 1024 * 1024];
    for _ in 0..17 {
        bomb.write_all(&piece).unwrap();
    }
    let claims = StatusListClaims {
        sub: String::new(),
        iat: 0,
        exp: None,
        ttl: None,
        status_list: StatusListMember {
            bits: 1,
            lst: URL_SAFE_NO_PAD.encode(bomb.finish().unwrap()),
        },
    };
    assert_eq!(PublishedStatusList::of(claims), None);
}
