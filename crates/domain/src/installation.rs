//! The installation: what every process on the same store shares.

use crate::id::InstanceId;
use crate::signing_key::SealedBytes;
use crate::timestamp::Timestamp;

/// One installation of Breakglass.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Installation {
    /// Its id.
    pub id: InstanceId,
    /// The URL under which clients reach it, without a slash at the end; issuers begin with it.
    pub public_url: String,
    /// The key of the audit chain, sealed under the master key.
    pub sealed_audit_key: SealedBytes,
    /// When it was made.
    pub created_at: Timestamp,
}
