//! What checks of tokens have read, kept until anything is changed that they look at.
//!
//! The store counts such changes by their kind (the table `changes`, by triggers). The writer tells the count after each commit and before anybody
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
use breakglass_ports::FullRevision;

/// The most answers of each kind that are kept. Beyond them all of the kind is forgotten, and the hot ones come back at once.
const MOST: usize = 8192;

/// How many kinds of change are counted apart.
const KINDS: usize = 3;

/// A kind of change; the position of its count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// Whatever is changed seldom.
    Standing,
    /// Emergency clients, API tokens, access tokens that are revoked, and what a status list tells.
    Tokens,
    /// Sessions, and the grants under them.
    Sessions,
}

/// How much has been changed of each kind. Zero is what nobody knows yet: the first look makes it known.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts([u64; KINDS]);

impl Counts {
    /// That nobody knows.
    pub(crate) const UNKNOWN: Self = Self([0; KINDS]);

    /// These counts, in the order of [`Kind`].
    pub(crate) fn new(counts: [u64; KINDS]) -> Self {
        Self(counts)
    }

    /// How often anything was changed that is changed seldom, where that is known.
    pub(crate) fn standing(&self) -> Option<u64> {
        let [standing, _, _] = self.0;
        (standing != 0).then_some(standing)
    }

    /// How often anything was changed, where that is known.
    pub(crate) fn full(&self) -> Option<FullRevision> {
        (!self.0.contains(&0)).then_some(FullRevision::new(self.0))
    }

    /// The same, without knowing how often tokens were changed.
    pub(crate) fn but_of_tokens(self) -> Self {
        let [standing, _, sessions] = self.0;
        Self([standing, 0, sessions])
    }

    fn of(&self, question: &Question) -> u64 {
        let [standing, tokens, sessions] = self.0;
        match question.kind() {
            Kind::Standing => standing,
            Kind::Tokens => tokens,
            Kind::Sessions => sessions,
        }
    }
}

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
    StatusList(BrokerId),
}

impl Question {
    /// By which kind of change the answer becomes another.
    fn kind(&self) -> Kind {
        match self {
            Self::ApiToken(..)
            | Self::EmergencyClient(..)
            | Self::EmergencyClientOfDigest(_)
            | Self::Revoked(..)
            | Self::StatusList(_) => Kind::Tokens,
            Self::Session(_) | Self::SessionGrant(_) => Kind::Sessions,
            Self::Account(_)
            | Self::Broker(_)
            | Self::BrokerOfTenant(_)
            | Self::ClientKey(..)
            | Self::ClientOfPrincipal(..)
            | Self::ClientSecret(..)
            | Self::Realm(_)
            | Self::RealmOfBroker(_)
            | Self::Realms
            | Self::Registration(..)
            | Self::RolesEpoch(_)
            | Self::RulesEpoch(_)
            | Self::Settings
            | Self::SigningKey(_)
            | Self::SigningKeys(_) => Kind::Standing,
        }
    }

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

/// The answers of each kind, as they were at a count.
#[derive(Debug, Default)]
struct Kept {
    counts: Counts,
    answers: [HashMap<Question, Arc<dyn Any + Send + Sync>>; KINDS],
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
    /// The last counts that are known.
    known: [AtomicU64; KINDS],
    looked: Mutex<Looked>,
    kept: Mutex<Kept>,
    patience: Duration,
}

impl Memory {
    /// A memory that is held against the store at least so often.
    pub(crate) fn new(patience: Duration) -> Self {
        Self {
            known: Default::default(),
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

    /// Tells the counts as they were looked at, in a look that began at this instant.
    pub(crate) fn look(&self, counts: Counts, begun: Instant) {
        self.tell(counts);
        let mut looked = lock(&self.looked);
        looked.at = looked.at.max(Some(begun));
    }

    /// Tells the counts after a commit. They only grow.
    pub(crate) fn tell(&self, counts: Counts) {
        for (known, count) in self.known.iter().zip(counts.0) {
            known.fetch_max(count, Ordering::SeqCst);
        }
    }

    /// Believes nothing until the count was looked at again: it is not known whether a commit took place.
    pub(crate) fn doubt(&self) {
        lock(&self.looked).in_doubt_since = Some(Instant::now());
        *lock(&self.kept) = Kept::default();
    }

    /// The counts, to be asked for before anything is read that is to be kept.
    pub(crate) fn known(&self) -> Counts {
        Counts(
            self.known
                .each_ref()
                .map(|known| known.load(Ordering::SeqCst)),
        )
    }

    /// What is kept of what was read at these counts.
    pub(crate) fn recall<T: Clone + 'static>(
        &self,
        counts: Counts,
        question: &Question,
    ) -> Option<T> {
        let count = counts.of(question);
        let kept = lock(&self.kept);
        if kept.counts.of(question) != count || count == 0 {
            return None;
        }
        let answers = kept.answers.get(question.kind() as usize)?;
        let answer = Arc::clone(answers.get(question)?);
        drop(kept);
        answer.downcast_ref::<T>().cloned()
    }

    /// Keeps what was read while the counts were these, unless they are others now.
    pub(crate) fn keep<T: Clone + Send + Sync + 'static>(
        &self,
        counts: Counts,
        question: Question,
        answer: &T,
    ) {
        let kind = question.kind() as usize;
        let mut kept = lock(&self.kept);
        let count = counts.of(&question);
        if count == 0 || count != self.known().of(&question) {
            return;
        }
        let is_older = kept.counts.of(&question) != count;
        if is_older && let Some(known) = kept.counts.0.get_mut(kind) {
            *known = count;
        }
        if let Some(answers) = kept.answers.get_mut(kind) {
            if is_older || answers.len() >= MOST {
                answers.clear();
            }
            answers.insert(question, Arc::new(answer.clone()));
        }
    }
}

/// Locks what only copies are kept under: a panic elsewhere leaves it usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(count: u64) -> Counts {
        Counts::new([count; KINDS])
    }

    fn memory() -> Memory {
        let memory = Memory::new(Duration::from_hours(1));
        memory.look(all(5), Instant::now());
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
        memory.tell(all(5));
        assert_eq!(memory.recall(memory.known(), &Question::Realms), Some(7_u8));
        memory.tell(all(6));
        assert_eq!(memory.recall::<u8>(memory.known(), &Question::Realms), None);
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let memory = memory();
        let seen = memory.known();
        memory.tell(all(6));
        memory.keep(seen, Question::Realms, &7_u8);
        assert_eq!(memory.recall::<u8>(memory.known(), &Question::Realms), None);
        memory.keep(all(6), Question::Realms, &8_u8);
        memory.tell(all(5));
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
        memory.look(all(1), Instant::now());
        assert!(!memory.is_due());
        memory.keep(all(1), Question::Realms, &7_u8);
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
            memory.keep(all(5), question, &number);
        }
        assert_eq!(lock(&memory.kept).answers[Kind::Standing as usize].len(), 1);
    }

    #[test]
    fn a_change_of_one_kind_leaves_what_is_asked_of_another() {
        let memory = memory();
        let (standing, token, session) = (
            Question::Realms,
            Question::EmergencyClientOfDigest(TokenDigest::of("t")),
            Question::Session(TokenDigest::of("s")),
        );
        let kept = |counts: [u64; KINDS]| {
            for question in [&standing, &token, &session] {
                memory.keep(memory.known(), question.clone(), &7_u8);
            }
            memory.tell(Counts::new(counts));
            let known = memory.known();
            [&standing, &token, &session]
                .map(|question| memory.recall::<u8>(known, question).is_some())
        };
        assert_eq!(kept([5, 6, 5]), [true, false, true]);
        assert_eq!(kept([6, 6, 5]), [false, true, true]);
        assert_eq!(kept([6, 6, 6]), [true, true, false]);
    }
}
