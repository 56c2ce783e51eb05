//! What checks of tokens have read, kept until anything is changed that they look at.
//!
//! The store counts such changes (`changes.epoch`, by triggers). The writer tells the count after each commit and before anybody
//! hears that it is durable; what other processes commit is seen by a look at the count, which no check is without for longer than
//! the option says. A value is kept with the count that was known before it was read, and is forgotten as soon as another is known.
//! So nothing that is kept is older than the last acknowledged commit of this process.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use breakglass_domain::{
    ApiTokenId, BrokerId, ClientId, ClientKeyId, ClientSecretId, KeyId, PrincipalId, RealmId,
    SessionGrantId, Tenant, TokenDigest, TokenId, Username,
};

/// The most answers that are kept. Beyond them everything is forgotten, and the hot ones come back at once.
const MOST: usize = 16_384;

/// What nobody knows yet: the first look at the count makes it known.
pub(crate) const UNKNOWN: u64 = 0;

/// What was asked.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Question {
    Account(Username),
    ApiToken(RealmId, ApiTokenId),
    Broker(BrokerId),
    BrokerOfTenant(Tenant),
    ClientKey(RealmId, ClientKeyId),
    ClientOfPrincipal(RealmId, PrincipalId),
    ClientSecret(RealmId, ClientSecretId),
    EmergencyClient(RealmId, ClientId),
    EmergencyClientOfDigest(TokenDigest),
    Realm(RealmId),
    RealmOfBroker(BrokerId),
    Realms,
    Registration(RealmId, TokenDigest),
    Revoked(RealmId, Vec<TokenId>),
    RolesEpoch(RealmId),
    RulesEpoch(RealmId),
    Session(TokenDigest),
    SessionGrant(SessionGrantId),
    Settings,
    SigningKey(KeyId),
    SigningKeys(Option<BrokerId>),
}

impl Question {
    /// Whether the answer says when or how often something was used, which no count tells.
    pub(crate) fn tells_usage(&self) -> bool {
        matches!(
            self,
            Self::ApiToken(..)
                | Self::ClientKey(..)
                | Self::ClientSecret(..)
                | Self::EmergencyClient(..)
                | Self::EmergencyClientOfDigest(_)
        )
    }
}

/// The answers, as they were at a count.
#[derive(Debug, Default)]
struct Kept {
    epoch: u64,
    answers: HashMap<Question, Arc<dyn Any + Send + Sync>>,
}

/// When the count was looked at.
#[derive(Debug, Default)]
struct Looked {
    /// When the last look began.
    at: Option<Instant>,
    /// Since when an earlier look is worth nothing.
    in_doubt_since: Option<Instant>,
}

/// What checks have read.
#[derive(Debug)]
pub(crate) struct Memory {
    /// The last count that is known.
    known: AtomicU64,
    looked: Mutex<Looked>,
    kept: Mutex<Kept>,
    patience: Duration,
}

impl Memory {
    /// A memory that is held against the store at least so often.
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            known: AtomicU64::new(UNKNOWN),
            looked: Mutex::new(Looked::default()),
            kept: Mutex::new(Kept::default()),
            patience,
        }
    }

    /// Whether the count has to be looked at before anything is believed.
    pub(crate) fn is_due(&self) -> bool {
        let looked = lock(&self.looked);
        looked.at.is_none_or(|at| {
            at.elapsed() >= self.patience || looked.in_doubt_since.is_some_and(|doubt| at <= doubt)
        })
    }

    /// Tells the count as it was looked at, in a look that began at this instant.
    pub(crate) fn look(&self, epoch: u64, begun: Instant) {
        self.tell(epoch);
        let mut looked = lock(&self.looked);
        looked.at = looked.at.max(Some(begun));
    }

    /// Tells the count after a commit. It only grows.
    pub(crate) fn tell(&self, epoch: u64) {
        self.known.fetch_max(epoch, Ordering::SeqCst);
    }

    /// Believes nothing until the count was looked at again: it is not known whether a commit took place.
    pub(crate) fn doubt(&self) {
        lock(&self.looked).in_doubt_since = Some(Instant::now());
        *lock(&self.kept) = Kept::default();
    }

    /// The count, to be asked for before anything is read that is to be kept.
    pub(crate) fn known(&self) -> u64 {
        self.known.load(Ordering::SeqCst)
    }

    /// What is kept of what was read at this count.
    pub(crate) fn recall<T: Clone + 'static>(&self, epoch: u64, question: &Question) -> Option<T> {
        let kept = lock(&self.kept);
        if kept.epoch != epoch || epoch == UNKNOWN {
            return None;
        }
        kept.answers.get(question)?.downcast_ref::<T>().cloned()
    }

    /// Keeps what was read while the count was this one, unless it is another one now.
    pub(crate) fn keep<T: Clone + Send + Sync + 'static>(
        &self,
        epoch: u64,
        question: Question,
        answer: &T,
    ) {
        let mut kept = lock(&self.kept);
        if epoch == UNKNOWN || epoch != self.known() {
            return;
        }
        if kept.epoch != epoch || kept.answers.len() >= MOST {
            *kept = Kept {
                epoch,
                answers: HashMap::new(),
            };
        }
        kept.answers.insert(question, Arc::new(answer.clone()));
    }
}

/// Locks what only copies are kept under: a panic elsewhere leaves it usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Memory {
        let memory = Memory::new(Duration::from_hours(1));
        memory.look(5, Instant::now());
        memory
    }

    #[test]
    fn what_was_read_is_kept_until_something_is_changed() {
        let memory = memory();
        memory.keep(memory.known(), Question::Realms, &7_u8);
        assert_eq!(memory.recall(memory.known(), &Question::Realms), Some(7_u8));
        assert_eq!(
            memory.recall::<u16>(memory.known(), &Question::Realms),
            None
        );
        memory.tell(5);
        assert_eq!(memory.recall(memory.known(), &Question::Realms), Some(7_u8));
        memory.tell(6);
        assert_eq!(memory.recall::<u8>(memory.known(), &Question::Realms), None);
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let memory = memory();
        let seen = memory.known();
        memory.tell(6);
        memory.keep(seen, Question::Realms, &7_u8);
        assert_eq!(memory.recall::<u8>(memory.known(), &Question::Realms), None);
        memory.keep(6, Question::Realms, &8_u8);
        memory.tell(5);
        assert_eq!(
            memory.recall(memory.known(), &Question::Realms),
            Some(8_u8),
            "a count never goes back"
        );
    }

    #[test]
    fn nothing_is_kept_that_nobody_has_looked_at() {
        let memory = Memory::new(Duration::from_hours(1));
        assert!(memory.is_due());
        memory.keep(memory.known(), Question::Realms, &7_u8);
        assert_eq!(memory.recall::<u8>(memory.known(), &Question::Realms), None);
        memory.look(1, Instant::now());
        assert!(!memory.is_due());
        memory.keep(1, Question::Realms, &7_u8);
        memory.doubt();
        assert!(memory.is_due());
        assert_eq!(memory.recall::<u8>(memory.known(), &Question::Realms), None);
        assert!(Memory::new(Duration::ZERO).is_due());
    }

    #[test]
    fn the_memory_is_bounded() {
        let memory = memory();
        for number in 0..=MOST {
            let bytes = u128::try_from(number).unwrap().to_be_bytes();
            let question = Question::Realm(RealmId::from_random(bytes));
            memory.keep(5, question, &number);
        }
        assert_eq!(lock(&memory.kept).answers.len(), 1);
    }
}
