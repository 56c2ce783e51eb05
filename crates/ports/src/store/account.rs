//! Local accounts.

use async_trait::async_trait;
use breakglass_domain::{Account, Username};

use crate::StoreError;

/// Reads local accounts.
///
/// # Contract
/// 1. `find_account` gives `None` for an unknown name; names are compared exactly.
/// 2. `list_accounts` gives every account, ordered by name.
#[async_trait]
pub trait ReadAccounts: Send {
    /// The account of this name.
    async fn find_account(&mut self, username: &Username) -> Result<Option<Account>, StoreError>;

    /// Every account.
    async fn list_accounts(&mut self) -> Result<Vec<Account>, StoreError>;
}

/// Writes local accounts.
///
/// # Contract
/// 3. `insert_account` fails with [`StoreError::Conflict`] when the name is taken.
/// 4. `update_account` keeps every field, and fails with [`StoreError::Missing`] when there is no such account.
#[async_trait]
pub trait WriteAccounts: Send {
    /// Adds an account.
    async fn insert_account(&mut self, account: &Account) -> Result<(), StoreError>;

    /// Replaces the account of this name.
    async fn update_account(&mut self, account: &Account) -> Result<(), StoreError>;
}
