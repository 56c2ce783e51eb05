//! Roles that a principal holds.

use crate::principal::Privilege;
use crate::role::RoleName;
use crate::text::required;
use crate::timestamp::Timestamp;
use crate::validation::{FieldFailure, ValidationReport};

/// A role that a principal holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RoleAssignment {
    /// The role.
    pub role_name: RoleName,
    /// How far it reaches.
    pub scope: RoleScope,
    /// The first instant at which it is over, if it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// How far a role reaches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RoleScope {
    /// The whole realm.
    SsoRealm,
    /// These instances.
    VcfInstance(Vec<ScopeResource>),
}

/// An instance that a role reaches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScopeResource {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: Option<String>,
}

impl RoleAssignment {
    /// Whether the role is held at this instant.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// The request for a role of a principal, as it came from outside. The kind of scope is read by whoever knows the wire.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RoleAssignmentDraft {
    /// The name of the role.
    pub role_name: Option<String>,
    /// How far it should reach.
    pub scope: Option<RoleScope>,
    /// When it should end, in milliseconds since 1970 UTC.
    pub expires_at: Option<i64>,
}

/// Accepts the roles that a principal should hold, as a whole, when every one keeps its rules: a name, a scope of the whole
/// realm without resources or of at least one instance, an end that is still to come, and nothing twice.
///
/// # Errors
/// A report of every faulty field, with paths such as `vcfRoleAssignments[0].roleName`.
pub fn accept_assignments(
    drafts: Vec<RoleAssignmentDraft>,
    now: Timestamp,
) -> Result<Vec<RoleAssignment>, ValidationReport> {
    let mut failures = Vec::new();
    let mut accepted: Vec<RoleAssignment> = Vec::new();
    for (place, draft) in drafts.into_iter().enumerate() {
        let path = format!("vcfRoleAssignments[{place}]");
        let Some(assignment) = accept(draft, &path, now, &mut failures) else {
            continue;
        };
        let same = |other: &RoleAssignment| {
            other.role_name == assignment.role_name && other.scope == assignment.scope
        };
        if accepted.iter().any(same) {
            failures.push(FieldFailure::new(path, "stands there twice"));
        }
        accepted.push(assignment);
    }
    ValidationReport::from_failures(failures).map_or(Ok(accepted), Err)
}

fn accept(
    draft: RoleAssignmentDraft,
    path: &str,
    now: Timestamp,
    failures: &mut Vec<FieldFailure>,
) -> Option<RoleAssignment> {
    let before = failures.len();
    let role_name = required(
        &format!("{path}.roleName"),
        draft.role_name.as_deref(),
        failures,
    );
    if let Some(RoleScope::VcfInstance(resources)) = &draft.scope
        && (resources.is_empty() || resources.iter().any(|resource| resource.id.is_empty()))
    {
        let message = "must name at least one instance by its id";
        failures.push(FieldFailure::new(
            format!("{path}.roleScope.resources"),
            message,
        ));
    }
    if draft.scope.is_none() {
        failures.push(FieldFailure::new(
            format!("{path}.roleScope"),
            "is required",
        ));
    }
    let expires_at = draft.expires_at.map(Timestamp::from_millis);
    if expires_at.is_some_and(|end| end <= now) {
        failures.push(FieldFailure::new(
            format!("{path}.expiresAt"),
            "must be still to come",
        ));
    }
    match (role_name, draft.scope) {
        (Some(role_name), Some(scope)) if failures.len() == before => Some(RoleAssignment {
            role_name,
            scope,
            expires_at,
        }),
        _ => None,
    }
}

/// What a principal with these roles may do here at this instant. A role limited to instances reaches components, and
/// carries no privilege over the realm.
pub fn privileges(assignments: &[RoleAssignment], now: Timestamp) -> Vec<Privilege> {
    let mut held: Vec<Privilege> = assignments
        .iter()
        .filter(|assignment| assignment.is_live(now) && assignment.scope == RoleScope::SsoRealm)
        .flat_map(|assignment| assignment.role_name.privileges())
        .copied()
        .collect();
    held.sort_unstable();
    held.dedup();
    held
}

/// What a principal with these roles may do here at this instant with a token that carries the roles of a scope.
pub fn privileges_within<'a>(
    assignments: &(impl Iterator<Item = &'a RoleAssignment> + Clone),
    scope: &[RoleName],
    now: Timestamp,
) -> Vec<Privilege> {
    let live = |role: &&RoleName| {
        assignments.clone().any(|held| {
            held.is_live(now) && held.scope == RoleScope::SsoRealm && held.role_name.includes(role)
        })
    };
    let telling = scope.iter().filter(|role| !role.privileges().is_empty());
    let carried = telling.filter(live).flat_map(RoleName::privileges);
    let mut held: Vec<Privilege> = carried.copied().collect();
    held.sort_unstable();
    held.dedup();
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assignment(role: &str, scope: RoleScope, expires_at: Option<i64>) -> RoleAssignment {
        RoleAssignment {
            role_name: role.parse().unwrap(),
            scope,
            expires_at: expires_at.map(Timestamp::from_millis),
        }
    }

    #[test]
    fn a_role_ends_by_itself() {
        let held = [
            assignment("vcf_viewer", RoleScope::SsoRealm, None),
            assignment("vcf_administrator", RoleScope::SsoRealm, Some(10)),
        ];
        assert_eq!(
            privileges(&held, Timestamp::from_millis(9)),
            [Privilege::Manage, Privilege::View]
        );
        assert_eq!(
            privileges(&held, Timestamp::from_millis(10)),
            [Privilege::View]
        );
    }

    #[test]
    fn a_role_over_instances_carries_nothing_here() {
        let scope = RoleScope::VcfInstance(vec![ScopeResource {
            id: "i".to_owned(),
            name: None,
        }]);
        let held = [assignment("vcf_administrator", scope, None)];
        assert!(privileges(&held, Timestamp::from_millis(0)).is_empty());
    }

    #[test]
    fn a_token_carries_no_more_than_its_scope_and_no_more_than_is_held() {
        let now = Timestamp::from_millis(9);
        let held = [assignment(
            "vcf_administrator",
            RoleScope::SsoRealm,
            Some(10),
        )];
        let within = |scope: &[&str], now| {
            let scope: Vec<RoleName> = scope.iter().map(|name| name.parse().unwrap()).collect();
            privileges_within(&held.iter(), &scope, now)
        };
        assert_eq!(within(&["vcf_administrator"], now), Privilege::ALL);
        assert_eq!(within(&["vcf_viewer"], now), [Privilege::View]);
        assert_eq!(within(&["other"], now), []);
        assert_eq!(
            within(&["vcf_administrator"], Timestamp::from_millis(10)),
            []
        );
    }

    #[test]
    fn every_faulty_field_is_named() {
        let now = Timestamp::from_millis(10);
        let draft = |role: &str, scope, expires_at| RoleAssignmentDraft {
            role_name: Some(role.to_owned()),
            scope: Some(scope),
            expires_at,
        };
        let drafts = vec![
            RoleAssignmentDraft::default(),
            draft("a b", RoleScope::VcfInstance(vec![]), Some(10)),
            draft("vcf_viewer", RoleScope::SsoRealm, Some(11)),
            draft("vcf_viewer", RoleScope::SsoRealm, None),
        ];
        let report = accept_assignments(drafts, now).unwrap_err();
        let paths: Vec<_> = report
            .failures()
            .iter()
            .map(|failure| failure.path.as_str())
            .collect();
        assert_eq!(
            paths,
            [
                "vcfRoleAssignments[0].roleName",
                "vcfRoleAssignments[0].roleScope",
                "vcfRoleAssignments[1].expiresAt",
                "vcfRoleAssignments[1].roleName",
                "vcfRoleAssignments[1].roleScope.resources",
                "vcfRoleAssignments[3]",
            ]
        );
        assert_eq!(accept_assignments(vec![], now), Ok(vec![]));
    }
}
