//! The units of work of a group that are kept: what is still to be written of them, and what they are told in the end.

use breakglass_domain::audit::{AuditEvents, AuditKey, Checkpoint};
use breakglass_ports::StoreError;
use sqlx::sqlite::SqliteRow;
use tokio::sync::oneshot;

use crate::audit::chain;
use crate::lease::Ground;
use crate::note::{Addition, Note, add_all, write_all_then};

/// The answer to a unit of work that wants to be kept: that it is durable, with the head of the audit if it has added to it.
pub(crate) type Answer = oneshot::Sender<Result<Option<Checkpoint>, StoreError>>;

/// Where that answer comes.
pub(crate) type Durable = oneshot::Receiver<Result<Option<Checkpoint>, StoreError>>;

/// What a unit has left to be written with others.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    /// What it adds. When its place is taken nothing of the unit is kept, which has written nothing else then.
    pub(crate) addition: Option<Addition>,
    /// What it notes of what is there.
    pub(crate) notes: Vec<Note>,
    /// What it adds to the audit, and the key of that.
    pub(crate) events: Option<(AuditKey, AuditEvents)>,
}

/// A unit that wants to be kept.
#[derive(Debug)]
struct Kept {
    answer: Answer,
    /// `None` once it is written.
    rest: Option<Rest>,
    outcome: Result<Option<Checkpoint>, StoreError>,
}

/// The units of a group that want to be kept, in their order.
#[derive(Debug, Default)]
pub(crate) struct Units {
    all: Vec<Kept>,
    /// So many, the first, are written.
    written: usize,
    /// The key with which the last of them has added to the audit.
    key: Option<AuditKey>,
}

impl Units {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The key with which the last of them has added to the audit.
    pub(crate) fn key(&self) -> Option<&AuditKey> {
        self.key.as_ref()
    }

    /// Takes in the next.
    pub(crate) fn push(&mut self, answer: Answer, rest: Rest) {
        self.all.push(Kept {
            answer,
            rest: Some(rest),
            outcome: Ok(None),
        });
    }

    /// Writes what they have left to be written, and runs what follows. Gives the rows that were read by that.
    ///
    /// # Errors
    /// When anything has failed: none of them may be kept.
    pub(crate) async fn write_then(
        &mut self,
        following: &str,
        ground: &mut Ground,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        self.write_additions(ground).await?;
        let mut notes = Vec::new();
        for unit in self.all.iter_mut().skip(self.written) {
            let Some(rest) = unit.rest.take() else {
                continue;
            };
            notes.extend(rest.notes);
            if let Some((key, events)) = rest.events {
                let (head, records) = chain(ground.head.clone()?, &key, events)?;
                ground.head = Ok(head);
                unit.outcome = Ok(head);
                notes.extend(records);
                self.key = Some(key);
            }
        }
        self.written = self.all.len();
        write_all_then(notes, following, &mut ground.connection).await
    }

    /// Of a unit whose place was taken nothing else is written.
    async fn write_additions(&mut self, ground: &mut Ground) -> Result<(), StoreError> {
        let (mut adding, mut additions) = (Vec::new(), Vec::new());
        for unit in self.all.iter_mut().skip(self.written) {
            let addition = unit.rest.as_mut().and_then(|rest| rest.addition.take());
            if let Some(addition) = addition {
                additions.push(addition);
                adding.push(unit);
            }
        }
        ground.has_added |= !additions.is_empty();
        for position in add_all(additions, &mut ground.connection).await? {
            if let Some(unit) = adding.get_mut(position) {
                unit.rest = None;
                unit.outcome = Err(StoreError::Conflict);
            }
        }
        Ok(())
    }

    /// Tells each what has come of it; of all of them when this is a failure.
    pub(crate) fn tell(self, outcome: &Result<(), StoreError>) {
        for unit in self.all {
            let told = outcome.clone().and(unit.outcome);
            // Who asked may be gone; what it asked for is done nevertheless.
            drop(unit.answer.send(told));
        }
    }
}
