//! The installation: a table of one row.

use async_trait::async_trait;
use breakglass_domain::{Installation, InstanceId, SealedBytes, Timestamp};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadInstallation, WriteInstallation};

use crate::column::{Key, Place};
use crate::lease::Lease;
use crate::view::{Loan, View, found};

struct InstallationRow {
    id: Vec<u8>,
    public_url: String,
    sealed_audit_key: Vec<u8>,
    created_at: i64,
}

impl TryFrom<InstallationRow> for Installation {
    type Error = StoreError;

    fn try_from(row: InstallationRow) -> Result<Self, StoreError> {
        let place = Place::new("installation", Key::Bytes(&row.id));
        Ok(Self {
            id: InstanceId::from_bytes(place.bytes("id", &row.id)?),
            public_url: row.public_url,
            sealed_audit_key: SealedBytes::new(row.sealed_audit_key),
            created_at: Timestamp::from_millis(row.created_at),
        })
    }
}

#[async_trait]
impl<C: Loan> ReadInstallation for View<C> {
    async fn find_installation(&mut self) -> Result<Option<Installation>, StoreError> {
        let row = sqlx::query_as!(
            InstallationRow,
            "SELECT id, public_url, sealed_audit_key, created_at FROM installation",
        )
        .fetch_optional(self.connection().await?)
        .await;
        self.settle(row)?.map(Installation::try_from).transpose()
    }
}

#[async_trait]
impl WriteInstallation for View<Lease> {
    async fn insert_installation(&mut self, installation: &Installation) -> Result<(), StoreError> {
        let id = installation.id.as_bytes().as_slice();
        let public_url = installation.public_url.as_str();
        let sealed_audit_key = installation.sealed_audit_key.as_bytes();
        let created_at = installation.created_at.millis();
        let done = sqlx::query!(
            "INSERT INTO installation (singleton, id, public_url, sealed_audit_key, created_at)
             VALUES (1, ?, ?, ?, ?)",
            id,
            public_url,
            sealed_audit_key,
            created_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn update_installation(&mut self, installation: &Installation) -> Result<(), StoreError> {
        let id = installation.id.as_bytes().as_slice();
        let public_url = installation.public_url.as_str();
        let sealed_audit_key = installation.sealed_audit_key.as_bytes();
        let created_at = installation.created_at.millis();
        let done = sqlx::query!(
            "UPDATE installation SET id = ?, public_url = ?, sealed_audit_key = ?, created_at = ?
             WHERE singleton = 1",
            id,
            public_url,
            sealed_audit_key,
            created_at,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())
    }
}
