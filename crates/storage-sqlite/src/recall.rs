//! What ended before its time: the rows that triggers leave, sealed with each commit.

use async_trait::async_trait;
use breakglass_domain::audit::{AuditKey, AuditMac};
use breakglass_domain::{Recall, RecallHead, RecallKind, RecallRecord, Timestamp};
use breakglass_ports::StoreError;
use breakglass_ports::store::ReadRecalls;
use sqlx::sqlite::SqliteConnection;

use crate::column::{Key, Place, instant, number};
use crate::error::store_error;
use crate::lease::Lease;
use crate::note::{Note, Text, write_all_then};
use crate::view::{Loan, View};

pub(crate) struct RecallRow {
    pub(crate) number: i64,
    pub(crate) kind: String,
    pub(crate) scope: Option<Vec<u8>>,
    pub(crate) id: Vec<u8>,
    pub(crate) place: Option<i64>,
    pub(crate) instant: Option<i64>,
    pub(crate) time: Option<i64>,
    pub(crate) mac: Option<Vec<u8>>,
}

impl RecallRow {
    fn recall(&self) -> Result<Recall, StoreError> {
        let row = Place::new("recalls", Key::Number(self.number));
        let scope = self.scope.as_deref();
        let place = self.place;
        Ok(Recall {
            kind: row.some("kind", RecallKind::from_name(&self.kind))?,
            scope: scope.map(|id| row.bytes("scope", id)).transpose()?,
            id: self.id.clone(),
            place: place.map(|place| row.count("place", place)).transpose()?,
            instant: instant(self.instant),
        })
    }
}

impl TryFrom<RecallRow> for RecallRecord {
    type Error = StoreError;

    fn try_from(row: RecallRow) -> Result<Self, StoreError> {
        let place = Place::new("recalls", Key::Number(row.number));
        Ok(Self {
            number: place.count("number", row.number)?,
            time: Timestamp::from_millis(place.some("time", row.time)?),
            mac: AuditMac::from_bytes(place.bytes("mac", row.mac.as_deref().unwrap_or_default())?),
            recall: row.recall()?,
        })
    }
}

/// The head of the recalls.
pub(crate) struct HeadRow {
    number: i64,
    mac: Option<Vec<u8>>,
}

/// The newest recall that is sealed.
pub(crate) async fn newest_sealed(
    connection: &mut SqliteConnection,
) -> Result<Option<HeadRow>, sqlx::Error> {
    sqlx::query_as!(
        HeadRow,
        "SELECT number, mac FROM recalls WHERE mac IS NOT NULL ORDER BY number DESC LIMIT 1",
    )
    .fetch_optional(connection)
    .await
}

/// What the head is, when this is the newest that is sealed.
pub(crate) fn head_of(newest: Option<HeadRow>) -> Result<RecallHead, StoreError> {
    let Some(row) = newest else {
        return Ok(RecallHead::GENESIS);
    };
    let place = Place::new("recalls", Key::Number(row.number));
    Ok(RecallHead {
        number: place.count("number", row.number)?,
        mac: AuditMac::from_bytes(place.bytes("mac", &row.mac.unwrap_or_default())?),
    })
}

#[async_trait]
impl<C: Loan> ReadRecalls for View<C> {
    async fn find_recall_head(&mut self) -> Result<RecallHead, StoreError> {
        let newest = newest_sealed(self.connection().await?).await;
        head_of(self.settle(newest)?)
    }

    async fn list_recalls(
        &mut self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<RecallRecord>, StoreError> {
        let after = number(after)?;
        let rows = sqlx::query_as!(
            RecallRow,
            "SELECT number, kind, scope, id, place, instant, time, mac FROM recalls
             WHERE number > ? AND mac IS NOT NULL ORDER BY number LIMIT ?",
            after,
            limit,
        )
        .fetch_all(self.connection().await?)
        .await;
        self.settle(rows)?
            .into_iter()
            .map(RecallRecord::try_from)
            .collect()
    }
}

/// Chains the recalls that are not sealed yet.
pub(crate) async fn seal(
    key: &AuditKey,
    time: Timestamp,
    connection: &mut SqliteConnection,
) -> Result<(), StoreError> {
    let newest = newest_sealed(connection).await;
    let mut head = head_of(newest.map_err(|error| store_error(&error))?)?;
    let after = number(head.number)?;
    let rows = sqlx::query_as!(
        RecallRow,
        "SELECT number, kind, scope, id, place, instant, time, mac FROM recalls
         WHERE number > ? ORDER BY number",
        after,
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(|error| store_error(&error))?;
    let mut seals = Vec::new();
    for row in rows {
        let record = key.seal_recall(head, time, row.recall()?);
        head = record.head();
        seals.push(Note::new(
            Text::Each("UPDATE recalls SET time = ?, mac = ? WHERE number = ?"),
            [
                time.millis().into(),
                record.mac.as_bytes().as_slice().into(),
                row.number.into(),
            ],
        ));
    }
    write_all_then(seals, "", connection).await.map(|_| ())
}

impl View<Lease> {
    /// Where the recalls, sealed or not, stand now.
    pub(crate) async fn last_recall(&mut self) -> Result<RecallMark, StoreError> {
        let had_recalled = self.lease().has_recalled();
        let last = sqlx::query_scalar!(
            r#"SELECT coalesce(max(number), 0) AS "number!: i64" FROM recalls"#
        )
        .fetch_one(self.connection().await?)
        .await;
        let number = self.settle(last)?;
        Ok(RecallMark {
            number,
            had_recalled,
        })
    }

    /// Forgets the recalls after this mark, as if they had never been: the record of recalls need not hear of them.
    pub(crate) async fn forget_recalls(&mut self, mark: RecallMark) -> Result<(), StoreError> {
        let done = sqlx::query!("DELETE FROM recalls WHERE number > ?", mark.number)
            .execute(self.writing().await?)
            .await;
        self.settle(done)?;
        self.lease().set_recalled(mark.had_recalled);
        Ok(())
    }
}

/// Where the recalls stood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecallMark {
    number: i64,
    /// Whether the group had left one before.
    had_recalled: bool,
}
