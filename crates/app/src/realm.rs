//! SSO realms.

use breakglass_domain::audit::{AuditAction, AuditTarget, TargetKind};
use breakglass_domain::{
    BrokerId, Privilege, Realm, RealmId, Task, TaskId, TaskKind, TaskState, ValidationReport,
};
use breakglass_ports::StoreError;

use crate::app::App;
use crate::broker::{BrokerView, visible};
use crate::caller::Caller;
use crate::error::{Conflict, Error, Resource};

impl App {
    /// The realms that the caller can see, each with its broker, the oldest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the view privilege.
    pub async fn list_realms(&self, caller: &Caller) -> Result<Vec<(Realm, BrokerView)>, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let mut realms = Vec::new();
        for realm in view.list_realms().await? {
            if caller.principal.reach().covers(realm.id)
                && let Some(broker) = view.find_broker(realm.broker_id).await?
            {
                let broker = self.view_of(broker, Some(realm.clone()));
                realms.push((realm, broker));
            }
        }
        Ok(realms)
    }

    /// A realm with its broker.
    ///
    /// # Errors
    /// [`Resource::Realm`] is not found when there is none of that id in the caller's reach.
    pub async fn get_realm(
        &self,
        caller: &Caller,
        id: RealmId,
    ) -> Result<(Realm, BrokerView), Error> {
        caller.require(Privilege::View)?;
        caller.require_reach(id)?;
        let mut view = self.ports.store.read().await?;
        let realm = view
            .find_realm(id)
            .await?
            .ok_or(Error::NotFound(Resource::Realm))?;
        let broker = view
            .find_broker(realm.broker_id)
            .await?
            .ok_or(Error::NotFound(Resource::Realm))?;
        let broker = self.view_of(broker, Some(realm.clone()));
        Ok((realm, broker))
    }

    /// Makes the realm of a broker.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no such broker in the caller's reach, [`Conflict::RealmExists`] when it has its realm.
    pub async fn create_realm(&self, caller: &Caller, broker_id: BrokerId) -> Result<Realm, Error> {
        caller.require(Privilege::Manage)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        match visible(unit.as_mut(), caller, broker_id).await {
            Err(Error::NotFound(_)) => {
                let report = ValidationReport::of("vidbResourceId", "names no broker");
                return Err(Error::Invalid(report));
            }
            found => drop(found?),
        }
        let id = RealmId::from_random(self.random()?);
        let realm = Realm {
            id,
            broker_id,
            created_at: now,
            updated_at: now,
        };
        match unit.insert_realm(&realm).await {
            Err(StoreError::Conflict) => return Err(Error::Conflict(Conflict::RealmExists)),
            outcome => outcome?,
        }
        let target = AuditTarget::new(TargetKind::Realm, &id);
        let mut event = caller
            .event(AuditAction::RealmCreated, target, now)
            .with("broker_id", broker_id.to_string());
        event.realm_id = Some(id);
        self.commit(unit, event).await?;
        Ok(realm)
    }

    /// Asks for the deletion of a realm; the task that is given does it. Without `force` it fails while the realm
    /// holds credentials, with `force` they die with it.
    ///
    /// # Errors
    /// [`Resource::Realm`] is not found when there is none of that id in the caller's reach.
    pub async fn delete_realm(
        &self,
        caller: &Caller,
        id: RealmId,
        force: bool,
    ) -> Result<TaskId, Error> {
        caller.require(Privilege::Manage)?;
        caller.require_reach(id)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        unit.find_realm(id)
            .await?
            .ok_or(Error::NotFound(Resource::Realm))?;
        let task = Task {
            id: TaskId::from_random(self.random()?),
            kind: TaskKind::DeleteRealm {
                realm_id: id,
                force,
            },
            state: TaskState::Queued,
            created_by: caller.principal.actor().to_string(),
            created_at: now,
            updated_at: now,
        };
        unit.insert_task(&task).await?;
        let target = AuditTarget::new(TargetKind::Realm, &id);
        let mut event = caller
            .event(AuditAction::RealmDeletionRequested, target, now)
            .with("force", force.to_string())
            .with("task_id", task.id.to_string());
        event.realm_id = Some(id);
        self.commit(unit, event).await?;
        Ok(task.id)
    }
}
