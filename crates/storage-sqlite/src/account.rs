//! Local accounts.

use async_trait::async_trait;
use breakglass_domain::{Account, PasswordHash, Privilege, Timestamp, Username};
use breakglass_ports::StoreError;
use breakglass_ports::store::{ReadAccounts, WriteAccounts};
use futures_util::FutureExt;

use crate::column::{Key, Place};
use crate::lease::Lease;
use crate::memory::Question;
use crate::view::{Loan, View, found};

struct AccountRow {
    username: String,
    password_hash: String,
    privileges: String,
    created_at: i64,
    password_set_at: i64,
}

impl TryFrom<AccountRow> for Account {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        let place = Place::new("accounts", Key::Text(&row.username));
        Ok(Self {
            username: place.parse("username", &row.username)?,
            privileges: place.some("privileges", privileges(&row.privileges))?,
            password_hash: PasswordHash::new(row.password_hash),
            created_at: Timestamp::from_millis(row.created_at),
            password_set_at: Timestamp::from_millis(row.password_set_at),
        })
    }
}

#[async_trait]
impl<C: Loan> ReadAccounts for View<C> {
    async fn find_account(&mut self, username: &Username) -> Result<Option<Account>, StoreError> {
        let question = Question::Account(username.clone());
        if let Some(kept) = self.recall(&question) {
            return Ok(kept);
        }
        let counts = self.counts();
        let username = username.as_str();
        let row = sqlx::query_as!(
            AccountRow,
            "SELECT username, password_hash, privileges, created_at, password_set_at
             FROM accounts WHERE username = ?",
            username,
        )
        .fetch_optional(self.connection().await?)
        .boxed()
        .await;
        let answer: Option<Account> = self.settle(row)?.map(Account::try_from).transpose()?;
        if answer.is_some() {
            self.keep_in_mind(counts, question, &answer);
        }
        Ok(answer)
    }

    async fn list_accounts(&mut self) -> Result<Vec<Account>, StoreError> {
        let rows = sqlx::query_as!(
            AccountRow,
            "SELECT username, password_hash, privileges, created_at, password_set_at
             FROM accounts ORDER BY username",
        )
        .fetch_all(self.connection().await?)
        .await;
        self.settle(rows)?
            .into_iter()
            .map(Account::try_from)
            .collect()
    }
}

#[async_trait]
impl WriteAccounts for View<Lease> {
    async fn insert_account(&mut self, account: &Account) -> Result<(), StoreError> {
        let username = account.username.as_str();
        let password_hash = account.password_hash.as_str();
        let privileges = names(&account.privileges);
        let created_at = account.created_at.millis();
        let password_set_at = account.password_set_at.millis();
        let done = sqlx::query!(
            "INSERT INTO accounts (username, password_hash, privileges, created_at, password_set_at)
             VALUES (?, ?, ?, ?, ?)",
            username,
            password_hash,
            privileges,
            created_at,
            password_set_at,
        )
        .execute(self.changing().await?)
        .await;
        self.settle(done).map(|_| ())
    }

    async fn update_account(&mut self, account: &Account) -> Result<(), StoreError> {
        let username = account.username.as_str();
        let password_hash = account.password_hash.as_str();
        let privileges = names(&account.privileges);
        let created_at = account.created_at.millis();
        let password_set_at = account.password_set_at.millis();
        let done = sqlx::query!(
            "UPDATE accounts SET password_hash = ?, privileges = ?, created_at = ?, password_set_at = ?
             WHERE username = ?",
            password_hash,
            privileges,
            created_at,
            password_set_at,
            username,
        )
        .execute(self.changing().await?)
        .await;
        found(self.settle(done)?.rows_affected())
    }
}

fn names(privileges: &[Privilege]) -> String {
    let names: serde_json::Value = privileges
        .iter()
        .map(|privilege| privilege.name())
        .collect();
    names.to_string()
}

fn privileges(json: &str) -> Option<Vec<Privilege>> {
    let names: Vec<String> = serde_json::from_str(json).ok()?;
    names
        .iter()
        .map(|name| Privilege::from_name(name))
        .collect()
}
