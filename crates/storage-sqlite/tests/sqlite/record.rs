//! The record of recalls beside the store.

use std::path::PathBuf;

use breakglass_domain::TokenDigest;
use breakglass_ports::{Store, UnitOfWork};
use breakglass_storage_contract::samples::{account, at, audit_key, event, session};
use breakglass_storage_sqlite::{OpenError, SqliteStore, read_record};
use sqlx::Row;
use tempfile::TempDir;

use crate::folder::options;

struct Place(TempDir);

impl Place {
    fn store(&self) -> PathBuf {
        self.0.path().join("breakglass.db")
    }

    fn record(&self) -> PathBuf {
        self.0.path().join("recalls.log")
    }

    async fn try_open(&self) -> Result<SqliteStore, OpenError> {
        SqliteStore::open_recorded(&self.store(), &self.record(), options()).await
    }

    async fn open(&self) -> SqliteStore {
        self.try_open().await.unwrap()
    }

    fn recorded(&self) -> Vec<u64> {
        let records = read_record(&self.record()).unwrap();
        records.iter().map(|record| record.number).collect()
    }
}

async fn keep(unit: Box<dyn UnitOfWork>) {
    unit.commit(&audit_key(), event("kept").into())
        .await
        .unwrap();
}

/// A store with the sessions one, two and three.
async fn with_sessions() -> (Place, SqliteStore) {
    let place = Place(TempDir::new().unwrap());
    let store = place.open().await;
    let mut unit = store.begin().await.unwrap();
    unit.insert_account(&account("admin")).await.unwrap();
    for name in ["one", "two", "three"] {
        unit.insert_session(&session(name, "admin")).await.unwrap();
    }
    keep(unit).await;
    (place, store)
}

async fn end(store: &SqliteStore, name: &str) {
    let mut unit = store.begin().await.unwrap();
    assert_eq!(unit.delete_session(&TokenDigest::of(name)).await, Ok(true));
    keep(unit).await;
}

#[tokio::test]
async fn a_recall_is_on_record_before_it_is_acknowledged() {
    let (place, store) = with_sessions().await;
    assert_eq!(place.recorded(), [0; 0]);
    end(&store, "one").await;
    assert_eq!(place.recorded(), [1]);
    let other = place.open().await;
    end(&other, "two").await;
    end(&store, "three").await;
    assert_eq!(place.recorded(), [1, 2, 3]);
}

#[tokio::test]
async fn a_recall_that_cannot_be_recorded_is_refused_and_nothing_is_changed() {
    let (place, store) = with_sessions().await;
    std::fs::remove_file(place.record()).unwrap();
    std::fs::create_dir(place.record()).unwrap();
    let mut unit = store.begin().await.unwrap();
    unit.delete_session(&TokenDigest::of("one")).await.unwrap();
    let refused = unit.commit(&audit_key(), event("kept").into()).await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("record of recalls")
    );
    let mut view = store.read().await.unwrap();
    let found = view.find_session(&TokenDigest::of("one")).await.unwrap();
    assert!(found.is_some());
    drop(view);
    // Whatever recalls nothing goes on, and so does the housekeeping.
    assert!(store.prune(at(10_000_000)).await.unwrap() > 0);
    let mut unit = store.begin().await.unwrap();
    unit.insert_session(&session("four", "admin"))
        .await
        .unwrap();
    keep(unit).await;
}

#[tokio::test]
async fn who_relies_on_a_recall_has_it_on_record() {
    let (place, store) = with_sessions().await;
    end(&store, "one").await;
    // As after a line that could not be let count: the store has it and the record has not.
    std::fs::remove_file(place.record()).unwrap();
    let mut unit = store.begin().await.unwrap();
    let found = unit.find_session(&TokenDigest::of("one")).await.unwrap();
    assert!(found.is_none());
    unit.leave().await.unwrap();
    assert_eq!(place.recorded(), [1]);
}

#[tokio::test]
async fn a_record_that_is_lost_or_behind_is_written_anew_from_the_store() {
    let (place, store) = with_sessions().await;
    end(&store, "one").await;
    end(&store, "two").await;
    let whole = std::fs::read(place.record()).unwrap();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap();
    store.close().await;
    std::fs::write(place.record(), &whole[..=first]).unwrap();
    place.open().await.close().await;
    assert_eq!(place.recorded(), [1, 2]);
    std::fs::remove_file(place.record()).unwrap();
    place.open().await.close().await;
    assert_eq!(place.recorded(), [1, 2]);
}

#[tokio::test]
async fn an_older_copy_in_the_place_of_the_store_misses_what_the_record_has() {
    let (place, store) = with_sessions().await;
    end(&store, "one").await;
    let copy = place.0.path().join("copy.db");
    store.copy_to(&copy).await.unwrap();
    end(&store, "two").await;
    end(&store, "three").await;
    store.close().await;
    std::fs::rename(&copy, place.store()).unwrap();
    let older = place.open().await;
    let missed: Vec<u64> = older.missed().iter().map(|record| record.number).collect();
    assert_eq!(missed, [2, 3]);
}

#[tokio::test]
async fn the_record_of_another_store_is_refused() {
    let (place, store) = with_sessions().await;
    end(&store, "one").await;
    store.close().await;
    let (other, store) = with_sessions().await;
    end(&store, "two").await;
    store.close().await;
    std::fs::copy(other.record(), place.record()).unwrap();
    let refused = place.try_open().await.unwrap_err();
    assert!(matches!(refused, OpenError::Record { .. }), "{refused}");
    std::fs::write(place.record(), "no record\n").unwrap();
    let refused = place.try_open().await.unwrap_err();
    assert!(matches!(refused, OpenError::Record { .. }), "{refused}");
}

/// Tables of which nothing is a credential or grants anything, or ends but with the row of another.
const APART: [&str; 13] = [
    "_sqlx_migrations",
    "audit_checkpoints",
    "audit_records",
    "changes",
    "installation",
    "issuer_certificates",
    "recalled_tokens",
    "recalls",
    "registered_tokens",
    "settings",
    "tasks",
    "used_assertions",
    "withheld_claims",
];

#[tokio::test]
async fn every_table_that_holds_credentials_leaves_recalls() {
    let (place, store) = with_sessions().await;
    store.close().await;
    let url = format!("sqlite://{}", place.store().display());
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url)
        .await
        .unwrap();
    let rows = sqlx::query("SELECT type, name, tbl_name FROM sqlite_schema")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let found: Vec<(String, String, String)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    for (_, table, _) in found.iter().filter(|(kind, ..)| kind == "table") {
        let recalls = found.iter().any(|(kind, name, of)| {
            kind == "trigger" && of == table && name.ends_with("_recalled")
        });
        assert_eq!(recalls, !APART.contains(&table.as_str()), "{table}");
    }
}
