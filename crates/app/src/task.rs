//! Background tasks.

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditEvents, AuditTarget, TargetKind};
use breakglass_domain::{Privilege, RealmId, Task, TaskError, TaskId, TaskKind};
use breakglass_ports::UnitOfWork;

use crate::app::App;
use crate::caller::Caller;
use crate::emergency_client::remove;
use crate::error::{Error, Resource};

/// The contract's code of a task that failed.
const TASK_FAILED: &str = "1500";

impl App {
    /// A task.
    ///
    /// # Errors
    /// [`Resource::Task`] is not found when there is none of that id in the caller's reach.
    pub async fn get_task(&self, caller: &Caller, id: TaskId) -> Result<Task, Error> {
        caller.require(Privilege::View)?;
        let task = self.ports.store.read().await?.find_task(id).await?;
        let reach = caller.principal.reach();
        task.filter(|task| match task.kind {
            TaskKind::DeleteRealm { realm_id, .. } => reach.covers(realm_id),
        })
        .ok_or(Error::NotFound(Resource::Task))
    }

    /// Runs every task that waits, of whatever process. Each is done, or fails, in one unit of work, so that a crash
    /// leaves it waiting and it can be run again.
    ///
    /// # Errors
    /// When the store cannot take it; the tasks then wait.
    pub async fn run_queued_tasks(&self) -> Result<usize, Error> {
        let queued = self.ports.store.read().await?.list_queued_tasks().await?;
        let mut outcome = Ok(queued.len());
        for task in &queued {
            // A task that cannot be run now holds up no other.
            if let Err(error) = self.run(task.id).await {
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn run(&self, id: TaskId) -> Result<(), Error> {
        let mut unit = self.ports.store.begin().await?;
        // Another process may have run it since the list was read.
        let waiting = unit
            .list_queued_tasks()
            .await?
            .into_iter()
            .find(|task| task.id == id);
        let Some(task) = waiting else { return Ok(()) };
        let TaskKind::DeleteRealm { realm_id, force } = task.kind;
        let (outcome, events) = self
            .delete_realm_now(unit.as_mut(), &task, realm_id, force)
            .await?;
        let now = self.now();
        let outcome = outcome.map_err(|message| TaskError {
            code: TASK_FAILED.to_owned(),
            message,
            at: now,
        });
        unit.update_task(&task.end(outcome, now)).await?;
        self.commit(unit, events).await
    }

    /// Deletes a realm with what is in it. The inner result says how the task ends; the events tell it.
    async fn delete_realm_now(
        &self,
        unit: &mut dyn UnitOfWork,
        task: &Task,
        realm_id: RealmId,
        force: bool,
    ) -> Result<(Result<(), String>, AuditEvents), Error> {
        let Some(realm) = unit.find_realm(realm_id).await? else {
            let gone = self
                .task_event(AuditAction::RealmDeleted, task, realm_id)
                .with("already_gone", "true");
            return Ok((Ok(()), gone.into()));
        };
        let clients = unit.list_emergency_clients(realm_id).await?;
        if !clients.is_empty() && !force {
            let message = format!(
                "The realm still holds {} emergency clients; force deletes them.",
                clients.len()
            );
            let failed = self
                .task_event(AuditAction::RealmDeletionFailed, task, realm_id)
                .with("emergency_clients", clients.len().to_string());
            let failed = AuditEvent {
                outcome: breakglass_domain::audit::Outcome::Failure,
                ..failed
            };
            return Ok((Err(message), failed.into()));
        }
        let mut removals = Vec::new();
        for client in &clients {
            remove(unit, realm.broker_id, client).await?;
            let target = AuditTarget::new(TargetKind::EmergencyClient, &client.client_id);
            removals.extend(self.unrecorded_expiry(client));
            removals.push(AuditEvent {
                target: Some(target),
                ..self.task_event(AuditAction::EmergencyClientDeleted, task, realm_id)
            });
        }
        unit.delete_realm(realm_id).await?;
        let deleted = self
            .task_event(AuditAction::RealmDeleted, task, realm_id)
            .with("emergency_clients", clients.len().to_string());
        Ok((Ok(()), AuditEvents::new(deleted, removals)))
    }

    fn task_event(&self, action: AuditAction, task: &Task, realm_id: RealmId) -> AuditEvent {
        let target = AuditTarget::new(TargetKind::Realm, &realm_id);
        let event = Caller::system()
            .event(action, target, self.now())
            .with("requested_by", task.created_by.as_str())
            .with("task_id", task.id.to_string());
        AuditEvent {
            realm_id: Some(realm_id),
            ..event
        }
    }
}
