//! Password hashing with Argon2id (RFC 9106).

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, PasswordHash as Phc, Version};
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

/// Blocks of 1 KiB that are reserved for a hash, of which it touches as many as it needs: what is larger than 32 MiB the C library
/// of Linux always maps on its own and gives back to the system at once, where it would keep 19 MiB for the next time.
const RESERVED_BLOCKS: usize = 33 * 1024;

/// Hashes computed at the same time: logins must never take all processors or much memory.
const CONCURRENT_HASHES: usize = 2;

/// What a password is checked against when there is no account: the cost of a real hash, and an output of zeroes that no
/// known password gives.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA\
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

    /// Runs a hash on a thread that may block. The permit goes along, so that a caller who stops waiting does not make room for
    /// another hash while this one still runs.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, CryptoError> + Send + 'static,
    ) -> Result<T, CryptoError> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| CryptoError::Failed)?;
        let hashing = task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        hashing.await.map_err(|_| CryptoError::Failed)?
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
        self.off_thread(move || hash(&password, &salt).map_err(failed))
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
            .off_thread(move || matches(&password, &hash).map_err(failed))
            .await?;
        Ok(matches && exists)
    }
}

/// Why a hash cannot be computed, or a text is none; nobody is told more than that.
type HashError = argon2::password_hash::Error;

fn failed(_: HashError) -> CryptoError {
    CryptoError::Failed
}

/// The PHC string of a password.
fn hash(password: &Secret, salt: &[u8]) -> Result<PasswordHash, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    let named = ParamsString::try_from(&params)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let phc = Phc {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: named,
        salt: Some(Salt::new(salt)?),
        hash: Some(output(&argon2, password, salt, Params::DEFAULT_OUTPUT_LEN)?),
    };
    Ok(PasswordHash::new(phc.to_string()))
}

/// Whether the PHC string is that of this password. The comparison takes the same time whatever differs.
fn matches(password: &Secret, hash: &str) -> Result<bool, HashError> {
    let phc = Phc::new(hash)?;
    let (Some(salt), Some(expected)) = (&phc.salt, &phc.hash) else {
        return Err(HashError::EncodingInvalid);
    };
    let version = phc.version.map(Version::try_from).transpose()?;
    let argon2 = Argon2::new(
        Algorithm::try_from(phc.algorithm.as_str())?,
        version.unwrap_or_default(),
        Params::try_from(&phc)?,
    );
    Ok(output(&argon2, password, salt, expected.len())? == *expected)
}

fn output(
    argon2: &Argon2<'_>,
    password: &Secret,
    salt: &[u8],
    length: usize,
) -> Result<Output, HashError> {
    let mut output = vec![0; length];
    let needed = argon2.params().block_count();
    let mut blocks = Vec::with_capacity(needed.max(RESERVED_BLOCKS));
    blocks.resize(needed, Block::new());
    let password = password.expose().as_bytes();
    argon2.hash_password_into_with_memory(password, salt, &mut output, blocks)?;
    Ok(Output::new(&output)?)
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use tokio::sync::mpsc;
    use tokio::task;

    use super::*;
    use crate::SystemEntropy;

    fn hasher() -> Argon2Hasher {
        Argon2Hasher::new(Arc::new(SystemEntropy))
    }

    /// Algorithm, version and parameters of a PHC string: what decides its cost.
    fn cost(phc: &str) -> Vec<&str> {
        phc.split('$').take(4).collect()
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone() {
        let hasher = hasher();
        let hash = hasher.hash(&Secret::new("correct horse")).await.unwrap();
        let verify = async |text: &str| hasher.verify(&Secret::new(text), Some(&hash)).await;
        assert_eq!(verify("correct horse").await, Ok(true));
        assert_eq!(verify("correct horse ").await, Ok(false));
        assert_eq!(verify("").await, Ok(false));
    }

    #[tokio::test]
    async fn two_hashes_of_a_password_differ() {
        let hasher = hasher();
        let password = Secret::new("correct horse");
        assert_ne!(
            hasher.hash(&password).await.unwrap(),
            hasher.hash(&password).await.unwrap()
        );
    }

    #[tokio::test]
    async fn nobody_has_a_password_at_the_cost_of_a_real_one() {
        let hasher = hasher();
        let password = Secret::new("correct horse");
        assert_eq!(hasher.verify(&password, None).await, Ok(false));

        let hash = hasher.hash(&password).await.unwrap();
        assert_eq!(
            cost(hash.as_str()),
            ["", "argon2id", "v=19", "m=19456,t=2,p=1"]
        );
        assert_eq!(cost(NOBODY), cost(hash.as_str()));
        assert_eq!(NOBODY.len(), hash.as_str().len());
    }

    #[tokio::test]
    async fn a_hash_of_other_parameters_still_verifies() {
        // The password "password" with the salt "somesalt", from the test vectors of the reference implementation.
        let hash = PasswordHash::new(
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        );
        assert_eq!(
            hasher().verify(&Secret::new("password"), Some(&hash)).await,
            Ok(true)
        );
    }

    #[tokio::test]
    async fn what_is_no_hash_is_an_error_and_no_match() {
        for text in [
            "",
            "password",
            "$argon2id$",
            "$2b$12$abcdefghijklmnopqrstuv",
        ] {
            let hash = PasswordHash::new(text);
            assert_eq!(
                hasher().verify(&Secret::new("password"), Some(&hash)).await,
                Err(CryptoError::Failed),
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn two_hashes_run_at_once_and_a_third_waits() {
        let hasher = hasher();
        // Each piece of work waits for the other and for the test, so that both are known to run while it looks.
        let all_begun = Arc::new(Barrier::new(3));
        let looked = Arc::new(Barrier::new(3));
        let work = || {
            let (all_begun, looked) = (Arc::clone(&all_begun), Arc::clone(&looked));
            hasher.off_thread(move || {
                all_begun.wait();
                looked.wait();
                Ok(())
            })
        };
        let permits = Arc::clone(&hasher.permits);
        let watch = task::spawn_blocking({
            let (all_begun, looked) = (Arc::clone(&all_begun), Arc::clone(&looked));
            move || {
                all_begun.wait();
                let free = permits.available_permits();
                looked.wait();
                free
            }
        });
        let (first, second, free) = tokio::join!(work(), work(), watch);
        assert_eq!((first, second, free.unwrap()), (Ok(()), Ok(()), 0));
    }

    #[tokio::test]
    async fn a_hash_that_nobody_waits_for_still_takes_its_place() {
        let hasher = hasher();
        let (begun, mut has_begun) = mpsc::channel(1);
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let work = hasher.off_thread(move || {
            begun.blocking_send(()).unwrap();
            finished.recv().map_err(|_| CryptoError::Failed)
        });
        tokio::select! {
            _ = work => panic!("nobody has told it to finish"),
            begun = has_begun.recv() => assert_eq!(begun, Some(())),
        }
        assert_eq!(hasher.permits.available_permits(), CONCURRENT_HASHES - 1);

        finish.send(()).unwrap();
        let all = u32::try_from(CONCURRENT_HASHES).unwrap();
        assert!(hasher.permits.acquire_many(all).await.is_ok());
    }

    #[tokio::test]
    async fn the_hasher_prints_no_password() {
        let hasher = hasher();
        hasher.hash(&Secret::new("correct horse")).await.unwrap();
        assert!(!format!("{hasher:?}").contains("correct horse"));
    }
}
