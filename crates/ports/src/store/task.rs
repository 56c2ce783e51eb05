//! Background tasks.

use async_trait::async_trait;
use breakglass_domain::{Task, TaskId};

use crate::StoreError;

/// Reads tasks.
///
/// # Contract
/// 1. `find_task` gives `None` for an unknown id.
/// 2. `list_queued_tasks` gives every task that has not ended, the oldest first.
#[async_trait]
pub trait ReadTasks: Send {
    /// The task of this id.
    async fn find_task(&mut self, id: TaskId) -> Result<Option<Task>, StoreError>;

    /// The tasks that wait for their turn.
    async fn list_queued_tasks(&mut self) -> Result<Vec<Task>, StoreError>;
}

/// Writes tasks.
///
/// # Contract
/// 3. `insert_task` fails with [`StoreError::Conflict`] when the id is taken.
/// 4. `update_task` keeps every field, and fails with [`StoreError::Missing`] when there is no such task.
#[async_trait]
pub trait WriteTasks: Send {
    /// Adds a task.
    async fn insert_task(&mut self, task: &Task) -> Result<(), StoreError>;

    /// Replaces the task of this id.
    async fn update_task(&mut self, task: &Task) -> Result<(), StoreError>;
}
