//! Roles that principals hold.

use breakglass_domain::FieldFailure;
use breakglass_domain::audit::{AuditAction, AuditEvent, AuditTarget};
use breakglass_domain::role_assignment::accept_assignments;
use breakglass_domain::{
    Client, PrincipalId, Privilege, RealmId, RoleAssignment, RoleAssignmentDraft, RoleName,
    RoleScope, ValidationReport,
};
use breakglass_ports::ReadView;

use crate::app::App;
use crate::caller::Caller;
use crate::error::{Error, Resource};

/// A role that a principal holds, with the role's name for people.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeldRole {
    /// The role, its scope and its end.
    pub assignment: RoleAssignment,
    /// The role's name for people.
    pub display_name: String,
}

impl App {
    /// Roles that are held over the whole realm and without an end, as an emergency token holds its own.
    pub(crate) async fn whole_realm(
        &self,
        view: &mut dyn ReadView,
        names: &[RoleName],
    ) -> Result<Vec<HeldRole>, Error> {
        let mut held = Vec::new();
        for name in names {
            let role = view.find_role(name).await?;
            held.push(HeldRole {
                assignment: RoleAssignment {
                    role_name: name.clone(),
                    scope: RoleScope::SsoRealm,
                    expires_at: None,
                },
                display_name: role.map(|role| role.display_name).unwrap_or_default(),
            });
        }
        Ok(held)
    }

    /// The roles that a principal holds now.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::Principal`] is not found.
    pub async fn list_role_assignments(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Vec<HeldRole>, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        require_principal(view.as_mut(), caller, realm_id, principal_id).await?;
        self.held_roles(view.as_mut(), realm_id, principal_id).await
    }

    /// Replaces all roles of a principal; without any it may do nothing from now on.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every faulty field, among them names of roles that do not exist; [`Resource::Realm`] or
    /// [`Resource::Principal`] is not found.
    pub async fn replace_role_assignments(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        principal_id: PrincipalId,
        drafts: Vec<RoleAssignmentDraft>,
    ) -> Result<(), Error> {
        caller.require(Privilege::Manage)?;
        let now = self.now();
        let assignments = accept_assignments(drafts, now).map_err(Error::Invalid)?;
        let mut unit = self.ports.store.begin().await?;
        let client = require_principal(unit.as_mut(), caller, realm_id, principal_id).await?;
        let mut failures = Vec::new();
        for (place, assignment) in assignments.iter().enumerate() {
            if unit.find_role(&assignment.role_name).await?.is_none() {
                let path = format!("vcfRoleAssignments[{place}].roleName");
                failures.push(FieldFailure::new(path, "names no role"));
            }
        }
        if let Some(report) = ValidationReport::from_failures(failures) {
            return Err(Error::Invalid(report));
        }
        unit.replace_role_assignments(realm_id, principal_id, &assignments)
            .await?;
        let names: Vec<&str> = assignments
            .iter()
            .map(|held| held.role_name.as_str())
            .collect();
        let target = AuditTarget::new(client.kind.target(), &principal_id);
        let event = caller
            .event(AuditAction::RoleAssignmentsReplaced, target, now)
            .with("roles", names.join(" "));
        self.commit(
            unit,
            AuditEvent {
                realm_id: Some(realm_id),
                ..event
            },
        )
        .await
    }

    /// The roles that a principal holds at this instant.
    pub(crate) async fn held_roles(
        &self,
        view: &mut dyn ReadView,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Vec<HeldRole>, Error> {
        let now = self.now();
        let mut held = Vec::new();
        for assignment in view.list_role_assignments(realm_id, principal_id).await? {
            if !assignment.is_live(now) {
                continue;
            }
            let role = view.find_role(&assignment.role_name).await?;
            let display_name = role.map(|role| role.display_name).unwrap_or_default();
            held.push(HeldRole {
                assignment,
                display_name,
            });
        }
        Ok(held)
    }
}

/// The principal, when it exists within the caller's reach.
async fn require_principal<V: ReadView + ?Sized>(
    view: &mut V,
    caller: &Caller,
    realm_id: RealmId,
    principal_id: PrincipalId,
) -> Result<Client, Error> {
    caller.require_reach(realm_id)?;
    view.find_realm(realm_id)
        .await?
        .ok_or(Error::NotFound(Resource::Realm))?;
    let found = view
        .find_client_by_principal(realm_id, principal_id)
        .await?;
    found.ok_or(Error::NotFound(Resource::Principal))
}
