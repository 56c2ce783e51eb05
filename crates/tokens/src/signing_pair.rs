//! A key pair in the form that signs and verifies at once, without being parsed again.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_domain::SignatureAlgorithm;
use breakglass_ports::{CryptoError, PublicKey, PublicKeyMaterial};
use jsonwebtoken::{Algorithm, DecodingKey};
use zeroize::Zeroizing;

use crate::jws::Kind;
use crate::thumbprint::thumbprint;

/// A private key ready to sign, with its public half in the forms that are asked for.
pub(crate) struct SigningPair {
    private: PrivateKey,
    public: PublicKey,
    decoding_key: DecodingKey,
    /// The header of what it signs, encoded, for each kind of which it has signed something.
    headers: [OnceLock<String>; Kind::COUNT],
}

enum PrivateKey {
    EdDsa(Ed25519KeyPair),
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl SigningPair {
    /// Makes a new pair. Takes tens of milliseconds and more for RS256.
    pub(crate) fn generate(algorithm: SignatureAlgorithm) -> Result<Self, CryptoError> {
        let private = match algorithm {
            SignatureAlgorithm::EdDsa => Ed25519KeyPair::generate().map(PrivateKey::EdDsa),
            SignatureAlgorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(PrivateKey::Es256)
            }
            SignatureAlgorithm::Rs256 => {
                RsaKeyPair::generate(KeySize::Rsa2048).map(PrivateKey::Rs256)
            }
        };
        Self::new(private.map_err(|_| CryptoError::Failed)?)
    }

    /// Reads a pair from the PKCS#8 form of its private half; the public half is derived from it.
    pub(crate) fn from_pkcs8(
        algorithm: SignatureAlgorithm,
        pkcs8: &[u8],
    ) -> Result<Self, CryptoError> {
        let private = match algorithm {
            SignatureAlgorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).map(PrivateKey::EdDsa),
            SignatureAlgorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
                    .map(PrivateKey::Es256)
            }
            SignatureAlgorithm::Rs256 => RsaKeyPair::from_pkcs8(pkcs8).map(PrivateKey::Rs256),
        };
        Self::new(private.map_err(|_| CryptoError::Failed)?)
    }

    fn new(private: PrivateKey) -> Result<Self, CryptoError> {
        let (algorithm, material, decoding_key) = match &private {
            PrivateKey::EdDsa(pair) => {
                let x = pair.public_key().as_ref();
                (
                    SignatureAlgorithm::EdDsa,
                    PublicKeyMaterial::OctetKeyPair { x: base64url(x) },
                    DecodingKey::from_ed_der(x),
                )
            }
            PrivateKey::Es256(pair) => {
                let point = pair.public_key().as_ref();
                (
                    SignatureAlgorithm::Es256,
                    coordinates(point)?,
                    DecodingKey::from_ec_der(point),
                )
            }
            PrivateKey::Rs256(pair) => {
                let public = pair.public_key();
                let material = PublicKeyMaterial::Rsa {
                    e: base64url(public.exponent().big_endian_without_leading_zero()),
                    n: base64url(public.modulus().big_endian_without_leading_zero()),
                };
                (
                    SignatureAlgorithm::Rs256,
                    material,
                    DecodingKey::from_rsa_der(public.as_ref()),
                )
            }
        };
        let public = PublicKey {
            id: thumbprint(&material),
            algorithm,
            material,
        };
        Ok(Self {
            private,
            public,
            decoding_key,
            headers: Default::default(),
        })
    }

    /// The header of what it signs of this kind, encoded, once it is written.
    pub(crate) fn header(&self, kind: Kind) -> &OnceLock<String> {
        let [access_token, checkpoint, host_token, status_list] = &self.headers;
        match kind {
            Kind::AccessToken => access_token,
            Kind::Checkpoint => checkpoint,
            Kind::HostToken => host_token,
            Kind::StatusList => status_list,
        }
    }

    /// The public half.
    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The public half, for `jsonwebtoken` to verify with.
    pub(crate) fn decoding_key(&self) -> &DecodingKey {
        &self.decoding_key
    }

    /// The one algorithm of the pair, in the terms of `jsonwebtoken`.
    pub(crate) fn algorithm(&self) -> Algorithm {
        match self.public.algorithm {
            SignatureAlgorithm::EdDsa => Algorithm::EdDSA,
            SignatureAlgorithm::Es256 => Algorithm::ES256,
            SignatureAlgorithm::Rs256 => Algorithm::RS256,
        }
    }

    /// The private half as PKCS#8 (RFC 5208), to be sealed.
    pub(crate) fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let bytes = match &self.private {
            PrivateKey::EdDsa(pair) => pair.to_pkcs8v1().map(|document| document.as_ref().to_vec()),
            PrivateKey::Es256(pair) => pair.to_pkcs8v1().map(|document| document.as_ref().to_vec()),
            PrivateKey::Rs256(pair) => {
                AsDer::<Pkcs8V1Der<'_>>::as_der(pair).map(|document| document.as_ref().to_vec())
            }
        };
        bytes.map(Zeroizing::new).map_err(|_| CryptoError::Failed)
    }

    /// The public half as a DER `SubjectPublicKeyInfo` (RFC 5280, section 4.1.2.7).
    pub(crate) fn subject_public_key_info(&self) -> Result<Vec<u8>, CryptoError> {
        let document = match &self.private {
            PrivateKey::EdDsa(pair) => pair.public_key().as_der(),
            PrivateKey::Es256(pair) => pair.public_key().as_der(),
            PrivateKey::Rs256(pair) => pair.public_key().as_der(),
        };
        document
            .map(|der| der.as_ref().to_vec())
            .map_err(|_| CryptoError::Failed)
    }

    /// How many bytes a signature has.
    pub(crate) fn signature_len(&self) -> usize {
        match &self.private {
            // RFC 8032, section 5.1.6; RFC 7518, section 3.4.
            PrivateKey::EdDsa(_) | PrivateKey::Es256(_) => 64,
            PrivateKey::Rs256(pair) => pair.public_modulus_len(),
        }
    }

    /// The signature over a message in the form of a JWS (RFC 7518, sections 3.3 and 3.4; RFC 8037, section 3.1).
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let random = SystemRandom::new();
        let signature = match &self.private {
            PrivateKey::EdDsa(pair) => pair.try_sign(message).map(|done| done.as_ref().to_vec()),
            PrivateKey::Es256(pair) => pair
                .sign(&random, message)
                .map(|done| done.as_ref().to_vec()),
            PrivateKey::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map(|()| signature)
            }
        };
        signature.map_err(|_| CryptoError::Failed)
    }
}

/// The halves of an uncompressed point on P-256 (SEC 1, section 2.3.3): a byte `0x04`, 32 bytes of `x`, 32 of `y`.
fn coordinates(point: &[u8]) -> Result<PublicKeyMaterial, CryptoError> {
    match point {
        [0x04, rest @ ..] if rest.len() == 64 => {
            let (x, y) = rest.split_at(32);
            Ok(PublicKeyMaterial::EllipticCurve {
                x: base64url(x),
                y: base64url(y),
            })
        }
        _ => Err(CryptoError::Failed),
    }
}

fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
