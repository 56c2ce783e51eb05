//! Client profiles.

use std::collections::BTreeSet;

use async_trait::async_trait;
use breakglass_domain::{
    ClientProfile, ClientProfileId, Entitlement, IssuerAlias, PrivilegeMap, ProfileSubject,
    RealmId, SubjectKind, Timestamp,
};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadClientProfiles, WriteClientProfiles};
use futures_util::FutureExt;

use crate::column::{Key, Place};
use crate::lease::Lease;
use crate::memory::Question;
use crate::view::{Loan, View, found};

struct ClientProfileRow {
    realm_id: Vec<u8>,
    id: Vec<u8>,
    kind: String,
    name: Option<String>,
    issuer_alias: Option<String>,
    domain: Option<String>,
    privileges: Option<String>,
    grants: String,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<ClientProfileRow> for ClientProfile {
    type Error = StoreError;

    fn try_from(row: ClientProfileRow) -> Result<Self, StoreError> {
        let place = Place::new("client_profiles", Key::Bytes(&row.id));
        Ok(Self {
            realm_id: RealmId::from_bytes(place.bytes("realm_id", &row.realm_id)?),
            id: ClientProfileId::from_bytes(place.bytes("id", &row.id)?),
            grants: grants(&row.grants).ok_or_else(|| place.corrupt("grants"))?,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
            subject: subject(&row).ok_or_else(|| place.corrupt("kind"))?,
        })
    }
}

fn grants(text: &str) -> Option<BTreeSet<Entitlement>> {
    let names: Vec<String> = serde_json::from_str(text).ok()?;
    names.iter().map(|name| name.parse().ok()).collect()
}

fn subject(row: &ClientProfileRow) -> Option<ProfileSubject> {
    let name = || row.name.clone();
    let domain = || row.domain.clone();
    let issuer_alias = || row.issuer_alias.as_deref()?.parse().ok();
    Some(match SubjectKind::from_name(&row.kind)? {
        SubjectKind::ExternalGroup => ProfileSubject::ExternalGroup {
            issuer_alias: issuer_alias()?,
            name: name()?,
            domain: domain()?,
        },
        SubjectKind::ExternalUser => ProfileSubject::ExternalUser {
            issuer_alias: issuer_alias()?,
            name: name()?,
            domain: domain()?,
        },
        SubjectKind::LocalUser => ProfileSubject::LocalUser { name: name()? },
        SubjectKind::Privileges => {
            let privileges: PrivilegeMap = serde_json::from_str(row.privileges.as_deref()?).ok()?;
            ProfileSubject::Privileges {
                issuer_alias: issuer_alias()?,
                privileges,
            }
        }
    })
}

#[async_trait]
impl<C: Loan> ReadClientProfiles for View<C> {
    async fn find_client_profile(
        &mut self,
        realm_id: RealmId,
        id: ClientProfileId,
    ) -> Result<Option<ClientProfile>, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let row = sqlx::query_as!(
            ClientProfileRow,
            "SELECT realm_id, id, kind, name, issuer_alias, domain, privileges, grants, created_at, updated_at
             FROM client_profiles WHERE realm_id = ? AND id = ?",
            realm_id,
            id,
        )
        .fetch_optional(self.connection().await?)
        .await;
        self.settle(row)?.map(ClientProfile::try_from).transpose()
    }

    async fn list_client_profiles(
        &mut self,
        realm_id: RealmId,
    ) -> Result<Vec<ClientProfile>, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let rows = sqlx::query_as!(
            ClientProfileRow,
            "SELECT realm_id, id, kind, name, issuer_alias, domain, privileges, grants, created_at, updated_at
             FROM client_profiles WHERE realm_id = ? ORDER BY created_at, id",
            realm_id,
        )
        .fetch_all(self.connection().await?)
        .await;
        self.settle(rows)?
            .into_iter()
            .map(ClientProfile::try_from)
            .collect()
    }

    async fn find_rules_epoch(&mut self, realm_id: RealmId) -> Result<u64, StoreError> {
        let question = Question::RulesEpoch(realm_id);
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let id = realm_id.as_bytes().as_slice();
        let row = sqlx::query_scalar!("SELECT rules_epoch FROM realms WHERE id = ?", id)
            .fetch_optional(self.connection().await?)
            .boxed()
            .await;
        let place = Place::new("realms", Key::Bytes(id));
        let answer: u64 = place.count("rules_epoch", self.settle(row)?.unwrap_or_default())?;
        self.keep_in_mind(counts, question, &answer);
        Ok(answer)
    }
}

#[async_trait]
impl WriteClientProfiles for View<Lease> {
    async fn insert_client_profile(&mut self, profile: &ClientProfile) -> Result<(), StoreError> {
        let subject = &profile.subject;
        let realm_id = profile.realm_id.as_bytes().as_slice();
        let id = profile.id.as_bytes().as_slice();
        let kind = subject.kind().name();
        let digest = subject.digest();
        let digest = digest.as_slice();
        let name = subject.name();
        let issuer_alias = subject.issuer_alias().map(IssuerAlias::as_str);
        let domain = subject.domain();
        let privileges = subject
            .privileges()
            .map(|map| serde_json::json!(map).to_string());
        let grants = spelled(&profile.grants);
        let created_at = profile.created_at.millis();
        let updated_at = profile.updated_at.millis();
        let done = sqlx::query!(
            "INSERT INTO client_profiles (realm_id, id, kind, subject_digest, name, issuer_alias, domain, privileges,
             grants, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            realm_id,
            id,
            kind,
            digest,
            name,
            issuer_alias,
            domain,
            privileges,
            grants,
            created_at,
            updated_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn update_client_profile(&mut self, profile: &ClientProfile) -> Result<(), StoreError> {
        let realm_id = profile.realm_id.as_bytes().as_slice();
        let id = profile.id.as_bytes().as_slice();
        let grants = spelled(&profile.grants);
        let updated_at = profile.updated_at.millis();
        let done = sqlx::query!(
            "UPDATE client_profiles SET grants = ?, updated_at = ? WHERE realm_id = ? AND id = ?",
            grants,
            updated_at,
            realm_id,
            id,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())
    }

    async fn delete_client_profile(
        &mut self,
        realm_id: RealmId,
        id: ClientProfileId,
    ) -> Result<bool, StoreError> {
        let realm_id = realm_id.as_bytes().as_slice();
        let id = id.as_bytes().as_slice();
        let done = sqlx::query!(
            "DELETE FROM client_profiles WHERE realm_id = ? AND id = ?",
            realm_id,
            id,
        )
        .execute(self.changing().await?)
        .await;
        Ok(self.settle(done)?.rows_affected() > 0)
    }
}

fn spelled(grants: &BTreeSet<Entitlement>) -> String {
    let names: Vec<&str> = grants.iter().map(|grant| grant.name()).collect();
    serde_json::json!(names).to_string()
}
