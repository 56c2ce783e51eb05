//! Background tasks.

use async_trait::async_trait;
use breakglass_domain::{RealmId, Task, TaskError, TaskId, TaskKind, TaskState, Timestamp};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadTasks, WriteTasks};

use crate::column::{Key, Place, millis};
use crate::lease::Lease;
use crate::view::{Loan, View, found};

/// Ended tasks are forgotten after this long, in milliseconds (30 days).
const RETENTION_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

struct TaskRow {
    id: Vec<u8>,
    kind: String,
    realm_id: Vec<u8>,
    force: bool,
    state: String,
    error_code: Option<String>,
    error_message: Option<String>,
    error_at: Option<i64>,
    created_by: String,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<TaskRow> for Task {
    type Error = StoreError;

    fn try_from(row: TaskRow) -> Result<Self, StoreError> {
        let place = Place::new("tasks", Key::Bytes(&row.id));
        if row.kind != DELETE_REALM {
            return Err(place.corrupt("kind"));
        }
        let state = match row.state.as_str() {
            COMPLETED => TaskState::Completed,
            FAILED => TaskState::Failed(TaskError {
                code: place.some("error_code", row.error_code)?,
                message: place.some("error_message", row.error_message)?,
                at: Timestamp::from_millis(place.some("error_at", row.error_at)?),
            }),
            QUEUED => TaskState::Queued,
            _ => return Err(place.corrupt("state")),
        };
        Ok(Self {
            id: TaskId::from_bytes(place.bytes("id", &row.id)?),
            kind: TaskKind::DeleteRealm {
                realm_id: RealmId::from_bytes(place.bytes("realm_id", &row.realm_id)?),
                force: row.force,
            },
            state,
            created_by: row.created_by,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

#[async_trait]
impl<C: Loan> ReadTasks for View<C> {
    async fn find_task(&mut self, id: TaskId) -> Result<Option<Task>, StoreError> {
        let id = id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            TaskRow,
            r#"SELECT id, kind, realm_id, force AS "force: bool", state, error_code, error_message,
               error_at, created_by, created_at, updated_at FROM tasks WHERE id = ?"#,
            id,
        )
        .fetch_optional(self.connection().await?)
        .await;
        self.settle(row)?.map(Task::try_from).transpose()
    }

    async fn list_queued_tasks(&mut self) -> Result<Vec<Task>, StoreError> {
        let rows = sqlx::query_as!(
            TaskRow,
            r#"SELECT id, kind, realm_id, force AS "force: bool", state, error_code, error_message,
               error_at, created_by, created_at, updated_at FROM tasks WHERE state = 'QUEUED'
               ORDER BY created_at, id"#,
        )
        .fetch_all(self.connection().await?)
        .await;
        self.settle(rows)?.into_iter().map(Task::try_from).collect()
    }
}

#[async_trait]
impl WriteTasks for View<Lease> {
    async fn insert_task(&mut self, task: &Task) -> Result<(), StoreError> {
        let id = task.id.as_bytes().as_slice();
        let TaskKind::DeleteRealm { realm_id, force } = task.kind;
        let realm_id = realm_id.as_bytes().as_slice();
        let (state, error) = state(&task.state);
        let error_code = error.map(|error| error.code.as_str());
        let error_message = error.map(|error| error.message.as_str());
        let error_at = millis(error.map(|error| error.at));
        let created_by = task.created_by.as_str();
        let created_at = task.created_at.millis();
        let updated_at = task.updated_at.millis();
        let done = sqlx::query!(
            "INSERT INTO tasks (id, kind, realm_id, force, state, error_code, error_message,
             error_at, created_by, created_at, updated_at)
             VALUES (?, 'DELETE_REALM', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            id,
            realm_id,
            force,
            state,
            error_code,
            error_message,
            error_at,
            created_by,
            created_at,
            updated_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn update_task(&mut self, task: &Task) -> Result<(), StoreError> {
        let id = task.id.as_bytes().as_slice();
        let TaskKind::DeleteRealm { realm_id, force } = task.kind;
        let realm_id = realm_id.as_bytes().as_slice();
        let (state, error) = state(&task.state);
        let error_code = error.map(|error| error.code.as_str());
        let error_message = error.map(|error| error.message.as_str());
        let error_at = millis(error.map(|error| error.at));
        let created_by = task.created_by.as_str();
        let created_at = task.created_at.millis();
        let updated_at = task.updated_at.millis();
        let done = sqlx::query!(
            "UPDATE tasks SET realm_id = ?, force = ?, state = ?, error_code = ?, error_message = ?,
             error_at = ?, created_by = ?, created_at = ?, updated_at = ? WHERE id = ?",
            realm_id,
            force,
            state,
            error_code,
            error_message,
            error_at,
            created_by,
            created_at,
            updated_at,
            id,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())
    }
}

impl View<Lease> {
    /// Forgets the tasks that ended long ago, and says how many.
    pub(crate) async fn prune_tasks(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let before = now.plus_millis(-RETENTION_MILLIS).millis();
        let done = sqlx::query!(
            "DELETE FROM tasks WHERE state <> 'QUEUED' AND updated_at < ?",
            before,
        )
        .execute(self.changing().await?)
        .await;
        Ok(self.settle(done)?.rows_affected())
    }
}

const DELETE_REALM: &str = "DELETE_REALM";
const COMPLETED: &str = "COMPLETED";
const FAILED: &str = "FAILED";
const QUEUED: &str = "QUEUED";

/// The stored name of the state, and why it failed if it did.
const fn state(state: &TaskState) -> (&'static str, Option<&TaskError>) {
    match state {
        TaskState::Completed => (COMPLETED, None),
        TaskState::Failed(error) => (FAILED, Some(error)),
        TaskState::Queued => (QUEUED, None),
    }
}
