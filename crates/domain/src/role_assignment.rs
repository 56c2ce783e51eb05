//! Roles that a principal holds.

use crate::principal::Privilege;
use crate::role::RoleName;
use crate::timestamp::Timestamp;

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
}
