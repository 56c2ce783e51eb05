//! Roles that principals hold.

use breakglass_domain::FieldFailure;
use breakglass_domain::audit::{AuditAction, AuditEvent, AuditTarget};
use breakglass_domain::role_assignment::accept_assignments;
use breakglass_domain::{
    Client, PrincipalId, Privilege, RealmId, RoleAssignment, RoleAssignmentDraft, RoleClaim,
    RoleName, RoleScope, Timestamp, ValidationReport,
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

impl HeldRole {
    /// Roles that are held over the whole realm and without an end, as an emergency token holds its own.
    pub(crate) fn whole_realm(names: &[RoleName]) -> Vec<Self> {
        let held = |name: &RoleName| Self {
            assignment: RoleAssignment {
                role_name: name.clone(),
                scope: RoleScope::SsoRealm,
                expires_at: None,
            },
            display_name: String::new(),
        };
        names.iter().map(held).collect()
    }
}

impl App {
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

/// What a token says of the roles that it carries, and when the first of them ends.
pub(crate) async fn carried<V: ReadView + ?Sized>(
    view: &mut V,
    held: &[HeldRole],
    granted: &[RoleName],
) -> Result<(Vec<RoleClaim>, Option<Timestamp>), Error> {
    let (mut claims, mut end) = (Vec::new(), None::<Timestamp>);
    for name in granted {
        let role = view.find_role(name).await?;
        let display_name = role.map(|role| role.display_name).unwrap_or_default();
        let bearing = held
            .iter()
            .filter(|held| held.assignment.role_name.includes(name));
        for held in bearing {
            let mut assignment = held.assignment.clone();
            assignment.role_name = name.clone();
            let claim = RoleClaim::of(&assignment, &display_name);
            if !claims.contains(&claim) {
                claims.push(claim);
            }
            end = match (end, assignment.expires_at) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }
    Ok((claims, end))
}
