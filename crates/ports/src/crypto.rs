//! Keys and signatures.

use async_trait::async_trait;
use breakglass_domain::audit::{Checkpoint, SignedCheckpoint};
use breakglass_domain::host_token::HostTokenClaims;
use breakglass_domain::{
    AccessTokenClaims, BrokerId, CertificateChain, ClientAssertion, DpopProof, ForeignClaims,
    KeyId, KeySet, PublicJwk, SealedBytes, Secret, SignatureAlgorithm, SigningKey, StatusList,
    Timestamp,
};
use zeroize::Zeroizing;

/// Why a key operation failed. Never says anything of the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CryptoError {
    /// The library refused the operation: randomness failed, or a key or hash is damaged.
    #[error("the key operation failed")]
    Failed,
    /// The sealed bytes do not open under this master key for this purpose.
    #[error("the sealed bytes do not open under this master key")]
    NotOpened,
    /// The token is not one of ours: it has another form, key, algorithm, issuer or signature.
    #[error("the token does not verify")]
    NotVerified,
}

/// Why a chain of certificates is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{rule}")]
pub struct ChainFault {
    /// The text that is at fault, counted from 0, when it is one.
    pub place: Option<usize>,
    /// What it has to be.
    pub rule: String,
}

/// Encrypts secrets under the master key, which never leaves the adapter.
///
/// # Contract
/// 1. `unseal` of what `seal` gave, for the same purpose, gives the bytes back.
/// 2. `unseal` fails with [`CryptoError::NotOpened`] under another master key, for another purpose, and when any byte was changed.
/// 3. Sealing the same bytes twice gives different sealed bytes.
/// 4. When the master key was replaced, `seal` uses the new one, and `unseal` opens what was sealed under either for as long as
///    the old one is kept beside it.
pub trait KeyVault: Send + Sync {
    /// Encrypts and authenticates the bytes, bound to the purpose.
    ///
    /// # Errors
    /// When randomness fails.
    fn seal(&self, purpose: &str, bytes: &[u8]) -> Result<SealedBytes, CryptoError>;

    /// Opens what [`KeyVault::seal`] gave.
    ///
    /// # Errors
    /// [`CryptoError::NotOpened`]; see the contract.
    fn unseal(
        &self,
        purpose: &str,
        sealed: &SealedBytes,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError>;
}

/// The public half of a signing key, for a JWK (RFC 7517).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublicKey {
    /// Its `kid`.
    pub id: KeyId,
    /// Its `alg`.
    pub algorithm: SignatureAlgorithm,
    /// Its numbers.
    pub material: PublicKeyMaterial,
}

/// The numbers of a public key, each base64url-encoded without padding (RFC 7518, section 6; RFC 8037, section 2).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PublicKeyMaterial {
    /// A point on P-256: `kty` `EC`, `crv` `P-256`.
    EllipticCurve {
        /// The `x` coordinate.
        x: String,
        /// The `y` coordinate.
        y: String,
    },
    /// An Ed25519 key: `kty` `OKP`, `crv` `Ed25519`.
    OctetKeyPair {
        /// The public key.
        x: String,
    },
    /// An RSA key: `kty` `RSA`.
    Rsa {
        /// The public exponent.
        e: String,
        /// The modulus.
        n: String,
    },
}

/// What a status list token says (IETF Token Status List, section 5.1).
#[derive(Clone, Copy, Debug)]
pub struct StatusListToken<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// `sub`: the URI of the list itself.
    pub subject: &'a str,
    /// `iat`.
    pub issued_at: Timestamp,
    /// `exp`.
    pub expires_at: Timestamp,
    /// `ttl`: for how many seconds a copy may be kept.
    pub ttl_seconds: u32,
    /// The bits.
    pub list: &'a StatusList,
}

/// Makes keys, signs and verifies.
///
/// # Contract
/// 1. What is signed with a key verifies with it, and with no other key.
/// 2. A private key leaves the adapter only sealed.
/// 3. Verification uses the public half derived from the sealed private half, never the one that stands beside it in the
///    store: whoever can write the store must not be able to bring a key of their own.
/// 4. The algorithm is the key's; what the header of a token says must agree and never decides (RFC 8725, section 3.1).
/// 5. Key pairs are kept between signatures.
/// 6. `reseal` gives the same key, its private half sealed under the master key that is in force now.
#[async_trait]
pub trait TokenSigner: Send + Sync {
    /// Makes a key for a broker, or the installation's own when there is none. Slow for RS256, off the request threads.
    ///
    /// # Errors
    /// When randomness or the library fails.
    async fn generate(
        &self,
        broker_id: Option<BrokerId>,
        algorithm: SignatureAlgorithm,
        now: Timestamp,
    ) -> Result<SigningKey, CryptoError>;

    /// Seals the private half of a key anew.
    ///
    /// # Errors
    /// [`CryptoError::NotOpened`] under a wrong master key.
    fn reseal(&self, key: &SigningKey) -> Result<SigningKey, CryptoError>;

    /// The public half of a key.
    ///
    /// # Errors
    /// [`CryptoError::NotOpened`] under a wrong master key.
    fn public_key(&self, key: &SigningKey) -> Result<PublicKey, CryptoError>;

    /// Signs an access token: a JWT of `typ` `at+jwt` (RFC 9068, section 2.1).
    ///
    /// # Errors
    /// [`CryptoError::NotOpened`] under a wrong master key; [`CryptoError::Failed`] when the token would be longer than what is
    /// looked at, unless it is an expanded one.
    fn sign_access_token(
        &self,
        key: &SigningKey,
        claims: &AccessTokenClaims,
    ) -> Result<Secret, CryptoError>;

    /// Verifies form, `typ`, `kid`, signature and issuer of an access token that one of these keys should have signed.
    /// The issuer must end with `issuer_path`: the path says which broker it is, while the host may be one under which the
    /// installation was reached before. Times and recall are the caller's to check, and that the claims are those that it knows
    /// of the token.
    ///
    /// # Errors
    /// [`CryptoError::NotVerified`] for whatever reason.
    fn verify_access_token(
        &self,
        keys: &[SigningKey],
        issuer_path: &str,
        token: &Secret,
    ) -> Result<AccessTokenClaims, CryptoError>;

    /// Verifies an expanded token of ours, as [`TokenSigner::verify_access_token`] does another. It may be as long as
    /// [`MAX_EXPANDED_BYTES`](breakglass_domain::registered_token::MAX_EXPANDED_BYTES).
    ///
    /// # Errors
    /// [`CryptoError::NotVerified`] for whatever reason.
    fn verify_own_expanded_token(
        &self,
        keys: &[SigningKey],
        issuer_path: &str,
        token: &Secret,
    ) -> Result<AccessTokenClaims, CryptoError>;

    /// Reads a JWK (RFC 7517) as a public key that a client may register: an RSA key of 2048 to 8192 bits, a point on P-256 or an
    /// Ed25519 key. Anything private in it is refused.
    ///
    /// # Errors
    /// [`CryptoError::NotVerified`] for whatever reason.
    fn read_public_jwk(&self, jwk: &str) -> Result<PublicJwk, CryptoError>;

    /// Verifies that this key signed a client's assertion (RFC 7523), and gives what it says. Times, audience and subject are the
    /// caller's to check.
    ///
    /// # Errors
    /// [`CryptoError::NotVerified`] for whatever reason.
    fn verify_client_assertion(
        &self,
        key: &PublicJwk,
        assertion: &Secret,
    ) -> Result<ClientAssertion, CryptoError>;

    /// Verifies a proof by the key that it shows (RFC 9449, section 4.3), and gives what it says. For which request, token and
    /// instant it is good, and whether it was seen before, is the caller's to check.
    ///
    /// # Errors
    /// [`CryptoError::NotVerified`] for whatever reason.
    fn verify_dpop_proof(&self, proof: &Secret) -> Result<DpopProof, CryptoError>;

    /// The `sub` that an assertion of unknown origin names. Says nothing of who made it.
    fn claimed_client(&self, assertion: &Secret) -> Option<String>;

    /// The `kid` that a text of unknown origin names, if it has the form of a token at all. Says nothing of who made it.
    fn claimed_key(&self, token: &Secret) -> Option<KeyId>;

    /// Reads a chain of X.509 certificates (RFC 5280), each text in PEM or in base64 of DER: the one whose key signs tokens
    /// first, each signed by the next. Private keys are refused, and so are keys that are not RSA of 2048 to 8192 bits, on P-256
    /// or P-384, or Ed25519.
    ///
    /// # Errors
    /// With what is wrong, and where.
    fn read_certificate_chain(&self, texts: &[String]) -> Result<CertificateChain, ChainFault>;

    /// A certificate in PEM (RFC 7468).
    fn write_certificate(&self, der: &[u8]) -> String;

    /// The `iss` that a text of unknown origin names, if it has the form of a token at all. Says nothing of who made it.
    fn claimed_issuer(&self, token: &Secret) -> Option<String>;

    /// The `kid` in the header of a text of unknown origin, whatever its form. Says nothing of who made it.
    fn claimed_kid(&self, token: &Secret) -> Option<String>;

    /// Reads a document with keys (RFC 7517, section 5). Keys that are not understood, symmetric or not for signatures are passed
    /// over, and so is all of a key that is private.
    ///
    /// # Errors
    /// [`CryptoError::NotVerified`] when it is no such document, or holds too many keys.
    fn read_key_set(&self, document: &[u8]) -> Result<KeySet, CryptoError>;

    /// Verifies form, `typ` and signature of another issuer's token, by the first certificate of one of these chains, which must be
    /// valid at `now`, or by one of these keys. The algorithm must be one of the key's, whatever the header says. Issuer, audience and times are
    /// the caller's to check.
    ///
    /// # Errors
    /// [`CryptoError::NotVerified`] for whatever reason.
    fn verify_foreign_token(
        &self,
        chains: &[CertificateChain],
        keys: &KeySet,
        token: &Secret,
        now: Timestamp,
    ) -> Result<ForeignClaims, CryptoError>;

    /// Verifies an expanded token, as [`TokenSigner::verify_foreign_token`] does another. It may be as long as
    /// [`MAX_EXPANDED_BYTES`](breakglass_domain::registered_token::MAX_EXPANDED_BYTES).
    ///
    /// # Errors
    /// [`CryptoError::NotVerified`] for whatever reason.
    fn verify_expanded_token(
        &self,
        chains: &[CertificateChain],
        keys: &KeySet,
        token: &Secret,
        now: Timestamp,
    ) -> Result<ForeignClaims, CryptoError>;

    /// Signs a host token: a JWT of `typ` `breakglass-host+jwt`.
    ///
    /// # Errors
    /// [`CryptoError::NotOpened`] under a wrong master key; [`CryptoError::Failed`] when the token would be too long.
    fn sign_host_token(
        &self,
        key: &SigningKey,
        claims: &HostTokenClaims,
    ) -> Result<Secret, CryptoError>;

    /// Verifies form, `typ`, `kid`, signature and issuer of a host token that this key should have signed, as
    /// [`TokenSigner::verify_access_token`] does.
    ///
    /// # Errors
    /// [`CryptoError::NotVerified`] for whatever reason.
    fn verify_host_token(
        &self,
        key: &SigningKey,
        issuer_path: &str,
        token: &Secret,
    ) -> Result<HostTokenClaims, CryptoError>;

    /// Signs a status list: a JWT of `typ` `statuslist+jwt` with the list compressed.
    ///
    /// # Errors
    /// [`CryptoError::NotOpened`] under a wrong master key.
    fn sign_status_list(
        &self,
        key: &SigningKey,
        token: &StatusListToken<'_>,
    ) -> Result<String, CryptoError>;

    /// Signs a checkpoint of the audit: a JWS of `typ` `breakglass-checkpoint+jwt`.
    ///
    /// # Errors
    /// [`CryptoError::NotOpened`] under a wrong master key.
    fn sign_checkpoint(
        &self,
        key: &SigningKey,
        checkpoint: &Checkpoint,
    ) -> Result<SignedCheckpoint, CryptoError>;

    /// Reads a checkpoint that this key signed.
    ///
    /// # Errors
    /// [`CryptoError::NotVerified`] when it is not one, or was changed.
    fn verify_checkpoint(
        &self,
        key: &SigningKey,
        jws: &str,
    ) -> Result<SignedCheckpoint, CryptoError>;
}
