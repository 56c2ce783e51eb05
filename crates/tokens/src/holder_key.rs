//! The key of a token's holder: what the holder proves with, request by request, that a bound token is not stolen.

use std::fmt;

use breakglass_domain::dpop::token_hash;
use breakglass_domain::{DpopRequest, Secret, SignatureAlgorithm, Thumbprint, Timestamp};
use breakglass_ports::CryptoError;
use pem::Pem;
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::jws;
use crate::signing_pair::SigningPair;
use crate::thumbprint::members;

/// The label of a private key that is not encrypted (RFC 7468, section 10).
const LABEL: &str = "PRIVATE KEY";

/// A private key that tokens are bound to (RFC 9449). It stays with the holder: a server learns its thumbprint and sees the
/// public half in each proof.
pub struct HolderKey(SigningPair);

/// Why a text is no key of a holder. Never says anything of the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "must be an unencrypted private key in PEM (PKCS #8): P-256, Ed25519 or RSA of 2048 bits and more"
)]
pub struct InvalidHolderKey;

/// RFC 9449, section 4.2.
#[derive(Serialize)]
struct ProofJson<'a> {
    jti: &'a str,
    htm: &'a str,
    htu: &'a str,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl HolderKey {
    /// Makes a new key on P-256.
    ///
    /// # Errors
    /// When randomness fails.
    pub fn generate() -> Result<Self, CryptoError> {
        SigningPair::generate(SignatureAlgorithm::Es256).map(Self)
    }

    /// Reads a key from PEM (RFC 7468), as this or `openssl genpkey` writes it.
    ///
    /// # Errors
    /// When it is not such a key.
    pub fn from_pem(text: &str) -> Result<Self, InvalidHolderKey> {
        let pem = pem::parse(text).map_err(|_| InvalidHolderKey)?;
        if pem.tag() != LABEL {
            return Err(InvalidHolderKey);
        }
        let pkcs8 = Zeroizing::new(pem.into_contents());
        let algorithms = [
            SignatureAlgorithm::Es256,
            SignatureAlgorithm::EdDsa,
            SignatureAlgorithm::Rs256,
        ];
        algorithms
            .into_iter()
            .find_map(|algorithm| SigningPair::from_pkcs8(algorithm, &pkcs8).ok())
            .map(Self)
            .ok_or(InvalidHolderKey)
    }

    /// The key in PEM, to be kept in a file that nobody else reads.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, CryptoError> {
        let pem = Pem::new(LABEL, self.0.to_pkcs8()?.to_vec());
        let lines = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        Ok(Zeroizing::new(pem::encode_config(&pem, lines)))
    }

    /// The thumbprint by which tokens are bound to the key (RFC 7638).
    ///
    /// # Errors
    /// Never for a key that was made or read here.
    pub fn thumbprint(&self) -> Result<Thumbprint, CryptoError> {
        let text = self.0.public_key().id.as_str();
        text.parse().map_err(|_| CryptoError::Failed)
    }

    /// Proves for one request that its sender holds the key (RFC 9449, section 4.2). `id` must be new for each proof: 16 random
    /// bytes as text, or more. The URI should be without query and fragment.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn prove(
        &self,
        request: DpopRequest<'_>,
        nonce: Option<&str>,
        id: &str,
        now: Timestamp,
    ) -> Result<Secret, CryptoError> {
        let public = self.0.public_key();
        let jwk: Value =
            serde_json::from_str(&members(&public.material)).map_err(|_| CryptoError::Failed)?;
        let header = json!({"typ": "dpop+jwt", "alg": public.algorithm.name(), "jwk": jwk});
        let payload = ProofJson {
            jti: id,
            htm: request.method,
            htu: request.uri,
            iat: now.seconds(),
            ath: request.token.map(token_hash),
            nonce,
        };
        let header = jws::encoded(&header)?;
        jws::compact(&self.0, &header, &payload).map(Secret::new)
    }
}

impl fmt::Debug for HolderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HolderKey")
            .field(&self.0.public_key().id)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dpop::verify;

    /// RFC 8037, appendix A.1, as `openssl genpkey -algorithm ed25519` would write it.
    const ED25519: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";

    #[test]
    fn a_key_reads_back_and_proves_what_it_should() {
        let key = HolderKey::generate().unwrap();
        let pem = key.to_pem().unwrap();
        let read = HolderKey::from_pem(&pem).unwrap();
        let request = DpopRequest {
            method: "GET",
            uri: "https://b.example/x",
            token: Some("t"),
        };
        let now = Timestamp::from_millis(5000);
        let proof = read.prove(request, Some("n"), "1", now).unwrap();
        let proof = verify(proof.expose()).unwrap();
        assert_eq!(proof.key, key.thumbprint().unwrap());
        assert_eq!(proof.token_hash, Some(token_hash("t")));
        assert_eq!(proof.nonce.as_deref(), Some("n"));
        assert_eq!(proof.issued_at, now);
        let shown = format!("{key:?}");
        assert!(shown.contains(key.0.public_key().id.as_str()), "{shown}");
    }

    #[test]
    fn a_key_of_openssl_is_read_and_nothing_else_is() {
        let key = HolderKey::from_pem(ED25519).unwrap();
        assert_eq!(
            key.thumbprint().unwrap().to_string(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            "RFC 8037, appendix A.3"
        );
        let encrypted = ED25519.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        for text in ["", "key", &encrypted, &ED25519.replace("MC4C", "MC4D")] {
            assert_eq!(HolderKey::from_pem(text).unwrap_err(), InvalidHolderKey);
        }
    }
}
