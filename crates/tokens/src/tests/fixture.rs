//! A vault, a signer and a key of each algorithm, made once for all tests of a run.

use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::{
    AccessTokenClaims, BrokerId, ClientId, RoleClaim, Secret, SignatureAlgorithm, SigningKey,
    StatusClaim, Timestamp, TokenId,
};
use breakglass_ports::{CryptoError, TokenSigner};
use serde_json::{Value, json};

use crate::signing_pair::SigningPair;
use crate::{JwtSigner, MasterKey, Vault};

pub(super) const ISSUER: &str = "https://breakglass.example/acs/t/CUSTOMER";

pub(super) const ALGORITHMS: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::EdDsa,
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Rs256,
];

pub(super) static FIXTURE: LazyLock<Fixture> = LazyLock::new(Fixture::new);

pub(super) struct Fixture {
    pub(super) signer: JwtSigner,
    pub(super) keys: Vec<SigningKey>,
}

impl Fixture {
    fn new() -> Self {
        let signer = signer([1; 32]);
        let keys = ALGORITHMS
            .into_iter()
            .map(|algorithm| generate(&signer, Some(broker(1)), algorithm))
            .collect();
        Self { signer, keys }
    }

    pub(super) fn key(&self, algorithm: SignatureAlgorithm) -> &SigningKey {
        self.keys
            .iter()
            .find(|key| key.algorithm == algorithm)
            .unwrap()
    }

    pub(super) fn verify(&self, token: &str) -> Result<(), CryptoError> {
        self.signer
            .verify_access_token(&self.keys, ISSUER, &Secret::new(token))
            .map(drop)
    }
}

pub(super) fn signer(master_key: [u8; 32]) -> JwtSigner {
    JwtSigner::new(Arc::new(Vault::new(MasterKey::new(master_key))))
}

pub(super) fn broker(number: u8) -> BrokerId {
    BrokerId::from_random([number; 16])
}

pub(super) fn generate(
    signer: &JwtSigner,
    broker_id: Option<BrokerId>,
    algorithm: SignatureAlgorithm,
) -> SigningKey {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(signer.generate(broker_id, algorithm, Timestamp::from_millis(5)))
        .unwrap()
}

pub(super) fn claims(client_id: &ClientId) -> AccessTokenClaims {
    AccessTokenClaims {
        issuer: ISSUER.to_owned(),
        subject: client_id.to_string(),
        client_id: client_id.to_string(),
        audience: vec!["https://breakglass.example".to_owned()],
        issued_at: Timestamp::from_millis(1_750_000_000_000),
        expires_at: Timestamp::from_millis(1_750_003_600_000),
        token_id: TokenId::from_bytes([0xab; 16]),
        roles: vec![RoleClaim::administrator()],
        scope: None,
        status: Some(StatusClaim {
            index: 7,
            uri: format!("{ISSUER}/statuslists/1"),
        }),
        credential: None,
        actor: None,
        confirmation: None,
        derived_from: Vec::new(),
        overflow: None,
        expands: None,
    }
}

/// A compact JWS with any header and payload, rightly signed.
pub(super) fn forge(pair: &SigningPair, header: &str, payload: &str) -> String {
    let message = format!("{}.{}", encoded(header), encoded(payload));
    let signature = pair.sign(message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The public half of the fixture's key, as its holder would show it.
pub(super) fn jwk(algorithm: SignatureAlgorithm) -> Value {
    use breakglass_ports::PublicKeyMaterial::{EllipticCurve, OctetKeyPair, Rsa};
    let pair = FIXTURE.signer.pair(FIXTURE.key(algorithm)).unwrap();
    match &pair.public_key().material {
        EllipticCurve { x, y } => json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "k"}),
        OctetKeyPair { x } => json!({"kty": "OKP", "crv": "Ed25519", "x": x, "use": "sig"}),
        Rsa { e, n } => json!({"kty": "RSA", "e": e, "n": n, "alg": "RS256"}),
    }
}

/// A text signed with the fixture's key.
pub(super) fn signed(algorithm: SignatureAlgorithm, header: &Value, payload: &Value) -> String {
    let pair = FIXTURE.signer.pair(FIXTURE.key(algorithm)).unwrap();
    forge(&pair, &header.to_string(), &payload.to_string())
}

pub(super) fn encoded(text: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// The header and the payload of a compact JWS.
pub(super) fn parts(token: &str) -> (Value, Value) {
    let read = |part: &str| {
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let mut parts = token.split('.');
    (read(parts.next().unwrap()), read(parts.next().unwrap()))
}
