//! Background tasks.

use breakglass_domain::{TaskError, TaskState};
use breakglass_ports::StoreError;

use crate::samples::{at, task};
use crate::{Harness, begin, keep, read};

fn failed() -> TaskState {
    TaskState::Failed(TaskError {
        code: "10012".to_owned(),
        message: "The realm still holds credentials.".to_owned(),
        at: at(77),
    })
}

pub async fn find_task_gives_none_for_an_unknown_id<H: Harness>() {
    let harness = H::fresh().await;
    let unknown = task(1, TaskState::Queued).id;
    assert_eq!(read(&harness).await.find_task(unknown).await, Ok(None));
}

pub async fn list_queued_tasks_gives_those_that_have_not_ended_the_oldest_first<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    for (number, state) in [
        (4, TaskState::Queued),
        (1, TaskState::Completed),
        (2, TaskState::Queued),
        (3, failed()),
    ] {
        unit.insert_task(&task(number, state)).await.unwrap();
    }
    keep(unit).await;
    let queued = [2, 4].map(|number| task(number, TaskState::Queued));
    let found = read(&harness).await.list_queued_tasks().await;
    assert_eq!(found, Ok(queued.to_vec()));
}

pub async fn insert_task_refuses_a_taken_id<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    unit.insert_task(&task(1, TaskState::Queued)).await.unwrap();
    keep(unit).await;
    let mut unit = begin(&harness).await;
    let refused = unit.insert_task(&task(1, TaskState::Completed)).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn update_task_keeps_every_field<H: Harness>() {
    let harness = H::fresh().await;
    let id = task(1, TaskState::Queued).id;
    let mut unit = begin(&harness).await;
    unit.insert_task(&task(1, TaskState::Queued)).await.unwrap();
    unit.insert_task(&task(9, TaskState::Queued)).await.unwrap();
    keep(unit).await;
    for (number, state) in [
        (2, failed()),
        (3, TaskState::Completed),
        (4, TaskState::Queued),
    ] {
        let mut changed = task(number, state);
        changed.id = id;
        let mut unit = begin(&harness).await;
        unit.update_task(&changed).await.unwrap();
        keep(unit).await;
        let found = read(&harness).await.find_task(id).await;
        assert_eq!(found, Ok(Some(changed)));
    }
    let other = task(9, TaskState::Queued);
    let found = read(&harness).await.find_task(other.id).await;
    assert_eq!(found, Ok(Some(other)));
}

pub async fn update_task_needs_a_task<H: Harness>() {
    let harness = H::fresh().await;
    let mut unit = begin(&harness).await;
    let refused = unit.update_task(&task(1, TaskState::Queued)).await;
    assert_eq!(refused, Err(StoreError::Missing));
}
