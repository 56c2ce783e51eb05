//! Background tasks: work that is answered with 202 and followed by its id.

use crate::id::{RealmId, TaskId};
use crate::timestamp::Timestamp;

/// A background task.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// What it does.
    pub kind: TaskKind,
    /// How far it is.
    pub state: TaskState,
    /// Who asked for it: the id of the acting principal.
    pub created_by: String,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What a task does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TaskKind {
    /// Deletes a realm; the fleet contract's `SSO_REALM_RESET`.
    DeleteRealm {
        /// The realm.
        realm_id: RealmId,
        /// Whether credentials that still stand in it die with it.
        force: bool,
    },
}

/// How far a task is. A task that a crash interrupted is queued again: each is written so that it can be run twice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TaskState {
    /// It ended well.
    Completed,
    /// It ended without its effect.
    Failed(TaskError),
    /// It waits for its turn.
    Queued,
}

/// Why a task failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TaskError {
    /// A number for programs.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// When it failed.
    pub at: Timestamp,
}

impl Task {
    /// Ends the task. A task that has ended keeps its first end.
    #[must_use]
    pub fn end(self, outcome: Result<(), TaskError>, now: Timestamp) -> Self {
        if self.state != TaskState::Queued {
            return self;
        }
        let state = outcome.map_or_else(TaskState::Failed, |()| TaskState::Completed);
        Self {
            state,
            updated_at: now,
            ..self
        }
    }
}
