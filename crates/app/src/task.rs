//! Background tasks.

use breakglass_domain::audit::{
    AuditAction, AuditEvent, AuditEvents, AuditTarget, Outcome, TargetKind,
};
use breakglass_domain::page::MAX_PAGE_SIZE;
use breakglass_domain::{
    ApiClient, ClientQuery, PageRequest, Privilege, RealmId, Task, TaskError, TaskId, TaskKind,
};
use breakglass_ports::UnitOfWork;

use crate::app::App;
use crate::caller::Caller;
use crate::client_secret::MAX_ACCESS_TOKEN_TTL;
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
        let emergency = unit.list_emergency_clients(realm_id).await?;
        let others = all_api_clients(unit, realm_id).await?;
        let apps = unit.list_oauth_apps(realm_id).await?;
        let held = [
            ("emergency_clients", emergency.len()),
            ("api_clients", others.len()),
            ("oauth_apps", apps.len()),
        ];
        if !force && held.iter().any(|(_, count)| *count > 0) {
            let message = format!(
                "The realm still holds {} emergency clients, {} API clients and {} OAuth apps; force deletes them.",
                emergency.len(),
                others.len(),
                apps.len(),
            );
            let action = AuditAction::RealmDeletionFailed;
            let failed = counted(self.task_event(action, task, realm_id), held);
            let failed = AuditEvent {
                outcome: Outcome::Failure,
                ..failed
            };
            return Ok((Err(message), failed.into()));
        }
        let mut removals = Vec::new();
        let removal = |action, kind, id: &dyn ToString| AuditEvent {
            target: Some(AuditTarget::new(kind, &id.to_string())),
            ..self.task_event(action, task, realm_id)
        };
        for client in &emergency {
            remove(unit, realm.broker_id, client).await?;
            removals.extend(self.unrecorded_expiry(client));
            let (action, kind) = (
                AuditAction::EmergencyClientDeleted,
                TargetKind::EmergencyClient,
            );
            removals.push(removal(action, kind, &client.client_id));
        }
        let until = self.now().plus(MAX_ACCESS_TOKEN_TTL);
        for app in &apps {
            unit.delete_client_credentials(realm.broker_id, realm_id, app.id, until)
                .await?;
            unit.delete_oauth_app(realm_id, app.id).await?;
            let (action, kind) = (AuditAction::OauthAppDeleted, TargetKind::OauthApp);
            removals.push(removal(action, kind, &app.client_id));
        }
        for client in &others {
            unit.delete_client_credentials(realm.broker_id, realm_id, client.id, until)
                .await?;
            unit.delete_api_client(realm_id, &client.client_id).await?;
            let (action, kind) = (AuditAction::ApiClientDeleted, TargetKind::ApiClient);
            removals.push(removal(action, kind, &client.client_id));
        }
        unit.delete_realm(realm_id).await?;
        let deleted = self.task_event(AuditAction::RealmDeleted, task, realm_id);
        Ok((Ok(()), AuditEvents::new(counted(deleted, held), removals)))
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

/// Every API client of a realm.
async fn all_api_clients(
    unit: &mut dyn UnitOfWork,
    realm_id: RealmId,
) -> Result<Vec<ApiClient>, Error> {
    let everything = ClientQuery::default();
    let mut clients = Vec::new();
    for page in 0.. {
        let page = PageRequest::new(page, MAX_PAGE_SIZE.into()).map_err(Error::Invalid)?;
        let found = unit.query_api_clients(realm_id, &everything, page).await?;
        if found.entries.is_empty() {
            break;
        }
        clients.extend(found.entries);
    }
    Ok(clients)
}

fn counted(event: AuditEvent, held: [(&str, usize); 3]) -> AuditEvent {
    held.into_iter().fold(event, |event, (name, count)| {
        event.with(name, count.to_string())
    })
}
