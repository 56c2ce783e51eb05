//! `…/ssorealms/{ssoRealmId}/principals/{principalId}/roles`: roles that principals hold. Their ends are milliseconds.

use breakglass_api_types::fleet_iam::{
    RoleAssignmentResource, RoleScopeType, VcfRoleAssignment, VcfRoleAssignments,
};
use breakglass_api_types::{FieldFailure, Parsed};
use breakglass_app::{Error, HeldRole, Resource};
use breakglass_domain::role_assignment::accept_assignments;
use breakglass_domain::{PrincipalId, RoleAssignmentDraft, RoleScope, ScopeResource, Timestamp};

use super::realm;
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `getRoleAssignment`.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let (realm, principal) = (realm::id(call)?, principal(call)?);
    let held = call
        .app()
        .list_role_assignments(call.caller()?, realm, principal)
        .await?;
    Reply::json(&VcfRoleAssignments {
        vcf_role_assignments: Some(held.iter().map(wire).collect()),
    })
}

/// `updateRoleAssignment`. All roles of the principal are replaced.
pub(crate) async fn replace(call: &Call) -> Result<Reply, Failure> {
    let (realm, principal) = (realm::id(call)?, principal(call)?);
    let Parsed {
        value,
        mut failures,
    } = call.json::<VcfRoleAssignments>()?;
    let given = value.vcf_role_assignments.unwrap_or_default();
    let drafts: Vec<_> = given
        .into_iter()
        .enumerate()
        .map(|(place, assignment)| draft(place, assignment, &mut failures))
        .collect();
    let report = accept_assignments(drafts.clone(), call.app().now()).err();
    reject_faults(failures, report)?;
    call.app()
        .replace_role_assignments(call.caller()?, realm, principal, drafts)
        .await?;
    Ok(Reply::empty())
}

/// `deleteRoleAssignments`.
pub(crate) async fn delete(call: &Call) -> Result<Reply, Failure> {
    let (realm, principal) = (realm::id(call)?, principal(call)?);
    call.app()
        .replace_role_assignments(call.caller()?, realm, principal, Vec::new())
        .await?;
    Ok(Reply::empty())
}

/// A role that is held, on the wire.
pub(super) fn wire(held: &HeldRole) -> VcfRoleAssignment {
    let assignment = &held.assignment;
    VcfRoleAssignment {
        expires_at: assignment.expires_at.map(Timestamp::millis),
        role_display_name: Some(held.display_name.clone()),
        role_name: Some(assignment.role_name.to_string()),
        role_scope: Some(scope_wire(&assignment.scope)),
    }
}

/// The principal of the path. A text that is no id names no principal.
fn principal(call: &Call) -> Result<PrincipalId, Failure> {
    let absent = Error::NotFound(Resource::Principal);
    call.parameter("principalId")
        .parse()
        .map_err(|_| absent.into())
}

fn draft(
    place: usize,
    given: VcfRoleAssignment,
    failures: &mut Vec<FieldFailure>,
) -> RoleAssignmentDraft {
    let scope = given.role_scope.unwrap_or_default();
    let resources = scope.resources.unwrap_or_default();
    // A scope that could not be read is absent here: the reader has told of it, and is believed.
    let scope = match scope.scope_type {
        Some(RoleScopeType::SsoRealm) => {
            if !resources.is_empty() {
                let path = format!("vcfRoleAssignments[{place}].roleScope.resources");
                failures.push(FieldFailure::new(path, "must be empty for SSO_REALM"));
            }
            Some(RoleScope::SsoRealm)
        }
        Some(RoleScopeType::VcfInstance) => Some(RoleScope::VcfInstance(
            resources.into_iter().map(resource).collect(),
        )),
        Some(RoleScopeType::Unknown) | None => None,
    };
    RoleAssignmentDraft {
        role_name: given.role_name,
        scope,
        expires_at: given.expires_at,
    }
}

fn resource(given: RoleAssignmentResource) -> ScopeResource {
    ScopeResource {
        id: given.id.unwrap_or_default(),
        name: given.name,
    }
}

fn scope_wire(scope: &RoleScope) -> breakglass_api_types::fleet_iam::RoleScope {
    let (scope_type, resources) = match scope {
        RoleScope::SsoRealm => (RoleScopeType::SsoRealm, Vec::new()),
        RoleScope::VcfInstance(resources) => {
            let resources = resources.iter().map(|resource| RoleAssignmentResource {
                id: Some(resource.id.clone()),
                name: resource.name.clone(),
            });
            (RoleScopeType::VcfInstance, resources.collect())
        }
    };
    breakglass_api_types::fleet_iam::RoleScope {
        resources: Some(resources),
        scope_type: Some(scope_type),
        sso_name: None,
    }
}
