//! Password hashing with Argon2id (RFC 9106).

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::Error as HashError;
use argon2::{
    Algorithm, Argon2, Params, PasswordHash as Phc, PasswordHasher as _, PasswordVerifier as _,
    Version,
};
use async_trait::async_trait;
use breakglass_domain::{PasswordHash, Secret};
use breakglass_ports::{CryptoError, Entropy, PasswordHasher};
use tokio::sync::Semaphore;
use tokio::task;

/// Memory of one hash in KiB: 19 MiB, the first choice of the OWASP password storage recommendations for two passes.
const MEMORY_KIB: u32 = 19 * 1024;

/// Passes over that memory.
const PASSES: u32 = 2;

/// Lanes, and so threads, of one hash.
const LANES: u32 = 1;

/// Bytes of a salt (RFC 9106, section 3.1).
const SALT_BYTES: usize = 16;

/// Hashes computed at the same time: logins must never take all processors or much memory.
const CONCURRENT_HASHES: usize = 2;

/// What a password is checked against when there is no account: the cost of a real hash, and an output of zeroes that no
/// known password gives.
pub(crate) const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
                      $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes passwords with Argon2id into PHC strings, off the threads that answer requests.
///
/// A hash keeps its own parameters, so passwords hashed under older ones still verify when the constants here grow.
pub struct Argon2Hasher {
    entropy: Arc<dyn Entropy>,
    permits: Arc<Semaphore>,
}

impl Argon2Hasher {
    /// A hasher that takes its salts from this source.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self {
            entropy,
            permits: Arc::new(Semaphore::new(CONCURRENT_HASHES)),
        }
    }

    /// Runs a hash on a blocking thread. The permit goes along, so that a caller who stops waiting does not make room for
    /// another hash while this one still runs.
    pub(crate) async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, CryptoError> + Send + 'static,
    ) -> Result<T, CryptoError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| CryptoError::Failed)?;
        task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
        .map_err(|_| CryptoError::Failed)?
    }
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Hasher")
            .field("permits", &self.permits)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Secret) -> Result<PasswordHash, CryptoError> {
        let mut salt = [0; SALT_BYTES];
        self.entropy.fill(&mut salt)?;
        let password = password.clone();
        self.off_thread(move || {
            argon2()?
                .hash_password_with_salt(password.expose().as_bytes(), &salt)
                .map(|phc| PasswordHash::new(phc.to_string()))
                .map_err(|_| CryptoError::Failed)
        })
        .await
    }

    async fn verify(
        &self,
        password: &Secret,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, CryptoError> {
        let exists = hash.is_some();
        let hash = hash.map_or(NOBODY, PasswordHash::as_str).to_owned();
        let password = password.clone();
        let matches = self
            .off_thread(move || {
                let phc = Phc::new(&hash).map_err(|_| CryptoError::Failed)?;
                match argon2()?.verify_password(password.expose().as_bytes(), &phc) {
                    Ok(()) => Ok(true),
                    Err(HashError::PasswordInvalid) => Ok(false),
                    Err(_) => Err(CryptoError::Failed),
                }
            })
            .await?;
        Ok(matches && exists)
    }
}

fn argon2() -> Result<Argon2<'static>, CryptoError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| CryptoError::Failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}
