//! Key pairs kept between signatures.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use breakglass_domain::SealedBytes;
use breakglass_ports::CryptoError;

use crate::signing_pair::SigningPair;

/// A bounded set of the pairs used last, by the purpose they are sealed for.
///
/// A pair counts only together with the sealed bytes it came from, so that an answer never depends on what happens to be
/// kept: a row that was tampered with is opened, and refused, whether or not its pair was here.
pub(crate) struct KeptPairs {
    capacity: usize,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    pairs: HashMap<String, Kept>,
    /// Counts uses; the pair with the lowest count was used longest ago.
    uses: u64,
}

struct Kept {
    last_use: u64,
    pair: Arc<SigningPair>,
    sealed: SealedBytes,
}

impl KeptPairs {
    /// Keeps up to this many pairs.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            shelf: Mutex::default(),
        }
    }

    /// The pair for this purpose and these sealed bytes; opened only when it is not kept.
    pub(crate) fn get_or_open(
        &self,
        purpose: &str,
        sealed: &SealedBytes,
        open: impl FnOnce() -> Result<SigningPair, CryptoError>,
    ) -> Result<Arc<SigningPair>, CryptoError> {
        if let Some(pair) = self.shelf().find(purpose, sealed) {
            return Ok(pair);
        }
        // The lock is free meanwhile: two callers may open the same pair, and the later one is kept.
        let pair = Arc::new(open()?);
        self.shelf()
            .keep(self.capacity, purpose, sealed, Arc::clone(&pair));
        Ok(pair)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Nothing is left half done under the lock, so a panic elsewhere does not spoil what it guards.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn find(&mut self, purpose: &str, sealed: &SealedBytes) -> Option<Arc<SigningPair>> {
        self.uses += 1;
        let kept = self.pairs.get_mut(purpose)?;
        if kept.sealed != *sealed {
            return None;
        }
        kept.last_use = self.uses;
        Some(Arc::clone(&kept.pair))
    }

    fn keep(
        &mut self,
        capacity: usize,
        purpose: &str,
        sealed: &SealedBytes,
        pair: Arc<SigningPair>,
    ) {
        if self.pairs.len() >= capacity && !self.pairs.contains_key(purpose) {
            self.forget_oldest();
        }
        let kept = Kept {
            last_use: self.uses,
            pair,
            sealed: sealed.clone(),
        };
        self.pairs.insert(purpose.to_owned(), kept);
    }

    fn forget_oldest(&mut self) {
        let oldest = self
            .pairs
            .iter()
            .min_by_key(|(_, kept)| kept.last_use)
            .map(|(purpose, _)| purpose.clone());
        if let Some(purpose) = oldest {
            self.pairs.remove(&purpose);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use breakglass_domain::SignatureAlgorithm;

    use super::*;

    fn opened(kept: &KeptPairs, count: &Cell<u32>, purpose: &str, sealed: &[u8]) {
        kept.get_or_open(purpose, &SealedBytes::new(sealed.to_vec()), || {
            count.set(count.get() + 1);
            SigningPair::generate(SignatureAlgorithm::EdDsa)
        })
        .unwrap();
    }

    #[test]
    fn a_pair_is_opened_once() {
        let (kept, count) = (KeptPairs::new(2), Cell::new(0));
        opened(&kept, &count, "a", b"1");
        opened(&kept, &count, "a", b"1");
        assert_eq!(count.get(), 1);
    }

    #[test]
    fn other_sealed_bytes_are_opened_again() {
        let (kept, count) = (KeptPairs::new(2), Cell::new(0));
        opened(&kept, &count, "a", b"1");
        opened(&kept, &count, "a", b"2");
        assert_eq!(count.get(), 2);
    }

    #[test]
    fn the_pair_used_longest_ago_makes_room() {
        let (kept, count) = (KeptPairs::new(2), Cell::new(0));
        for purpose in ["a", "b", "a", "c"] {
            opened(&kept, &count, purpose, b"1");
        }
        assert_eq!(count.get(), 3);
        assert_eq!(kept.shelf().pairs.len(), 2);

        opened(&kept, &count, "a", b"1");
        assert_eq!(count.get(), 3, "`a` was used after `b` and stayed");
        opened(&kept, &count, "b", b"1");
        assert_eq!(count.get(), 4);
    }

    #[test]
    fn what_does_not_open_is_not_kept() {
        let (kept, count) = (KeptPairs::new(2), Cell::new(0));
        let refused = kept.get_or_open("a", &SealedBytes::new(b"1".to_vec()), || {
            Err(CryptoError::NotOpened)
        });
        assert_eq!(refused.err(), Some(CryptoError::NotOpened));
        opened(&kept, &count, "a", b"1");
        assert_eq!(count.get(), 1);
    }
}
