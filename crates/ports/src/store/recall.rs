//! What ended before its time.

use async_trait::async_trait;
use breakglass_domain::{RecallHead, RecallRecord, Timestamp, Username};

use crate::StoreError;

/// What came of recalls that were taken over.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TakenOver {
    /// How many of them ended something that the store had alive.
    pub ended: u64,
    /// The accounts whose password is not the one that they had last.
    pub outdated_passwords: Vec<Username>,
}

/// Reads recalls.
///
/// # Contract
/// 1. Whatever ends a token or a credential before its time leaves a recall in the same unit of work, chained with the key of
///    its commit; what is forgotten because it is over leaves none.
/// 2. `find_recall_head` gives the last recall, and [`RecallHead::GENESIS`] where there is none.
/// 3. `list_recalls` gives the recalls after a number in their order, at most as many as asked for.
///
/// Either knows of what is committed: a unit of work asks in vain for what it, or one that shares its commit, recalls.
#[async_trait]
pub trait ReadRecalls: Send {
    /// The last recall.
    async fn find_recall_head(&mut self) -> Result<RecallHead, StoreError>;

    /// The recalls after this one.
    async fn list_recalls(
        &mut self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<RecallRecord>, StoreError>;
}

/// Writes recalls.
///
/// # Contract
/// 4. `take_over_recalls` ends in this store what the records say has ended, keeps the records as its own, and leaves no other recall
///    but of places; they follow the last recall, or it fails with [`StoreError::Conflict`].
/// 5. No place of a status list that the records say may have been given out is given out again: the list goes on behind them,
///    and those that no credential of this store has are recalled until `recalled_until`.
/// 6. `recall_everything` ends every token, every session and every credential, and the trust in every issuer, and leaves a
///    recall of each.
/// 7. `skip_places` lets the status list of every broker go on so many places further.
#[async_trait]
pub trait WriteRecalls: Send {
    /// Ends what has ended elsewhere.
    async fn take_over_recalls(
        &mut self,
        records: &[RecallRecord],
        now: Timestamp,
        recalled_until: Timestamp,
    ) -> Result<TakenOver, StoreError>;

    /// Ends everything, and says how much it was.
    async fn recall_everything(&mut self, now: Timestamp) -> Result<u64, StoreError>;

    /// Leaves places free.
    async fn skip_places(&mut self, places: u32) -> Result<(), StoreError>;
}
