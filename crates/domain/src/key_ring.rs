//! The signing keys of one broker, and what each is for at an instant.

use std::cmp::Reverse;

use crate::broker::KeyPolicy;
use crate::id::KeyId;
use crate::signing_key::SigningKey;
use crate::timestamp::Timestamp;

/// What a key is for. A key goes through these in order, and never back.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum KeyState {
    /// It is published, so that verifiers know it before it signs.
    Next,
    /// It signs.
    Active,
    /// It signs no more; it stays published until the last token that it signed has ended.
    Retiring,
    /// It is published no more, and nothing that it signed is believed.
    Retired,
}

impl KeyState {
    /// The name of the state.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Next => "NEXT",
            Self::Retired => "RETIRED",
            Self::Retiring => "RETIRING",
        }
    }
}

/// The keys of one broker.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyRing(Vec<SigningKey>);

impl KeyRing {
    /// A ring of these keys, which are of one broker.
    pub fn new(mut keys: Vec<SigningKey>) -> Self {
        keys.sort_by_key(|key| {
            Reverse((key.retired_at.is_none(), key.activates_at, key.created_at))
        });
        Self(keys)
    }

    /// Every key, the one that signs last first, and those that are retired behind the others.
    pub fn keys(&self) -> &[SigningKey] {
        &self.0
    }

    /// The key that signs at this instant. Should the clock have been set back behind all of them, the first.
    pub fn active(&self, now: Timestamp) -> Option<&SigningKey> {
        let mut living = self.0.iter().filter(|key| key.retired_at.is_none());
        living
            .clone()
            .find(|key| key.activates_at <= now)
            .or_else(|| living.next_back())
    }

    /// The keys by which a token is believed, the one that signs last first.
    pub fn published(&self) -> impl Iterator<Item = &SigningKey> {
        self.0.iter().filter(|key| key.retired_at.is_none())
    }

    /// The key of this id, when tokens that it signed are believed.
    pub fn believed(&self, id: &KeyId) -> Option<&SigningKey> {
        self.published().find(|key| key.id == *id)
    }

    /// What a key of the ring is for at this instant.
    pub fn state(&self, key: &SigningKey, now: Timestamp) -> KeyState {
        if key.retired_at.is_some() {
            return KeyState::Retired;
        }
        match self.active(now) {
            Some(active) if active.id == key.id => KeyState::Active,
            Some(_) if key.activates_at > now => KeyState::Next,
            _ => KeyState::Retiring,
        }
    }

    /// The key that was made and does not sign yet.
    pub fn next(&self, now: Timestamp) -> Option<&SigningKey> {
        self.0
            .iter()
            .find(|key| self.state(key, now) == KeyState::Next)
    }

    /// Whether it is time to make the next key: it is not there yet, and the active one has to be followed within the overlap.
    pub fn is_rotation_due(&self, policy: KeyPolicy, now: Timestamp) -> bool {
        let (Some(period), Some(active)) = (policy.rotation_period, self.active(now)) else {
            return false;
        };
        let age = now.millis_since(active.activates_at);
        self.next(now).is_none() && age >= period.millis() - policy.overlap.millis()
    }

    /// The keys whose last token has ended, and that can be retired.
    pub fn outlived(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        self.0
            .iter()
            .filter(move |key| self.state(key, now) == KeyState::Retiring && key.signs_until <= now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::signing_key::{SealedBytes, SignatureAlgorithm};
    use crate::timestamp::Minutes;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn key(id: &str, activates_at: i64, signs_until: i64) -> SigningKey {
        SigningKey {
            id: KeyId::new(id),
            broker_id: None,
            algorithm: SignatureAlgorithm::Es256,
            public_key: vec![],
            sealed_private_key: SealedBytes::new(vec![]),
            created_at: at(activates_at),
            activates_at: at(activates_at),
            signs_until: at(signs_until),
            retired_at: None,
        }
    }

    fn states(ring: &KeyRing, now: i64) -> Vec<(&str, &'static str)> {
        ring.keys()
            .iter()
            .map(|key| (key.id.as_str(), ring.state(key, at(now)).name()))
            .collect()
    }

    #[test]
    fn a_key_goes_from_next_to_retiring() {
        let ring = KeyRing::new(vec![key("old", 0, 150), key("new", 100, 0)]);
        assert_eq!(states(&ring, 99), [("new", "NEXT"), ("old", "ACTIVE")]);
        assert_eq!(states(&ring, 100), [("new", "ACTIVE"), ("old", "RETIRING")]);
        assert_eq!(ring.outlived(at(149)).count(), 0);
        let over: Vec<_> = ring.outlived(at(150)).map(|key| key.id.as_str()).collect();
        assert_eq!(over, ["old"]);
    }

    #[test]
    fn a_retired_key_is_believed_no_more() {
        let mut retired = key("old", 0, 0);
        retired.retired_at = Some(at(5));
        let ring = KeyRing::new(vec![retired, key("new", 5, 0)]);
        assert_eq!(states(&ring, 6), [("new", "ACTIVE"), ("old", "RETIRED")]);
        assert!(ring.believed(&KeyId::new("old")).is_none());
        assert!(ring.believed(&KeyId::new("new")).is_some());
    }

    #[test]
    fn a_rotation_is_due_an_overlap_before_the_period_is_over() {
        let policy = KeyPolicy {
            rotation_period: Some(Minutes::new(10)),
            overlap: Minutes::new(2),
        };
        let ring = KeyRing::new(vec![key("old", 0, 0)]);
        assert!(!ring.is_rotation_due(policy, at(479_999)));
        assert!(ring.is_rotation_due(policy, at(480_000)));
        let never = KeyPolicy {
            rotation_period: None,
            ..policy
        };
        assert!(!ring.is_rotation_due(never, at(i64::MAX)));
        let followed = KeyRing::new(vec![key("old", 0, 0), key("new", 600_000, 0)]);
        assert!(!followed.is_rotation_due(policy, at(480_000)));
    }

    proptest! {
        #[test]
        fn one_key_signs_whatever_the_time_and_no_key_goes_back(
            starts in prop::collection::vec(0_i64..100, 1..6),
            now in -10_i64..110,
            later in 0_i64..50,
        ) {
            let keys = starts.iter().enumerate().map(|(place, start)| key(&place.to_string(), *start, 0));
            let ring = KeyRing::new(keys.collect());
            let active = ring.keys().iter().filter(|key| ring.state(key, at(now)) == KeyState::Active);
            prop_assert_eq!(active.count(), 1);
            for key in ring.keys() {
                prop_assert!(ring.state(key, at(now)) <= ring.state(key, at(now + later)));
            }
        }
    }
}
