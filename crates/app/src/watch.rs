//! What is folded and remembered within one process, always bounded.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditEvents, AuditTarget, TargetKind};
use breakglass_domain::failure_ledger::{Folded, Folding};

use crate::app::{App, lock};
use crate::caller::{Caller, Origin};
use crate::error::{Error, Refusal};

/// What is folded: the same action from the same source, or on the same token.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Happening {
    pub(crate) action: AuditAction,
    /// The source, or the id of the token.
    pub(crate) subject: String,
}

impl Happening {
    /// Somebody at this origin was refused.
    pub(crate) fn at(origin: &Origin, action: AuditAction) -> Self {
        Self {
            action,
            subject: source(origin),
        }
    }
}

/// The network that a request came from, as far as its sender is free to choose an address: the address itself, or the
/// first 64 bits of one of IPv6, which is what a single host is given.
pub(crate) fn source(origin: &Origin) -> String {
    match origin.source_address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let network = Ipv6Addr::from_bits(address.to_bits() >> 64 << 64);
            format!("{network}/64")
        }
        None => String::new(),
    }
}

/// A map that forgets the oldest when it is full.
pub(crate) struct Remembered<K, V> {
    capacity: usize,
    order: VecDeque<K>,
    members: HashMap<K, V>,
}

impl<K: Clone + Eq + Hash, V: Clone> Remembered<K, V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            order: VecDeque::new(),
            members: HashMap::new(),
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.members.get(key).cloned()
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if self.members.insert(key.clone(), value).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.members.remove(&oldest);
        }
    }
}

impl App {
    /// Counts an attempt of this source and admits it, unless the source has tried too often in the present minute.
    pub(crate) fn admit_attempt(&self, origin: &Origin) -> Result<(), Error> {
        self.admit_attempt_of(source(origin))
    }

    /// The same for whatever the attempts are counted by.
    pub(crate) fn admit_attempt_of(&self, subject: String) -> Result<(), Error> {
        let admitted = lock(&self.attempts).admit(subject, self.now());
        admitted.map_err(|refused| Error::RateLimited {
            retry_after_seconds: u64::try_from(refused.retry_after_millis)
                .unwrap_or_default()
                .div_ceil(1000)
                .max(1),
        })
    }

    /// Takes an attempt back that was right.
    pub(crate) fn forgive_attempt(&self, origin: &Origin) {
        lock(&self.attempts).forgive(&source(origin));
    }

    /// Records that somebody was not believed, folded with the repeats of the same source.
    pub(crate) async fn record_refusal(
        &self,
        origin: &Origin,
        operation: &str,
        refusal: Refusal,
        username: Option<&str>,
    ) {
        let action = AuditAction::AuthenticationFailed;
        let event = || {
            let target = AuditTarget::new(TargetKind::Operation, &operation);
            let event = origin
                .refusal(action, target, self.now())
                .with("reason", refusal.name());
            match username {
                Some(username) => event.with("username", username),
                None => event,
            }
        };
        self.record_folded(Happening::at(origin, action), event)
            .await;
    }

    /// Records that a token was not believed, and gives the error for it. A token is tried before it is counted, so that one
    /// that is right is never held back.
    pub(crate) async fn refuse_token(&self, origin: &Origin, operation: &str) -> Error {
        let limited = self.admit_attempt(origin).err();
        self.record_refusal(origin, operation, Refusal::Token, None)
            .await;
        limited.unwrap_or(Error::Unauthenticated(Refusal::Token))
    }

    /// Records an event unless one of its kind was recorded within the minute; then it is counted, and not even made. A store
    /// that cannot take the record does not change the answer, it is logged.
    pub(crate) async fn record_folded(
        &self,
        happening: Happening,
        event: impl FnOnce() -> AuditEvent,
    ) {
        let folding = lock(&self.ledger).note(happening.clone(), self.now());
        if folding == Folding::Counted {
            return;
        }
        let unrecorded = Unrecorded {
            app: self,
            happening: Some(happening),
        };
        match self.record(event()).await {
            Ok(()) => unrecorded.forget(),
            Err(error) => tracing::error!(%error, "failed to record an event in the audit"),
        }
    }

    /// Commits events that stand for themselves.
    pub(crate) async fn record(&self, events: impl Into<AuditEvents>) -> Result<(), Error> {
        let unit = self.ports.store.begin_use().await?;
        self.commit(unit, events).await
    }

    /// Records what was counted in the minutes that are over, in every minute when `all`. What cannot be recorded now stays
    /// counted.
    pub(crate) async fn record_repeats(&self, all: bool) -> Result<(), Error> {
        let folded = lock(&self.ledger).end_windows(self.now(), all);
        let count = folded.len();
        let events = folded.into_iter().map(|window| self.repeats(window));
        let Some(events) = AuditEvents::of(events) else {
            return Ok(());
        };
        self.record(events).await?;
        lock(&self.ledger).settle(count);
        Ok(())
    }

    fn repeats(&self, window: Folded<Happening>) -> AuditEvent {
        let happening = window.key.unwrap_or_else(|| Happening {
            action: AuditAction::AuthenticationFailed,
            subject: "many sources".to_owned(),
        });
        let of_token = matches!(
            happening.action,
            AuditAction::AccessTokenExpanded
                | AuditAction::AccessTokenIntrospected
                | AuditAction::EmergencyTokenIntrospected
                | AuditAction::TokenRegistered
        );
        let target = AuditTarget::new(TargetKind::Server, &"repeats");
        let event = if of_token {
            Caller::system()
                .event(happening.action, target, self.now())
                .with("token_id", happening.subject)
        } else {
            AuditEvent {
                source_address: Some(happening.subject),
                ..Origin::default().refusal(happening.action, target, self.now())
            }
        };
        event
            .with("repeats", window.repeats.to_string())
            .with("since", window.since.millis().to_string())
    }
}

/// The first happening of a window until it is recorded. When that fails, or nobody waits for it any more, it is counted among
/// the repeats, which are recorded when the window ends.
struct Unrecorded<'a> {
    app: &'a App,
    happening: Option<Happening>,
}

impl Unrecorded<'_> {
    fn forget(mut self) {
        self.happening = None;
    }
}

impl Drop for Unrecorded<'_> {
    fn drop(&mut self) {
        if let Some(happening) = self.happening.take() {
            lock(&self.app.ledger).note(happening, self.app.now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut remembered = Remembered::new(2);
        for member in [1, 2, 1, 3] {
            remembered.insert(member, ());
        }
        assert_eq!(remembered.get(&1), None);
        assert!(remembered.get(&2).is_some() && remembered.get(&3).is_some());
    }

    #[test]
    fn a_host_of_ipv6_is_one_source_whatever_address_it_takes() {
        let of = |address: &str| {
            source(&Origin {
                source_address: Some(address.parse().unwrap()),
                ..Origin::default()
            })
        };
        assert_eq!(of("2001:db8:0:1::1"), "2001:db8:0:1::/64");
        assert_eq!(of("2001:db8:0:1:ffff::2"), of("2001:db8:0:1::1"));
        assert_ne!(of("2001:db8:0:2::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
    }
}
