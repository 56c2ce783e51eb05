//! `…/iam/tasks`: work that goes on after its answer. Its instants are seconds, as the contract has them.

use breakglass_api_types::fleet_iam::{IamTaskDetails, IamTaskErrorDetails, TaskStatus, TaskType};
use breakglass_app::{Error, Resource};
use breakglass_domain::{Task, TaskError, TaskKind, TaskState};

use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// `getIamTaskDetails`. A text that is no id names no task.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let absent = Error::NotFound(Resource::Task);
    let id = call.parameter("taskId").parse().map_err(|_| absent)?;
    let task = call.app().get_task(call.caller()?, id).await?;
    Reply::json(&wire(&task))
}

fn wire(task: &Task) -> IamTaskDetails {
    let (status, error) = match &task.state {
        TaskState::Completed => (TaskStatus::Completed, None),
        TaskState::Failed(error) => (TaskStatus::Failed, Some(error)),
        TaskState::Queued => (TaskStatus::Queued, None),
    };
    IamTaskDetails {
        error_details: error.map(error_wire),
        task_id: Some(task.id.to_string()),
        task_status: Some(status),
        task_type: Some(match task.kind {
            TaskKind::DeleteRealm { .. } => TaskType::SsoRealmReset,
        }),
    }
}

fn error_wire(error: &TaskError) -> IamTaskErrorDetails {
    IamTaskErrorDetails {
        error_code: Some(error.code.clone()),
        error_message: Some(error.message.clone()),
        timestamp: Some(error.at.seconds()),
    }
}
