//! The hasher's contract.

use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

use breakglass_domain::{PasswordHash, Secret};
use breakglass_ports::{CryptoError, PasswordHasher};

use crate::password::NOBODY;
use crate::{Argon2Hasher, SystemEntropy};

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
async fn two_hashes_run_at_once_and_never_three() {
    let hasher = hasher();
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    // Each piece of work waits for a second one, so that two are known to run together.
    let pair = Arc::new(Barrier::new(2));
    let work = || {
        let (running, most, pair) = (running.clone(), most.clone(), pair.clone());
        hasher.off_thread(move || {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            pair.wait();
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        })
    };
    let done = tokio::join!(work(), work(), work(), work(), work(), work());
    assert_eq!(done, (Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Ok(())));
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn the_hasher_prints_no_password() {
    let hasher = hasher();
    hasher.hash(&Secret::new("correct horse")).await.unwrap();
    assert!(!format!("{hasher:?}").contains("correct horse"));
}
