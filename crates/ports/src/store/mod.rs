//! The store, and one pair of traits per aggregate: what is read of it and what is written.

mod access_token;
mod account;
mod api_client;
mod api_token;
mod audit;
mod broker;
mod client;
mod client_key;
mod client_profile;
mod client_secret;
mod emergency_client;
mod installation;
mod oauth_app;
mod realm;
mod recall;
mod registered_token;
mod role;
mod role_assignment;
mod session;
mod settings;
mod signing_key;
mod status_list;
mod task;
mod token_issuer;

use async_trait::async_trait;
use breakglass_domain::audit::{AuditEvents, AuditKey, Checkpoint};
use breakglass_domain::{RealmId, Timestamp, TokenDigest};

pub use access_token::{ReadAccessTokens, WriteAccessTokens};
pub use account::{ReadAccounts, WriteAccounts};
pub use api_client::{ReadApiClients, WriteApiClients};
pub use api_token::{ReadApiTokens, TokenSearch, WriteApiTokens};
pub use audit::{AuditFilter, AuditOrder, ReadAudit, WriteAudit};
pub use broker::{ReadBrokers, WriteBrokers};
pub use client::{ReadClients, WriteClients};
pub use client_key::{ReadClientKeys, WriteClientKeys};
pub use client_profile::{ReadClientProfiles, WriteClientProfiles};
pub use client_secret::{ReadClientSecrets, WriteClientSecrets};
pub use emergency_client::{EmergencySummary, ReadEmergencyClients, WriteEmergencyClients};
pub use installation::{ReadInstallation, WriteInstallation};
pub use oauth_app::{ReadOauthApps, WriteOauthApps};
pub use realm::{ReadRealms, WriteRealms};
pub use recall::{ReadRecalls, TakenOver, WriteRecalls};
pub use registered_token::{ReadRegisteredTokens, WriteRegisteredTokens};
pub use role::{ReadRoles, RoleFilter, RoleOrder, WriteRoles};
pub use role_assignment::{ReadRoleAssignments, WriteRoleAssignments};
pub use session::{ReadSessions, WriteSessions};
pub use settings::{ReadSettings, WriteSettings};
pub use signing_key::{ReadSigningKeys, SignedCount, SignedRecall, WriteSigningKeys};
pub use status_list::{ReadStatusLists, StatusListExtent, WriteStatusLists};
pub use task::{ReadTasks, WriteTasks};
pub use token_issuer::{ReadTokenIssuers, WriteTokenIssuers};

use crate::StoreError;

/// A durable store that several processes may use at once.
///
/// # Contract
/// 1. What [`UnitOfWork::commit`] acknowledged is there after a crash of the process or the machine.
/// 2. A unit of work that is dropped, or whose commit fails, leaves no trace.
/// 3. Units of work are as if they ran one after the other, over all processes on the store.
/// 4. A view begun after a commit was acknowledged, in whatever process, sees it.
/// 5. Views do not wait for units of work.
/// 6. Commits that wait at the same time are made durable together.
/// 7. When [`UnitOfWork::leave`] returns, whatever the unit has read is there after a crash.
/// 8. A view for checks sees every commit that this process acknowledged before it was begun, and those of another process after a
///    moment that the store's options bound, and when that process has closed its store. When and how often something was used it
///    may tell as it was before.
#[async_trait]
pub trait Store: Send + Sync {
    /// A view to read through. Two reads of one view may see different commits.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the store is closed or has no connection to spare for too long.
    async fn read(&self) -> Result<Box<dyn ReadView>, StoreError>;

    /// A view for a check of who somebody is: what it finds may have been read before, as long as nothing of it was changed.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] as for [`read`](Self::read).
    async fn check(&self) -> Result<Box<dyn ReadView>, StoreError>;

    /// Begins a unit of work; waits for its turn.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the store is closed, full, read-only or locked for too long.
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;

    /// Begins a unit of work that notes a use, an attempt or an event, or adds something. What it reads may have been read before,
    /// as for a check, as long as nothing of it was changed, and what it notes or adds may be written with the commit only: a use
    /// of what is not there fails the commit then, and so does, with [`StoreError::Conflict`], an addition whose place is taken.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] as for [`begin`](Self::begin).
    async fn begin_use(&self) -> Result<Box<dyn UnitOfWork>, StoreError>;

    /// Lets the session of this digest end at `expires_at`, but never earlier than it would have. This bookkeeping leaves
    /// no audit record; a session that is gone stays gone.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn extend_session(
        &self,
        digest: &TokenDigest,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Uses up the assertion of a client (RFC 7523) that has this digest, and says whether it was not used in the realm before. It
    /// is remembered until a day after `expires_at`, and leaves no audit record: what it is used for does.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Missing`] when there is no such realm.
    async fn use_assertion(
        &self,
        realm_id: RealmId,
        digest: &TokenDigest,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Forgets what can matter no more at `now`: sessions that are over, recalled and revoked tokens that have been dead of age
    /// for a day, claims that no token of the last day leaves out, registered tokens that are over, assertions that were used and secrets of clients that have been over for a day, and tasks that ended more than thirty days ago. A recalled token is remembered for that day because verifiers
    /// allow for clocks that differ and accept a token for a while after its end. This bookkeeping leaves no audit record.
    /// Gives the number of rows forgotten.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn prune(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Finishes the commits under way and lets go of the store. Whatever comes later is [`StoreError::Unavailable`].
    async fn close(&self);
}

/// How often anything has been changed that checks look at, by kind. Two that are equal stand for the same answers, but for
/// emergency clients that were added: that there is none is not to be kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FullRevision([u64; 3]);

impl FullRevision {
    /// The revision at which so much has been changed of each kind.
    pub fn new(counts: [u64; 3]) -> Self {
        Self(counts)
    }
}

/// Everything that can be read.
pub trait ReadView:
    ReadAccessTokens
    + ReadAccounts
    + ReadApiClients
    + ReadApiTokens
    + ReadAudit
    + ReadBrokers
    + ReadClientKeys
    + ReadClientProfiles
    + ReadClientSecrets
    + ReadClients
    + ReadEmergencyClients
    + ReadInstallation
    + ReadOauthApps
    + ReadRealms
    + ReadRecalls
    + ReadRegisteredTokens
    + ReadRoleAssignments
    + ReadRoles
    + ReadSessions
    + ReadSettings
    + ReadSigningKeys
    + ReadStatusLists
    + ReadTasks
    + ReadTokenIssuers
    + Send
{
    /// How often anything has been changed that is changed seldom: brokers and signing keys, and whatever else checks look at
    /// but tokens and sessions. As long as a view for checks gives the same number, it gives the same answers to what was asked
    /// of these. `None` where it is not known, and in other views.
    fn revision(&self) -> Option<u64>;

    /// The same for everything that checks look at, tokens and sessions among it, but for when and how often something was used.
    fn full_revision(&self) -> Option<FullRevision>;
}

/// One change of the store, which happens as a whole or not at all. It reads its own writes.
#[async_trait]
pub trait UnitOfWork:
    ReadView
    + WriteAccessTokens
    + WriteAccounts
    + WriteApiClients
    + WriteApiTokens
    + WriteAudit
    + WriteBrokers
    + WriteClientKeys
    + WriteClientProfiles
    + WriteClientSecrets
    + WriteClients
    + WriteEmergencyClients
    + WriteInstallation
    + WriteOauthApps
    + WriteRealms
    + WriteRecalls
    + WriteRegisteredTokens
    + WriteRoleAssignments
    + WriteRoles
    + WriteSessions
    + WriteSettings
    + WriteSigningKeys
    + WriteStatusLists
    + WriteTasks
    + WriteTokenIssuers
{
    /// Chains the events to the audit with the key and makes everything durable together. Gives the new head of the
    /// chain. Dropping the unit instead undoes it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], or [`StoreError::Conflict`] as told at [`Store::begin_use`]; nothing was changed. Only where the
    /// disk fails under the record of what was recalled, after
    /// that was made durable, is it done all the same.
    async fn commit(
        self: Box<Self>,
        key: &AuditKey,
        events: AuditEvents,
    ) -> Result<Checkpoint, StoreError>;

    /// Ends a unit that has changed nothing, and waits until what it has read is durable. A unit reads what those before it have
    /// done and may not have made durable yet, so who tells somebody that a thing is done already has to end it by this.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; what was read may not have happened.
    async fn leave(self: Box<Self>) -> Result<(), StoreError>;
}
