//! The keys that the checks sign with: made once in each process, so that nobody who feeds it bytes knows them.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::{BrokerId, SignatureAlgorithm, SigningKey, Timestamp};
use breakglass_ports::{PublicKeyMaterial, TokenSigner};
use breakglass_tokens::{JwtSigner, MasterKey, PublishedKeys, Vault};
use serde_json::{Value, json};

/// The issuer of what is signed here.
pub(crate) const ISSUER: &str = "https://breakglass.example/acs/t/CUSTOMER";

/// A key of ours, and what is published of it.
pub(crate) struct Ours {
    pub(crate) signer: JwtSigner,
    pub(crate) keys: Vec<SigningKey>,
    pub(crate) published: PublishedKeys,
}

impl Ours {
    /// The key that signs.
    pub(crate) fn key(&self) -> &SigningKey {
        self.keys.first().expect("a key was made")
    }

    fn make() -> Self {
        let signer = JwtSigner::new(Arc::new(Vault::new(MasterKey::new([1; 32]))));
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let broker = Some(BrokerId::from_random([1; 16]));
        let made = signer.generate(broker, SignatureAlgorithm::EdDsa, Timestamp::from_millis(5));
        let key = runtime.expect("a runtime").block_on(made).expect("a key");
        let public = signer.public_key(&key).expect("a public key");
        let PublicKeyMaterial::OctetKeyPair { x } = public.material else {
            panic!("an Ed25519 key was asked for");
        };
        let set =
            json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": public.id.as_str(), "x": x}]});
        Self {
            published: PublishedKeys::parse(set.to_string().as_bytes()).expect("a key set"),
            keys: vec![key],
            signer,
        }
    }
}

/// Ours.
pub(crate) static OURS: LazyLock<Ours> = LazyLock::new(Ours::make);

/// A key of somebody else, which signs whatever is wanted.
pub(crate) struct Theirs(Ed25519KeyPair);

impl Theirs {
    /// The public half (RFC 8037, section 2).
    pub(crate) fn jwk(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "x": x})
    }

    /// A compact JWS of any header and payload (RFC 7515, section 7.1).
    pub(crate) fn sign(&self, header: &[u8], payload: &[u8]) -> String {
        let header = URL_SAFE_NO_PAD.encode(header);
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(message.as_bytes()));
        format!("{message}.{signature}")
    }
}

/// Theirs.
pub(crate) static THEIRS: LazyLock<Theirs> =
    LazyLock::new(|| Theirs(Ed25519KeyPair::generate().expect("randomness")));
