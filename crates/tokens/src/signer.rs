//! The signer: keys made, sealed, kept, signed with and verified by.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use breakglass_domain::access_token::MAX_TOKEN_BYTES;
use breakglass_domain::audit::{Checkpoint, SignedCheckpoint};
use breakglass_domain::host_token::HostTokenClaims;
use breakglass_domain::registered_token::MAX_EXPANDED_BYTES;
use breakglass_domain::{
    AccessTokenClaims, BrokerId, CertificateChain, ClientAssertion, DpopProof, ForeignClaims,
    KeyId, KeySet, PublicJwk, Secret, SignatureAlgorithm, SigningKey, Timestamp,
};
use breakglass_ports::{
    ChainFault, CryptoError, KeyVault, PublicKey, StatusListToken, TokenSigner,
};
use tokio::task;

use crate::access_token::AccessTokenJson;
use crate::claims::{CheckpointJson, StatusListTokenJson};
use crate::host_token::HostTokenJson;
use crate::jws::{self, Kind};
use crate::kept_pairs::KeptPairs;
use crate::signing_pair::SigningPair;
use crate::{certificates, client_assertion, dpop, foreign_token, key_set, public_jwk};

/// Key pairs kept between signatures: more than the live keys of any sensible number of brokers.
const KEPT_PAIRS: usize = 256;

/// Signs and verifies JSON Web Tokens with keys that are sealed in the store.
pub struct JwtSigner {
    vault: Arc<dyn KeyVault>,
    kept: KeptPairs,
}

impl JwtSigner {
    /// A signer whose private keys are sealed by this vault.
    pub fn new(vault: Arc<dyn KeyVault>) -> Self {
        Self {
            vault,
            kept: KeptPairs::new(KEPT_PAIRS),
        }
    }

    /// The pair of a key, kept or opened.
    pub(crate) fn pair(&self, key: &SigningKey) -> Result<Arc<SigningPair>, CryptoError> {
        let purpose = purpose(key.broker_id, key.algorithm, &key.id);
        let sealed = &key.sealed_private_key;
        self.kept.get_or_open(&purpose, sealed, || {
            let pkcs8 = self.vault.unseal(&purpose, sealed)?;
            SigningPair::from_pkcs8(key.algorithm, &pkcs8)
        })
    }
}

impl JwtSigner {
    fn verify_own(
        &self,
        keys: &[SigningKey],
        issuer_path: &str,
        (token, longest): (&Secret, usize),
    ) -> Result<AccessTokenClaims, CryptoError> {
        let token = token.expose();
        let claimed = jws::claimed_key(token, longest)?;
        let key = keys
            .iter()
            .find(|key| key.id == claimed)
            .ok_or(CryptoError::NotVerified)?;
        let pair = self.pair(key).map_err(|_| CryptoError::NotVerified)?;
        let payload: AccessTokenJson<'static> =
            jws::verify(&pair, Kind::AccessToken, (token, longest))?;
        if !payload.iss.ends_with(issuer_path) {
            return Err(CryptoError::NotVerified);
        }
        payload.claims().ok_or(CryptoError::NotVerified)
    }
}

impl fmt::Debug for JwtSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtSigner(..)")
    }
}

/// A token that is short enough to be verified again.
fn within_limit(token: String) -> Result<Secret, CryptoError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(CryptoError::Failed);
    }
    Ok(Secret::new(token))
}

#[async_trait]
impl TokenSigner for JwtSigner {
    async fn generate(
        &self,
        broker_id: Option<BrokerId>,
        algorithm: SignatureAlgorithm,
        now: Timestamp,
    ) -> Result<SigningKey, CryptoError> {
        let pair = task::spawn_blocking(move || SigningPair::generate(algorithm))
            .await
            .map_err(|_| CryptoError::Failed)??;
        let id = pair.public_key().id.clone();
        let purpose = purpose(broker_id, algorithm, &id);
        Ok(SigningKey {
            id,
            broker_id,
            algorithm,
            public_key: pair.subject_public_key_info()?,
            sealed_private_key: self.vault.seal(&purpose, &pair.to_pkcs8()?)?,
            created_at: now,
            activates_at: now,
            signs_until: now,
            retired_at: None,
        })
    }

    fn reseal(&self, key: &SigningKey) -> Result<SigningKey, CryptoError> {
        let purpose = purpose(key.broker_id, key.algorithm, &key.id);
        let pkcs8 = self.vault.unseal(&purpose, &key.sealed_private_key)?;
        Ok(SigningKey {
            sealed_private_key: self.vault.seal(&purpose, &pkcs8)?,
            ..key.clone()
        })
    }

    fn public_key(&self, key: &SigningKey) -> Result<PublicKey, CryptoError> {
        Ok(self.pair(key)?.public_key().clone())
    }

    fn sign_access_token(
        &self,
        key: &SigningKey,
        claims: &AccessTokenClaims,
    ) -> Result<Secret, CryptoError> {
        let payload = AccessTokenJson::from(claims);
        let token = jws::sign(&*self.pair(key)?, Kind::AccessToken, &payload)?;
        // An expanded token travels in bodies.
        match claims.expands {
            None => within_limit(token),
            Some(_) => Ok(Secret::new(token)),
        }
    }

    fn verify_access_token(
        &self,
        keys: &[SigningKey],
        issuer_path: &str,
        token: &Secret,
    ) -> Result<AccessTokenClaims, CryptoError> {
        self.verify_own(keys, issuer_path, (token, MAX_TOKEN_BYTES))
    }

    fn verify_own_expanded_token(
        &self,
        keys: &[SigningKey],
        issuer_path: &str,
        token: &Secret,
    ) -> Result<AccessTokenClaims, CryptoError> {
        self.verify_own(keys, issuer_path, (token, MAX_EXPANDED_BYTES))
    }

    fn read_public_jwk(&self, jwk: &str) -> Result<PublicJwk, CryptoError> {
        public_jwk::read_public_jwk(jwk)
    }

    fn verify_client_assertion(
        &self,
        key: &PublicJwk,
        assertion: &Secret,
    ) -> Result<ClientAssertion, CryptoError> {
        client_assertion::verify(key, assertion.expose())
    }

    fn verify_dpop_proof(&self, proof: &Secret) -> Result<DpopProof, CryptoError> {
        dpop::verify(proof.expose())
    }

    fn claimed_client(&self, assertion: &Secret) -> Option<String> {
        client_assertion::claimed_client(assertion.expose())
    }

    fn claimed_key(&self, token: &Secret) -> Option<KeyId> {
        jws::claimed_key(token.expose(), MAX_EXPANDED_BYTES).ok()
    }

    fn read_certificate_chain(&self, texts: &[String]) -> Result<CertificateChain, ChainFault> {
        certificates::read_chain(texts)
    }

    fn write_certificate(&self, der: &[u8]) -> String {
        certificates::write(der)
    }

    fn claimed_issuer(&self, token: &Secret) -> Option<String> {
        foreign_token::claimed_issuer(token.expose())
    }

    fn claimed_kid(&self, token: &Secret) -> Option<String> {
        foreign_token::claimed_kid(token.expose())
    }

    fn read_key_set(&self, document: &[u8]) -> Result<KeySet, CryptoError> {
        key_set::read(document)
    }

    fn verify_foreign_token(
        &self,
        chains: &[CertificateChain],
        keys: &KeySet,
        token: &Secret,
        now: Timestamp,
    ) -> Result<ForeignClaims, CryptoError> {
        foreign_token::verify(chains, keys, (token.expose(), MAX_TOKEN_BYTES), now)
    }

    fn verify_expanded_token(
        &self,
        chains: &[CertificateChain],
        keys: &KeySet,
        token: &Secret,
        now: Timestamp,
    ) -> Result<ForeignClaims, CryptoError> {
        foreign_token::verify(chains, keys, (token.expose(), MAX_EXPANDED_BYTES), now)
    }

    fn sign_host_token(
        &self,
        key: &SigningKey,
        claims: &HostTokenClaims,
    ) -> Result<Secret, CryptoError> {
        let payload = HostTokenJson::from(claims);
        within_limit(jws::sign(&*self.pair(key)?, Kind::HostToken, &payload)?)
    }

    fn verify_host_token(
        &self,
        key: &SigningKey,
        issuer_path: &str,
        token: &Secret,
    ) -> Result<HostTokenClaims, CryptoError> {
        let pair = self.pair(key).map_err(|_| CryptoError::NotVerified)?;
        let payload: HostTokenJson =
            jws::verify(&pair, Kind::HostToken, (token.expose(), MAX_TOKEN_BYTES))?;
        if !payload.iss.ends_with(issuer_path) {
            return Err(CryptoError::NotVerified);
        }
        payload.claims().ok_or(CryptoError::NotVerified)
    }

    fn sign_status_list(
        &self,
        key: &SigningKey,
        token: &StatusListToken<'_>,
    ) -> Result<String, CryptoError> {
        let payload = StatusListTokenJson::new(token).map_err(|_| CryptoError::Failed)?;
        jws::sign(&*self.pair(key)?, Kind::StatusList, &payload)
    }

    fn sign_checkpoint(
        &self,
        key: &SigningKey,
        checkpoint: &Checkpoint,
    ) -> Result<SignedCheckpoint, CryptoError> {
        let payload = CheckpointJson::from(checkpoint);
        Ok(SignedCheckpoint {
            checkpoint: *checkpoint,
            jws: jws::sign(&*self.pair(key)?, Kind::Checkpoint, &payload)?,
        })
    }

    fn verify_checkpoint(
        &self,
        key: &SigningKey,
        jws: &str,
    ) -> Result<SignedCheckpoint, CryptoError> {
        let pair = self.pair(key).map_err(|_| CryptoError::NotVerified)?;
        let payload: CheckpointJson = jws::verify(&pair, Kind::Checkpoint, (jws, MAX_TOKEN_BYTES))?;
        Ok(SignedCheckpoint {
            checkpoint: payload.checkpoint().ok_or(CryptoError::NotVerified)?,
            jws: jws.to_owned(),
        })
    }
}

/// What a private key is sealed for. It binds the key to its broker, algorithm and name, so that whoever can write the
/// store cannot move it to another row.
fn purpose(broker_id: Option<BrokerId>, algorithm: SignatureAlgorithm, id: &KeyId) -> String {
    let broker = broker_id.map(|id| id.to_string());
    let owner = broker.as_deref().unwrap_or("installation");
    ["signing-key", owner, algorithm.name(), id.as_str()].join("/")
}
