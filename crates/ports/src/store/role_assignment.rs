//! Roles that principals hold.

use async_trait::async_trait;
use breakglass_domain::{PrincipalId, RealmId, RoleAssignment};

use crate::StoreError;

/// Reads role assignments.
///
/// # Contract
/// 1. `list_role_assignments` gives what the principal holds in the realm, ended or not, in the order in which it was written.
/// 2. `find_roles_epoch` gives a number that grows whenever a principal of the realm gets or loses a role, and whenever a role is
///    changed. Of an unknown realm it is 0.
#[async_trait]
pub trait ReadRoleAssignments: Send {
    /// The roles of a principal.
    async fn list_role_assignments(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Vec<RoleAssignment>, StoreError>;

    /// How often the roles of the realm were changed.
    async fn find_roles_epoch(&mut self, realm_id: RealmId) -> Result<u64, StoreError>;
}

/// Writes role assignments.
///
/// # Contract
/// 3. `replace_role_assignments` takes away what the principal held in the realm and keeps every field of what it is given, and
///    fails with [`StoreError::Missing`] when there is no role of one of the names.
#[async_trait]
pub trait WriteRoleAssignments: Send {
    /// Replaces the roles of a principal.
    async fn replace_role_assignments(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
        assignments: &[RoleAssignment],
    ) -> Result<(), StoreError>;
}
