//! Roles.

use async_trait::async_trait;
use breakglass_domain::{Page, PageRequest, Role, RoleKind, RoleName};

use crate::StoreError;

/// By what roles are ordered; those that are equal in it, by name.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RoleOrder {
    /// The name for people.
    DisplayName,
    /// Where it comes from, the built-in ones first.
    Kind,
    /// The name for programs.
    #[default]
    Name,
}

/// Which roles to list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RoleFilter {
    /// Only roles of this kind.
    pub kind: Option<RoleKind>,
    /// By what they are ordered.
    pub order: RoleOrder,
    /// Whether the order is turned around.
    pub descending: bool,
    /// Which page.
    pub page: PageRequest,
}

/// Reads roles.
///
/// # Contract
/// 1. `find_role` gives `None` for an unknown name; names are compared exactly.
/// 2. `list_roles` gives the page of the roles that pass the filter, ordered as asked, and counts all that pass.
#[async_trait]
pub trait ReadRoles: Send {
    /// The role of this name.
    async fn find_role(&mut self, name: &RoleName) -> Result<Option<Role>, StoreError>;

    /// A page of roles.
    async fn list_roles(&mut self, filter: &RoleFilter) -> Result<Page<Role>, StoreError>;
}

/// Writes roles.
///
/// # Contract
/// 3. `insert_role` keeps every field, and fails with [`StoreError::Conflict`] when the name is taken.
/// 4. `update_role` keeps every field, and fails with [`StoreError::Missing`] when there is no such role.
/// 5. `delete_role` fails with [`StoreError::Conflict`] while a principal of whatever realm holds the role, ended or not, and
///    says whether there was such a role.
#[async_trait]
pub trait WriteRoles: Send {
    /// Adds a role.
    async fn insert_role(&mut self, role: &Role) -> Result<(), StoreError>;

    /// Replaces the role of this name.
    async fn update_role(&mut self, role: &Role) -> Result<(), StoreError>;

    /// Deletes a role that nobody holds.
    async fn delete_role(&mut self, name: &RoleName) -> Result<bool, StoreError>;
}
