//! The writer's connection on loan to a unit of work.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use breakglass_domain::BrokerId;
use breakglass_domain::audit::{AuditEvents, AuditKey, Checkpoint};
use breakglass_ports::StoreError;
use futures_util::FutureExt;
use sqlx::Executor;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::oneshot;

use crate::error::{store_error, unavailable};
use crate::memory::{Counts, Memory};
use crate::note::{Addition, Note};
use crate::places::Places;
use crate::units::{Answer, Durable, Rest};
use crate::view::Loan;

/// What a unit of work is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    /// To change something: what it reads is what is there.
    Change,
    /// To note that something was used, was tried or has happened, or to add something: what it reads may have been read before,
    /// as for a check, and what it notes and adds is written when the group is committed.
    Use,
}

/// The transaction of a group as it stands between two units, on the writer's connection.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) connection: SqliteConnection,
    /// The newest record of the audit that is written.
    pub(crate) head: Result<Option<Checkpoint>, StoreError>,
    /// The counts of changes, when nothing may have changed since they were read.
    pub(crate) counts: Counts,
    /// Whether the savepoint of a unit that is kept is still set. Whoever sets the next one releases it: for every page that is
    /// written SQLite goes through all that are set.
    pub(crate) has_savepoint: bool,
    /// Whether anything was added that no count tells of, and that may yet be undone.
    pub(crate) has_added: bool,
    /// The places in status lists that this writer may give out.
    pub(crate) places: Places,
}

impl Ground {
    /// What sets the savepoint of the next unit. Until it has ended it is not known which there are, so that none counts.
    pub(crate) fn next_savepoint(&mut self) -> &'static str {
        if std::mem::take(&mut self.has_savepoint) {
            "RELEASE unit; SAVEPOINT unit"
        } else {
            "SAVEPOINT unit"
        }
    }
}

/// The connection as it comes back to the writer.
#[derive(Debug)]
pub(crate) struct Returned {
    pub(crate) ground: Ground,
    /// Whom to tell once what was done is durable, and what is still to be written of it; `None` when it is to be undone.
    pub(crate) keep: Option<(Answer, Rest)>,
    /// Whether there is a savepoint of this unit, to which what it did can be undone.
    pub(crate) has_savepoint: bool,
    /// Whether a statement has failed in a way that may have undone the transaction.
    pub(crate) has_failed: bool,
}

/// The writer's connection on loan. Dropped, it goes back and what was done is undone; so a unit that was abandoned,
/// panicked or whose future was cancelled leaves no trace.
#[derive(Debug)]
pub(crate) struct Lease {
    lent: Option<(Ground, oneshot::Sender<Returned>)>,
    purpose: Purpose,
    has_savepoint: bool,
    /// Whether a statement was begun and did not end well: what it did is not known.
    in_doubt: bool,
    has_failed: bool,
    counts: Counts,
    rest: Rest,
    /// The places in status lists that this unit has set aside.
    places: Places,
    /// Whether anything of the group has left a recall, or relies on one that was there.
    recalled: Arc<AtomicBool>,
}

impl Lease {
    /// Lends the connection, and says where it will come back. A unit that changes something has a savepoint already.
    pub(crate) fn new(
        ground: Ground,
        purpose: Purpose,
        recalled: Arc<AtomicBool>,
    ) -> (Self, oneshot::Receiver<Returned>) {
        let (home, back) = oneshot::channel();
        let lease = Self {
            counts: ground.counts,
            lent: Some((ground, home)),
            purpose,
            has_savepoint: purpose == Purpose::Change,
            in_doubt: false,
            has_failed: false,
            rest: Rest::default(),
            places: Places::default(),
            recalled,
        };
        (lease, back)
    }

    /// What the unit is for.
    pub(crate) fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Leaves a note to be written with the group.
    pub(crate) fn leave_note(&mut self, note: Note) {
        self.rest.notes.push(note);
    }

    /// Leaves an addition to be written with the group, when it is the first thing that the unit writes; gives it back otherwise:
    /// what is written already could not be undone with it.
    pub(crate) fn leave_addition(&mut self, addition: Addition) -> Result<(), Addition> {
        if self.purpose == Purpose::Change || self.has_savepoint || self.rest.addition.is_some() {
            return Err(addition);
        }
        self.rest.addition = Some(addition);
        Ok(())
    }

    /// The addition that was left, when it has to be written now: something else of the unit is, which is to be undone with it.
    pub(crate) fn take_addition_to_write(&mut self) -> Option<Addition> {
        self.rest.addition.take_if(|_| self.has_savepoint)
    }

    /// Takes a place in the status list of a broker, if one is set aside.
    pub(crate) fn take_place(&mut self, broker_id: BrokerId) -> Option<u64> {
        let (ground, _) = self.lent.as_mut()?;
        let place = ground.places.take(broker_id);
        place.or_else(|| self.places.take(broker_id))
    }

    /// Has these places to give out, which are set aside once the unit is kept.
    pub(crate) fn set_aside(&mut self, broker_id: BrokerId, places: Range<u64>) {
        self.places.set_aside(broker_id, places);
    }

    /// Gives out none of those that were set aside: others may have them.
    pub(crate) fn forget_places(&mut self) {
        self.places.clear();
        if let Some((ground, _)) = &mut self.lent {
            ground.places.clear();
        }
    }

    /// The connection, for one statement that changes what checks look at: nothing that was read before counts after it.
    pub(crate) async fn enter_to_change(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        self.counts = Counts::UNKNOWN;
        self.enter_to_write().await
    }

    /// The connection, for one statement that adds what no count tells of.
    pub(crate) async fn enter_to_add(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        if let Some((ground, _)) = &mut self.lent {
            ground.has_added = true;
        }
        self.enter_to_change().await
    }

    /// The connection, for one statement that writes something else.
    pub(crate) async fn enter_to_write(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        if !self.has_savepoint {
            self.set_savepoint().boxed().await?;
        }
        self.enter().await
    }

    /// Sets the savepoint of the unit. Abandoned meanwhile, the unit has written nothing that would have to be undone.
    async fn set_savepoint(&mut self) -> Result<(), StoreError> {
        let text = self
            .lent
            .as_mut()
            .map(|(ground, _)| ground.next_savepoint());
        let text = text.ok_or_else(gone)?;
        if let Err(error) = self.enter().await?.execute(text).await {
            self.fail();
            return Err(store_error(&error));
        }
        self.has_savepoint = true;
        self.leave();
        Ok(())
    }

    /// Whether this unit, or one before it in its group, may have left a recall.
    pub(crate) fn has_recalled(&self) -> bool {
        self.recalled.load(Ordering::Relaxed)
    }

    /// Says whether the record of recalls has to be brought up to date with the group.
    pub(crate) fn set_recalled(&self, recalled: bool) {
        self.recalled.store(recalled, Ordering::Relaxed);
    }

    /// Gives the connection back, to be kept with these events. Says what comes of it once it is durable, with the head of the audit
    /// when there are events.
    pub(crate) fn hand_in(
        &mut self,
        events: Option<(AuditKey, AuditEvents)>,
    ) -> Result<Durable, StoreError> {
        if self.in_doubt {
            return Err(unavailable("a statement of the unit of work has failed"));
        }
        let (answer, durable) = oneshot::channel();
        let mut rest = std::mem::take(&mut self.rest);
        rest.events = events;
        if let Some((ground, _)) = &mut self.lent {
            ground.counts = self.counts;
            ground.places.take_in(std::mem::take(&mut self.places));
        }
        self.give_back(Some((answer, rest)));
        Ok(durable)
    }

    fn give_back(&mut self, keep: Option<(Answer, Rest)>) {
        if let Some((ground, home)) = self.lent.take() {
            // When the writer is gone the connection is dropped, which undoes what was done and tells the unit.
            drop(home.send(Returned {
                ground,
                keep,
                has_savepoint: self.has_savepoint,
                has_failed: self.has_failed,
            }));
        }
    }
}

impl Loan for Lease {
    async fn enter(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        match &mut self.lent {
            Some((ground, _)) if !self.in_doubt => {
                self.in_doubt = true;
                Ok(&mut ground.connection)
            }
            _ => Err(unavailable("a statement of the unit of work has failed")),
        }
    }

    fn leave(&mut self) {
        self.in_doubt = false;
    }

    fn fail(&mut self) {
        self.has_failed = true;
    }

    fn counts(&self, _memory: &Memory) -> Counts {
        self.counts
    }

    fn tells_usage_as_before(&self) -> bool {
        self.purpose == Purpose::Use
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_back(None);
    }
}

/// That the writer has ended.
pub(crate) fn gone() -> StoreError {
    unavailable("the store is closed")
}
