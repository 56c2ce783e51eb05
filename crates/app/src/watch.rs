//! What is folded and remembered within one process, always bounded.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditEvents, AuditTarget, TargetKind};
use breakglass_domain::failure_ledger::{Folded, Folding};

use crate::app::{App, lock};
use crate::caller::{Caller, Origin};
use crate::error::{Error, Refusal};

/// What is folded: the same action from the same source, or on the same token.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Happening {
    pub(crate) action: AuditAction,
    /// The network address, or the id of the token.
    pub(crate) subject: String,
    /// Whether a credential was tried. A request without one guesses nothing, so that it holds nobody back.
    pub(crate) is_attempt: bool,
}

impl Happening {
    /// A credential of this origin that was not believed.
    fn attempt(origin: &Origin) -> Self {
        Self {
            action: AuditAction::AuthenticationFailed,
            subject: origin.source_address.clone().unwrap_or_default(),
            is_attempt: true,
        }
    }
}

/// A set that forgets the oldest when it is full.
pub(crate) struct Remembered<T> {
    capacity: usize,
    order: VecDeque<T>,
    members: HashSet<T>,
}

impl<T: Clone + Eq + Hash> Remembered<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            order: VecDeque::new(),
            members: HashSet::new(),
        }
    }

    pub(crate) fn contains(&self, member: &T) -> bool {
        self.members.contains(member)
    }

    pub(crate) fn insert(&mut self, member: T) {
        if !self.members.insert(member.clone()) {
            return;
        }
        self.order.push_back(member);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.members.remove(&oldest);
        }
    }
}

impl App {
    /// Refuses a source that has failed too often in the present minute.
    pub(crate) fn check_failure_limit(&self, origin: &Origin) -> Result<(), Error> {
        let now = self.now();
        let happening = Happening::attempt(origin);
        let ledger = lock(&self.ledger);
        if ledger.count(&happening, now) < self.options.failure_limit {
            return Ok(());
        }
        let millis = ledger.remaining_millis(&happening, now);
        let retry_after_seconds = u64::try_from(millis)
            .unwrap_or_default()
            .div_ceil(1000)
            .max(1);
        Err(Error::RateLimited {
            retry_after_seconds,
        })
    }

    /// Records that somebody was not believed, folded with the repeats of the same source, and gives the error for it.
    pub(crate) async fn refuse(
        &self,
        origin: &Origin,
        operation: &str,
        refusal: Refusal,
        details: &[(&str, &str)],
    ) -> Error {
        let is_attempt = refusal != Refusal::Missing;
        let limit = self
            .check_failure_limit(origin)
            .err()
            .filter(|_| is_attempt);
        let happening = Happening {
            is_attempt,
            ..Happening::attempt(origin)
        };
        let target = AuditTarget::new(TargetKind::Operation, &operation);
        let mut event = origin
            .refusal(AuditAction::AuthenticationFailed, target, self.now())
            .with("reason", refusal.name());
        for (name, value) in details {
            event = event.with(name, *value);
        }
        self.record_folded(happening, event).await;
        limit.unwrap_or(Error::Unauthenticated(refusal))
    }

    /// Records an event unless one of its kind was recorded within the minute; then it is counted. A store that cannot
    /// take the record does not change the answer, it is logged.
    pub(crate) async fn record_folded(&self, happening: Happening, event: AuditEvent) {
        let folding = lock(&self.ledger).note(happening, self.now());
        if folding == Folding::RecordNow
            && let Err(error) = self.record(event).await
        {
            tracing::error!(%error, "failed to record an event in the audit");
        }
    }

    /// Commits events that stand for themselves.
    pub(crate) async fn record(&self, events: impl Into<AuditEvents>) -> Result<(), Error> {
        let unit = self.ports.store.begin().await?;
        self.commit(unit, events).await
    }

    /// Records what was counted in the minutes that are over, in every minute when `all`.
    pub(crate) async fn record_repeats(&self, all: bool) -> Result<(), Error> {
        let folded = lock(&self.ledger).end_windows(self.now(), all);
        for window in folded {
            let repeats = window.repeats;
            if let Err(error) = self.record(self.repeats(window)).await {
                tracing::error!(%error, repeats, "failed to record the repeats of an event in the audit");
                return Err(error);
            }
        }
        Ok(())
    }

    fn repeats(&self, window: Folded<Happening>) -> AuditEvent {
        let happening = window.key.unwrap_or_else(|| Happening {
            action: AuditAction::AuthenticationFailed,
            subject: "many sources".to_owned(),
            is_attempt: true,
        });
        let introspection = happening.action == AuditAction::EmergencyTokenIntrospected;
        let target = AuditTarget::new(TargetKind::Server, &"repeats");
        let event = if introspection {
            Caller::system()
                .event(happening.action, target, self.now())
                .with("token_id", happening.subject)
        } else {
            let origin = Origin {
                source_address: Some(happening.subject),
                request_id: None,
            };
            origin.refusal(happening.action, target, self.now())
        };
        event
            .with("repeats", window.repeats.to_string())
            .with("since", window.since.millis().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut remembered = Remembered::new(2);
        for member in [1, 2, 1, 3] {
            remembered.insert(member);
        }
        assert!(!remembered.contains(&1));
        assert!(remembered.contains(&2) && remembered.contains(&3));
    }
}
