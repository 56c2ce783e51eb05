//! Roles of the fleet.

use breakglass_domain::audit::{AuditAction, AuditTarget, TargetKind};
use breakglass_domain::{Page, Privilege, Role, RoleDraft, RoleKind, RoleName};
use breakglass_ports::StoreError;
use breakglass_ports::store::RoleFilter;

use crate::app::App;
use crate::caller::Caller;
use crate::error::{Conflict, Error, Resource};

impl App {
    /// A page of the roles.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the view privilege.
    pub async fn list_roles(
        &self,
        caller: &Caller,
        filter: RoleFilter,
    ) -> Result<Page<Role>, Error> {
        caller.require(Privilege::View)?;
        Ok(self.ports.store.read().await?.list_roles(&filter).await?)
    }

    /// A role.
    ///
    /// # Errors
    /// [`Resource::Role`] is not found.
    pub async fn get_role(&self, caller: &Caller, name: &str) -> Result<Role, Error> {
        caller.require(Privilege::View)?;
        let name = parse(name)?;
        let role = self.ports.store.read().await?.find_role(&name).await?;
        role.ok_or(Error::NotFound(Resource::Role))
    }

    /// Makes a custom role.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every faulty field, [`Conflict::RoleExists`] when the name is taken.
    pub async fn create_role(&self, caller: &Caller, draft: RoleDraft) -> Result<Role, Error> {
        caller.require(Privilege::Manage)?;
        let accepted = draft.accept().map_err(Error::Invalid)?;
        let now = self.now();
        let role = Role::create(accepted, &caller.principal.actor().to_string(), now);
        let mut unit = self.ports.store.begin().await?;
        match unit.insert_role(&role).await {
            Err(StoreError::Conflict) => return Err(Error::Conflict(Conflict::RoleExists)),
            outcome => outcome?,
        }
        let target = AuditTarget::new(TargetKind::Role, &role.name);
        let event = caller.event(AuditAction::RoleCreated, target, now);
        self.commit(unit, event).await?;
        Ok(role)
    }

    /// Replaces what a custom role means.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every faulty field, [`Resource::Role`] is not found, [`Conflict::RoleIsBuiltIn`].
    pub async fn update_role(&self, caller: &Caller, draft: RoleDraft) -> Result<Role, Error> {
        caller.require(Privilege::Manage)?;
        let accepted = draft.accept().map_err(Error::Invalid)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let found = unit
            .find_role(accepted.name())
            .await?
            .ok_or(Error::NotFound(Resource::Role))?;
        require_custom(&found)?;
        let role = found.replace(accepted, &caller.principal.actor().to_string(), now);
        unit.update_role(&role).await?;
        let target = AuditTarget::new(TargetKind::Role, &role.name);
        let event = caller.event(AuditAction::RoleUpdated, target, now);
        self.commit(unit, event).await?;
        Ok(role)
    }

    /// Deletes a custom role that nobody holds.
    ///
    /// # Errors
    /// [`Resource::Role`] is not found, [`Conflict::RoleIsBuiltIn`], [`Conflict::RoleIsHeld`].
    pub async fn delete_role(&self, caller: &Caller, name: &str) -> Result<(), Error> {
        caller.require(Privilege::Manage)?;
        let name = parse(name)?;
        let mut unit = self.ports.store.begin().await?;
        let found = unit
            .find_role(&name)
            .await?
            .ok_or(Error::NotFound(Resource::Role))?;
        require_custom(&found)?;
        match unit.delete_role(&name).await {
            Err(StoreError::Conflict) => return Err(Error::Conflict(Conflict::RoleIsHeld)),
            outcome => outcome?,
        };
        let target = AuditTarget::new(TargetKind::Role, &name);
        let event = caller.event(AuditAction::RoleDeleted, target, self.now());
        self.commit(unit, event).await
    }
}

fn require_custom(role: &Role) -> Result<(), Error> {
    match role.kind {
        RoleKind::BuiltIn => Err(Error::Conflict(Conflict::RoleIsBuiltIn)),
        RoleKind::Custom => Ok(()),
    }
}

/// A text that is no name names no role.
fn parse(name: &str) -> Result<RoleName, Error> {
    name.parse().map_err(|_| Error::NotFound(Resource::Role))
}
