//! What the writer does when the disk, another process or a caller lets it down. These tests reach for its own connection.

use std::time::Duration;

use breakglass_domain::audit::{AuditAction, Checkpoint, SignedCheckpoint};
use breakglass_domain::{Account, ClientQuery, Comparison, PageRequest, SearchField, SearchTerm};
use breakglass_ports::store::WriteAccounts;
use breakglass_ports::{Store, StoreError, UnitOfWork};
use breakglass_storage_contract::samples::{
    account, audit_key, bare_event, broker, checkpoint, client, realm, realm_id,
};
use futures_util::FutureExt;
use futures_util::future::join;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use tempfile::TempDir;

use crate::client_query::ClientSearch;
use crate::lease::Purpose;
use crate::page::statement;
use crate::view::{Loan, View};
use crate::{Options, SqliteStore};

struct Fixture {
    store: SqliteStore,
    folder: TempDir,
}

impl Fixture {
    async fn new(patience: Duration) -> Self {
        let folder = TempDir::new().unwrap();
        let options = Options {
            patience,
            ..Options::default()
        };
        let file = folder.path().join("breakglass.db");
        let store = SqliteStore::open(&file, options).await.unwrap();
        Self { store, folder }
    }

    /// Runs statements on the writer's own connection.
    async fn on_writer(&self, statements: &str) {
        let mut lease = self.store.lease(Purpose::Change).await.unwrap();
        let connection = lease.enter().await.unwrap();
        connection.execute(AssertSqlSafe(statements)).await.unwrap();
    }

    /// Leaves the writer's connection no page beyond those it has, as a full disk does.
    async fn fill_the_disk(&self) {
        self.on_writer("PRAGMA max_page_count = 1").await;
    }

    async fn make(&self, account: &Account) -> Result<Checkpoint, StoreError> {
        let mut unit = self.store.begin().await?;
        unit.insert_account(account).await?;
        commit(unit).await
    }

    /// Writes more than fits into any pages that are free.
    async fn make_large(&self) -> Result<Checkpoint, StoreError> {
        let mut unit = self.store.begin().await?;
        unit.insert_audit_checkpoint(&large()).await?;
        commit(unit).await
    }

    async fn is_large_there(&self) -> bool {
        let mut view = self.store.read().await.unwrap();
        !view.list_audit_checkpoints().await.unwrap().is_empty()
    }

    async fn is_there(&self, account: &Account) -> bool {
        let mut view = self.store.read().await.unwrap();
        let found = view.find_account(&account.username).await;
        found.unwrap().is_some()
    }
}

async fn commit(unit: Box<dyn UnitOfWork>) -> Result<Checkpoint, StoreError> {
    let event = bare_event(AuditAction::AccountCreated);
    unit.commit(&audit_key(), event.into()).await
}

/// What takes more pages than any that are free, in a table without triggers: what fails there undoes the transaction.
fn large() -> SignedCheckpoint {
    SignedCheckpoint {
        jws: "x".repeat(1_000_000),
        ..checkpoint(9)
    }
}

fn is_unavailable<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable { .. }))
}

const PATIENT: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_full_disk_refuses_the_unit_and_is_recovered_from() {
    let fixture = Fixture::new(PATIENT).await;
    fixture.make(&account("before")).await.unwrap();
    fixture.fill_the_disk().await;
    assert!(is_unavailable(&fixture.make_large().await));
    assert!(!fixture.is_large_there().await);
    // The writer has opened a connection anew, to which the disk is not full.
    let head = fixture.make_large().await.unwrap();
    assert_eq!(head.sequence, 2);
    assert!(fixture.is_there(&account("before")).await);
}

#[tokio::test]
async fn a_full_disk_undoes_the_whole_group_and_tells_all_of_it() {
    let fixture = Fixture::new(PATIENT).await;
    fixture.fill_the_disk().await;
    let holder = fixture.store.begin().await.unwrap();
    let (first, (large_one, last)) = join(
        commit(holder),
        join(fixture.make_large(), fixture.make(&account("last"))),
    )
    .await;
    assert!(is_unavailable(&first), "it shared the transaction");
    assert!(is_unavailable(&large_one));
    // The group ended with the failure, so that the last had a transaction of its own.
    assert_eq!(last.map(|head| head.sequence), Ok(1));
    assert!(!fixture.is_large_there().await);
    assert!(fixture.is_there(&account("last")).await);
}

#[tokio::test]
async fn what_is_added_and_undone_with_its_group_is_not_kept_in_mind() {
    let fixture = Fixture::new(PATIENT).await;
    let mut unit = fixture.store.begin().await.unwrap();
    unit.insert_broker(&broker(1)).await.unwrap();
    unit.insert_realm(&realm(1)).await.unwrap();
    commit(unit).await.unwrap();
    fixture.fill_the_disk().await;
    let added = client(1, "added");
    let (realm_id, client_id) = (added.realm_id, &added.client_id);
    let mut adding = fixture.store.begin().await.unwrap();
    adding.insert_emergency_client(&added).await.unwrap();
    let (kept, ()) = join(commit(adding), async {
        let mut next = fixture.store.begin_use().await.unwrap();
        assert!(next.revision().is_some() && next.full_revision().is_none());
        let found = next.find_emergency_client(realm_id, client_id).await;
        assert_eq!(found, Ok(Some(added.clone())));
        assert!(is_unavailable(
            &next.insert_audit_checkpoint(&large()).await
        ));
    })
    .await;
    assert!(is_unavailable(&kept));
    let mut view = fixture.store.check().await.unwrap();
    let found = view.find_emergency_client(realm_id, client_id).await;
    assert_eq!(found, Ok(None));
}

#[tokio::test]
async fn nothing_follows_a_statement_that_failed() {
    let fixture = Fixture::new(PATIENT).await;
    fixture.fill_the_disk().await;
    let mut unit = fixture.store.begin().await.unwrap();
    assert!(is_unavailable(
        &unit.insert_audit_checkpoint(&large()).await
    ));
    // SQLite has undone the transaction, so that this would be durable by itself.
    let second = unit.insert_account(&account("second")).await;
    assert!(is_unavailable(&second));
    assert!(is_unavailable(&commit(unit).await));
    assert!(!fixture.is_there(&account("second")).await);
}

#[tokio::test]
async fn nothing_follows_a_statement_that_was_cancelled() {
    let fixture = Fixture::new(PATIENT).await;
    let mut unit = View::new(fixture.store.lease(Purpose::Change).await.unwrap());
    unit.insert_account(&account("first")).await.unwrap();
    // A statement begins and nobody waits for its outcome.
    assert!(unit.connection().await.is_ok());
    let second = unit.insert_account(&account("second")).await;
    assert!(is_unavailable(&second));
    assert!(is_unavailable(&commit(Box::new(unit)).await));
    let head = fixture.make(&account("first")).await.unwrap();
    assert_eq!(head.sequence, 1);
}

#[tokio::test]
async fn a_read_only_file_refuses_writes_and_not_views() {
    let fixture = Fixture::new(PATIENT).await;
    fixture.make(&account("before")).await.unwrap();
    fixture.on_writer("PRAGMA query_only = ON").await;
    assert!(is_unavailable(&fixture.make(&account("after")).await));
    assert!(fixture.is_there(&account("before")).await);
}

#[tokio::test]
async fn a_lock_of_another_process_that_lasts_refuses_all_who_wait() {
    let fixture = Fixture::new(Duration::from_millis(50)).await;
    let file = fixture.folder.path().join("breakglass.db");
    let mut other = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(file)
        .connect()
        .await
        .unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let (first, second) = join(
        fixture.make(&account("first")),
        fixture.make(&account("second")),
    )
    .await;
    assert!(is_unavailable(&first) && is_unavailable(&second));
    other.execute("ROLLBACK").await.unwrap();
    assert!(fixture.make(&account("first")).await.is_ok());
}

#[tokio::test]
async fn every_connection_is_durable_and_keeps_references() {
    let fixture = Fixture::new(PATIENT).await;
    let mut lease = fixture.store.lease(Purpose::Change).await.unwrap();
    let connection = lease.enter().await.unwrap();
    for (pragma, expected) in [
        ("PRAGMA journal_mode", "wal"),
        // FULL.
        ("PRAGMA synchronous", "2"),
        ("PRAGMA foreign_keys", "1"),
        ("PRAGMA busy_timeout", "60000"),
    ] {
        let row = connection.fetch_one(pragma).await.unwrap();
        let value: crate::column::Cell = sqlx::Row::try_get_unchecked(&row, 0).unwrap();
        let value = match value.number() {
            Some(number) => number.to_string(),
            None => value.text().unwrap_or_default(),
        };
        assert_eq!(value, expected, "{pragma}");
    }
}

#[tokio::test]
async fn the_indexes_serve_what_is_asked_again_and_again() {
    let fixture = Fixture::new(PATIENT).await;
    let mut lease = fixture.store.lease(Purpose::Change).await.unwrap();
    let connection = lease.enter().await.unwrap();
    for (query, index) in [
        (
            "SELECT * FROM emergency_clients WHERE token_digest = x''",
            "sqlite_autoindex_emergency_clients",
        ),
        (
            "SELECT * FROM emergency_clients WHERE token_expiry_recorded = 0
             AND token_revoked_at IS NULL AND token_expires_at <= 1 ORDER BY token_expires_at",
            "emergency_clients_by_unrecorded_expiry",
        ),
        (
            "SELECT count(*) FROM emergency_clients INDEXED BY emergency_clients_by_unrecorded_expiry
             WHERE token_expiry_recorded = 0 AND token_revoked_at IS NULL
             AND token_expires_at > 1 AND realm_id = x''",
            "COVERING INDEX emergency_clients_by_unrecorded_expiry",
        ),
        (
            "SELECT max(last_used_at) FROM emergency_clients
             WHERE realm_id = x'' AND last_used_at IS NOT NULL",
            "COVERING INDEX emergency_clients_by_last_use",
        ),
        (
            "SELECT * FROM tasks WHERE state = 'QUEUED' ORDER BY created_at, id",
            "tasks_queued",
        ),
        (
            "DELETE FROM sessions WHERE username = 'a'",
            "sessions_by_username",
        ),
        (
            "SELECT * FROM audit_records WHERE action = 'a' AND sequence >= 1 ORDER BY sequence",
            "audit_records_by_action",
        ),
        (
            "SELECT * FROM audit_records WHERE realm_id = x'' AND sequence <= 1
             ORDER BY sequence DESC",
            "audit_records_by_realm",
        ),
    ] {
        let plan = plan(connection, query).await;
        assert!(plan.contains(index), "{query}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{query}: {plan}");
    }
}

#[tokio::test]
async fn a_search_for_something_exact_finds_it_through_an_index() {
    let fixture = Fixture::new(PATIENT).await;
    let mut lease = fixture.store.lease(Purpose::Change).await.unwrap();
    let connection = lease.enter().await.unwrap();
    for (field, indexes) in [
        (
            None,
            &["INDEX sqlite_autoindex_api_clients_1 (realm_id=?)"][..],
        ),
        (
            Some(SearchField::ClientId),
            &["sqlite_autoindex_api_clients_1 (realm_id=? AND client_id=?)"],
        ),
        (
            Some(SearchField::ClientName),
            &["api_clients_by_name (realm_id=? AND client_name=?)"],
        ),
        (
            Some(SearchField::RoleName),
            &[
                "role_assignments_by_role (role_name=? AND realm_id=?)",
                "sqlite_autoindex_api_clients_2 (realm_id=? AND id=?)",
            ],
        ),
    ] {
        let term = |field| SearchTerm {
            field,
            comparison: Comparison::Equals(vec!["a".to_owned()]),
        };
        let query = ClientQuery {
            all_of: field.map(term).into_iter().collect(),
            any_of: Vec::new(),
        };
        let search = ClientSearch {
            realm_id: realm_id(1),
            query: &query,
        };
        let page = PageRequest::new(0, 10).unwrap();
        let sql = statement(&search, page).unwrap().into_string();
        let plan = plan(connection, &sql).await;
        for index in indexes {
            assert!(plan.contains(index), "{field:?}: {plan}");
        }
        assert!(!plan.contains("SCAN client"), "{field:?}: {plan}");
    }
}

/// How SQLite goes about the query.
async fn plan(connection: &mut SqliteConnection, query: &str) -> String {
    let explained = format!("EXPLAIN QUERY PLAN {query}");
    let rows = connection
        .fetch_all(AssertSqlSafe(explained))
        .await
        .unwrap();
    rows.iter()
        .map(|row| sqlx::Row::get::<String, _>(row, "detail") + "; ")
        .collect()
}

#[tokio::test]
async fn whoever_reads_leaves_the_connection_to_the_next() {
    let folder = TempDir::new().unwrap();
    let options = Options {
        check_patience: Duration::ZERO,
        ..Options::default()
    };
    let file = folder.path().join("breakglass.db");
    let store = SqliteStore::open(&file, options).await.unwrap();
    let mark = "CREATE TEMP TABLE mark (a)";
    let mut reader = store.reader().await.unwrap();
    reader.enter().unwrap().execute(mark).await.unwrap();
    reader.leave();
    drop(reader);

    // A check that looks at what others have changed, a view that finds nothing, one that is dropped unused.
    let realm_id = realm_id(1);
    let mut check = store.check().await.unwrap();
    assert_eq!(check.find_realm(realm_id).await.unwrap(), None);
    drop(check);
    let mut view = store.read().await.unwrap();
    assert_eq!(view.find_realm(realm_id).await.unwrap(), None);
    drop(view);
    drop(store.read().await.unwrap());
    store.schema().await.unwrap();

    let mut reader = store.reader().await.unwrap();
    let found = reader.enter().unwrap().execute("SELECT * FROM mark").await;
    found.unwrap();
}

#[tokio::test]
async fn a_look_that_is_given_up_is_taken_over_by_those_who_wait_for_it() {
    let fixture = Fixture::new(Duration::from_secs(5)).await;
    // Nobody has looked yet.
    let mut looking = fixture.store.check();
    let mut waiting = fixture.store.check();
    assert!((&mut looking).now_or_never().is_none());
    assert!((&mut waiting).now_or_never().is_none());
    drop(looking);
    let mut check = waiting.await.unwrap();
    assert_eq!(check.find_realm(realm_id(1)).await.unwrap(), None);
}
