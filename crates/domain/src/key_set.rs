//! Keys that another issuer publishes (RFC 7517), and when they are fetched again.

use crate::timestamp::Timestamp;

/// How long a fetched set is used without a look at the issuer, in milliseconds (ten minutes).
const FRESH_MILLIS: i64 = 10 * 60_000;

/// How long it is used at most while the issuer cannot be reached, in milliseconds (an hour).
const USABLE_MILLIS: i64 = 60 * 60_000;

/// How long an issuer is left alone after it was asked, whatever tokens name as their key, in milliseconds.
const PAUSE_MILLIS: i64 = 30_000;

/// A public key as an issuer publishes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PublishedKey {
    /// Its `kid`.
    pub kid: Option<String>,
    /// The key as a JWK with nothing but what is public.
    pub jwk: String,
}

/// The keys that an issuer publishes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct KeySet {
    /// The keys, in the order of the document.
    pub keys: Vec<PublishedKey>,
}

impl KeySet {
    /// The keys that a token may be signed with which names this one: that key, and keys without a name. A token that names none
    /// may be signed with any.
    pub fn candidates(&self, kid: Option<&str>) -> impl Iterator<Item = &PublishedKey> {
        self.keys.iter().filter(move |key| match (&key.kid, kid) {
            (Some(own), Some(named)) => own == named,
            _ => true,
        })
    }
}

/// A key set as it was fetched last, and when the issuer was asked last.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FetchedKeySet {
    keys: KeySet,
    fetched_at: Option<Timestamp>,
    asked_at: Timestamp,
}

impl FetchedKeySet {
    /// After the issuer was asked: with its answer, or with what was known before when it gave none.
    pub fn after(before: Option<Self>, answer: Option<KeySet>, asked_at: Timestamp) -> Self {
        match answer {
            Some(keys) => Self {
                keys,
                fetched_at: Some(asked_at),
                asked_at,
            },
            None => Self {
                keys: before
                    .as_ref()
                    .map(|kept| kept.keys.clone())
                    .unwrap_or_default(),
                fetched_at: before.and_then(|kept| kept.fetched_at),
                asked_at,
            },
        }
    }

    /// The keys, if they are not too old to be used.
    pub fn usable(&self, now: Timestamp) -> Option<&KeySet> {
        let fetched_at = self.fetched_at?;
        is_within(fetched_at, now, USABLE_MILLIS).then_some(&self.keys)
    }

    /// Whether the issuer is to be asked before the keys are used.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let is_fresh = self
            .fetched_at
            .is_some_and(|at| is_within(at, now, FRESH_MILLIS));
        !is_fresh && self.may_ask(now)
    }

    /// Whether the issuer may be asked because of a token that none of the keys signed.
    pub fn may_ask(&self, now: Timestamp) -> bool {
        !is_within(self.asked_at, now, PAUSE_MILLIS)
    }
}

/// A clock that went back makes nothing young again.
fn is_within(begin: Timestamp, now: Timestamp, millis: i64) -> bool {
    (0..millis).contains(&now.millis_since(begin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(kids: &[Option<&str>]) -> KeySet {
        let keys = kids.iter().map(|kid| PublishedKey {
            kid: kid.map(str::to_owned),
            jwk: String::new(),
        });
        KeySet {
            keys: keys.collect(),
        }
    }

    #[test]
    fn a_token_is_tried_with_the_key_that_it_names() {
        let keys = set(&[Some("a"), None, Some("b")]);
        for (named, tried) in [(Some("a"), 2), (Some("c"), 1), (None, 3)] {
            assert_eq!(keys.candidates(named).count(), tried, "{named:?}");
        }
    }

    #[test]
    fn keys_are_fetched_again_and_outlive_a_silent_issuer_for_a_while() {
        let at = |seconds: i64| Timestamp::from_millis(1_000_000 + seconds * 1000);
        let kept = FetchedKeySet::after(None, Some(set(&[None])), at(0));
        for (now, due, may_ask, usable) in [
            (0, false, false, true),
            (29, false, false, true),
            (30, false, true, true),
            (599, false, true, true),
            (600, true, true, true),
            (3599, true, true, true),
            (3600, true, true, false),
            (-1, true, true, false),
        ] {
            let found = (
                kept.is_due(at(now)),
                kept.may_ask(at(now)),
                kept.usable(at(now)).is_some(),
            );
            assert_eq!(found, (due, may_ask, usable), "after {now} seconds");
        }
        let silent = FetchedKeySet::after(Some(kept), None, at(700));
        assert!(!silent.is_due(at(729)) && silent.is_due(at(730)));
        assert!(silent.usable(at(3599)).is_some() && silent.usable(at(3600)).is_none());
        let unknown = FetchedKeySet::after(None, None, at(0));
        assert_eq!(unknown.usable(at(1)), None);
        assert!(!unknown.is_due(at(1)) && unknown.is_due(at(31)));
    }
}
