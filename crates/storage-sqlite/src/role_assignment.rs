//! Roles that principals hold.

use async_trait::async_trait;
use breakglass_domain::{PrincipalId, RealmId, RoleAssignment, RoleScope, ScopeResource};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadRoleAssignments, WriteRoleAssignments};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

use crate::column::{Key, Place, instant, millis};
use crate::error::unavailable;
use crate::lease::Lease;
use crate::memory::Question;
use crate::view::{Loan, View};

struct RoleAssignmentRow {
    principal_id: Vec<u8>,
    role_name: String,
    scope: String,
    expires_at: Option<i64>,
}

impl TryFrom<RoleAssignmentRow> for RoleAssignment {
    type Error = StoreError;

    fn try_from(row: RoleAssignmentRow) -> Result<Self, StoreError> {
        let place = Place::new("role_assignments", Key::Bytes(&row.principal_id));
        let scope: ScopeJson = place.some("scope", serde_json::from_str(&row.scope).ok())?;
        Ok(Self {
            role_name: place.parse("role_name", &row.role_name)?,
            scope: scope.into(),
            expires_at: instant(row.expires_at),
        })
    }
}

/// A scope as its column holds it.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", tag = "type")]
enum ScopeJson {
    SsoRealm,
    VcfInstance { resources: Vec<ResourceJson> },
}

/// An instance as a scope holds it.
#[derive(Deserialize, Serialize)]
struct ResourceJson {
    id: String,
    name: Option<String>,
}

impl From<ScopeJson> for RoleScope {
    fn from(scope: ScopeJson) -> Self {
        match scope {
            ScopeJson::SsoRealm => Self::SsoRealm,
            ScopeJson::VcfInstance { resources } => {
                let resources = resources.into_iter().map(|resource| ScopeResource {
                    id: resource.id,
                    name: resource.name,
                });
                Self::VcfInstance(resources.collect())
            }
        }
    }
}

impl From<&RoleScope> for ScopeJson {
    fn from(scope: &RoleScope) -> Self {
        match scope {
            RoleScope::SsoRealm => Self::SsoRealm,
            RoleScope::VcfInstance(resources) => {
                let resources = resources.iter().map(|resource| ResourceJson {
                    id: resource.id.clone(),
                    name: resource.name.clone(),
                });
                Self::VcfInstance {
                    resources: resources.collect(),
                }
            }
        }
    }
}

#[async_trait]
impl<C: Loan> ReadRoleAssignments for View<C> {
    async fn list_role_assignments(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
    ) -> Result<Vec<RoleAssignment>, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let principal_id = principal_id.as_bytes().as_slice();
        let rows = sqlx::query_as!(
            RoleAssignmentRow,
            "SELECT principal_id, role_name, scope, expires_at FROM role_assignments
             WHERE realm_id = ? AND principal_id = ? ORDER BY position",
            realm_id,
            principal_id,
        )
        .fetch_all(self.connection().await?)
        .await;
        self.settle(rows)?
            .into_iter()
            .map(RoleAssignment::try_from)
            .collect()
    }

    async fn find_roles_epoch(&mut self, realm_id: RealmId) -> Result<u64, StoreError> {
        let question = Question::RolesEpoch(realm_id);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let id = realm_id.as_bytes().as_slice();
        let row = sqlx::query_scalar!("SELECT roles_epoch FROM realms WHERE id = ?", id)
            .fetch_optional(self.connection().await?)
            .boxed()
            .await;
        let place = Place::new("realms", Key::Bytes(id));
        let answer: u64 = place.count("roles_epoch", self.settle(row)?.unwrap_or_default())?;
        self.keep_in_mind(counts, question, &answer);
        Ok(answer)
    }
}

#[async_trait]
impl WriteRoleAssignments for View<Lease> {
    async fn replace_role_assignments(
        &mut self,
        realm_id: RealmId,
        principal_id: PrincipalId,
        assignments: &[RoleAssignment],
    ) -> Result<(), StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let principal_id = principal_id.as_bytes().as_slice();
        let done = sqlx::query!(
            "DELETE FROM role_assignments WHERE realm_id = ? AND principal_id = ?",
            realm_id,
            principal_id,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done)?;
        for (position, assignment) in (0_i64..).zip(assignments) {
            let role_name = assignment.role_name.as_str();
            let scope = serde_json::to_string(&ScopeJson::from(&assignment.scope))
                .map_err(|error| unavailable(&error))?;
            let expires_at = millis(assignment.expires_at);
            let done = sqlx::query!(
                "INSERT INTO role_assignments
                 (realm_id, principal_id, position, role_name, scope, expires_at)
                 VALUES (?, ?, ?, ?, ?, ?)",
                realm_id,
                principal_id,
                position,
                role_name,
                scope,
                expires_at,
            )
            .execute(self.changing().await?)
            .await;
            self.settle(done)?;
        }
        Ok(())
    }
}
