//! Roles.

use async_trait::async_trait;
use breakglass_domain::{ComponentRole, ComponentType, Page, Role, RoleKind, RoleName, Timestamp};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadRoles, RoleFilter, RoleOrder, WriteRoles};
use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;
use sqlx::sqlite::Sqlite;

use crate::column::{Key, Place};
use crate::error::unavailable;
use crate::lease::Lease;
use crate::page::Listing;
use crate::view::{Loan, View, found};

#[derive(sqlx::FromRow)]
struct RoleRow {
    name: String,
    display_name: String,
    description: Option<String>,
    kind: String,
    component_roles: String,
    created_at: i64,
    created_by: String,
    updated_at: i64,
    updated_by: String,
}

impl TryFrom<RoleRow> for Role {
    type Error = StoreError;

    fn try_from(row: RoleRow) -> Result<Self, StoreError> {
        let place = Place::new(Filtered::TABLE, Key::Text(&row.name));
        Ok(Self {
            name: place.parse("name", &row.name)?,
            kind: place.some("kind", kind(&row.kind))?,
            component_roles: place
                .some("component_roles", component_roles(&row.component_roles))?,
            display_name: row.display_name,
            description: row.description,
            created_at: Timestamp::from_millis(row.created_at),
            created_by: row.created_by,
            updated_at: Timestamp::from_millis(row.updated_at),
            updated_by: row.updated_by,
        })
    }
}

/// What a role means on one kind of component, as its column holds it.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct ComponentRoleJson {
    component_type: String,
    roles: Vec<String>,
}

/// The roles that pass a filter.
struct Filtered<'a>(&'a RoleFilter);

impl Listing for Filtered<'_> {
    const TABLE: &'static str = "roles";

    fn order(&self) -> &'static str {
        match (self.0.order, self.0.descending) {
            (RoleOrder::DisplayName, false) => "display_name, name",
            (RoleOrder::DisplayName, true) => "display_name DESC, name DESC",
            // In the alphabet too the built-in kind is the first.
            (RoleOrder::Kind, false) => "kind, name",
            (RoleOrder::Kind, true) => "kind DESC, name DESC",
            (RoleOrder::Name, false) => "name",
            (RoleOrder::Name, true) => "name DESC",
        }
    }

    fn push_rows(&self, statement: &mut QueryBuilder<Sqlite>) {
        statement.push("SELECT * FROM roles");
        if let Some(kind) = self.0.kind {
            statement.push(" WHERE kind = ").push_bind(kind_name(kind));
        }
    }
}

#[async_trait]
impl<C: Loan> ReadRoles for View<C> {
    async fn find_role(&mut self, name: &RoleName) -> Result<Option<Role>, StoreError> {
        let name = name.as_str();
        let row = sqlx::query_as!(
            RoleRow,
            "SELECT name, display_name, description, kind, component_roles, created_at, created_by,
             updated_at, updated_by FROM roles WHERE name = ?",
            name,
        )
        .fetch_optional(self.connection().await?)
        .await;
        self.settle(row)?.map(Role::try_from).transpose()
    }

    async fn list_roles(&mut self, filter: &RoleFilter) -> Result<Page<Role>, StoreError> {
        self.page_of::<_, RoleRow, _>(Filtered(filter), filter.page)
            .await
    }
}

#[async_trait]
impl WriteRoles for View<Lease> {
    async fn insert_role(&mut self, role: &Role) -> Result<(), StoreError> {
        let name = role.name.as_str();
        let kind = kind_name(role.kind);
        let component_roles = component_roles_json(&role.component_roles)?;
        let created_at = role.created_at.millis();
        let updated_at = role.updated_at.millis();
        let done = sqlx::query!(
            "INSERT INTO roles (name, display_name, description, kind, component_roles, created_at,
             created_by, updated_at, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            name,
            role.display_name,
            role.description,
            kind,
            component_roles,
            created_at,
            role.created_by,
            updated_at,
            role.updated_by,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn update_role(&mut self, role: &Role) -> Result<(), StoreError> {
        let name = role.name.as_str();
        let kind = kind_name(role.kind);
        let component_roles = component_roles_json(&role.component_roles)?;
        let created_at = role.created_at.millis();
        let updated_at = role.updated_at.millis();
        let done = sqlx::query!(
            "UPDATE roles SET display_name = ?, description = ?, kind = ?, component_roles = ?,
             created_at = ?, created_by = ?, updated_at = ?, updated_by = ? WHERE name = ?",
            role.display_name,
            role.description,
            kind,
            component_roles,
            created_at,
            role.created_by,
            updated_at,
            role.updated_by,
            name,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())
    }

    async fn delete_role(&mut self, name: &RoleName) -> Result<bool, StoreError> {
        let name = name.as_str();
        let done = sqlx::query!("DELETE FROM roles WHERE name = ?", name)
            .execute(self.changing().await?)
            .await;
        match self.settle(done) {
            Ok(done) => Ok(done.rows_affected() > 0),
            // The only broken reference of a deletion is that of who still holds the role.
            Err(StoreError::Missing) => Err(StoreError::Conflict),
            Err(error) => Err(error),
        }
    }
}

const fn kind_name(kind: RoleKind) -> &'static str {
    match kind {
        RoleKind::BuiltIn => "BUILT_IN",
        RoleKind::Custom => "CUSTOM",
    }
}

fn kind(name: &str) -> Option<RoleKind> {
    [RoleKind::BuiltIn, RoleKind::Custom]
        .into_iter()
        .find(|kind| kind_name(*kind) == name)
}

fn component_roles_json(roles: &[ComponentRole]) -> Result<String, StoreError> {
    let roles: Vec<ComponentRoleJson> = roles
        .iter()
        .map(|role| ComponentRoleJson {
            component_type: role.component_type.name().to_owned(),
            roles: role.roles.clone(),
        })
        .collect();
    serde_json::to_string(&roles).map_err(|error| unavailable(&error))
}

fn component_roles(json: &str) -> Option<Vec<ComponentRole>> {
    let roles: Vec<ComponentRoleJson> = serde_json::from_str(json).ok()?;
    roles
        .into_iter()
        .map(|role| {
            Some(ComponentRole {
                component_type: ComponentType::from_name(&role.component_type)?,
                roles: role.roles,
            })
        })
        .collect()
}
