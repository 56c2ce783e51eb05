//! Roles that principals hold.

use async_trait::async_trait;
use breakglass_domain::{PrincipalId, RealmId, RoleAssignment};

use crate::StoreError;

/// Reads role assignments.
///
/// # Contract
/// 1. `list_role_assignments` gives what the principal holds in the realm, ended or not, in the order in which it was written.
#[async_trait]
pub trait ReadRoleAssignments: Send {
    /// The roles of a principal.
    async fn list_role_assignments(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Vec<RoleAssignment>, StoreError>;
}

/// Writes role assignments.
///
/// # Contract
/// 2. `replace_role_assignments` takes away what the principal held in the realm and keeps every field of what it is given, and
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
