//! Tokens of other issuers whose expanded twins were registered.

use async_trait::async_trait;
use breakglass_domain::{RealmId, RegisteredToken, Registration, Timestamp, TokenDigest};

use crate::StoreError;

/// Reads registered tokens.
///
/// # Contract
/// 1. `find_registered_token` and `find_registration` give `None` for what is not registered in the realm, and the same of what
///    is.
/// 2. `count_registered_tokens` counts those of every realm that are not over at `now`.
#[async_trait]
pub trait ReadRegisteredTokens: Send {
    /// What was registered with the overflow token of this digest.
    async fn find_registered_token(
        &mut self,
        realm_id: RealmId,
        digest: &TokenDigest,
    ) -> Result<Option<RegisteredToken>, StoreError>;

    /// The same in short, without what the twin says.
    async fn find_registration(
        &mut self,
        realm_id: RealmId,
        digest: &TokenDigest,
    ) -> Result<Option<Registration>, StoreError>;

    /// How many there are.
    async fn count_registered_tokens(&mut self, now: Timestamp) -> Result<u64, StoreError>;
}

/// Writes registered tokens.
///
/// # Contract
/// 3. `put_registered_token` keeps every field, takes the place of what was registered with the same overflow token, and fails with
///    [`StoreError::Missing`] when the realm does not trust an issuer of the alias.
/// 4. It forgets the oldest of the same subject of the same issuer beyond the most that there may be, and no others.
/// 5. Registered tokens go with their issuer and with their realm.
#[async_trait]
pub trait WriteRegisteredTokens: Send {
    /// Registers a token.
    async fn put_registered_token(
        &mut self,
        token: &RegisteredToken,
        most_of_subject: u32,
    ) -> Result<(), StoreError>;
}
