//! A copy that is put in the place of the store.

use std::fs;
use std::path::{Path, PathBuf};

use breakglass_ports::Store;
use breakglass_storage_contract::samples::{account, audit_key, event};
use breakglass_storage_sqlite::{OpenError, PutBack, SinceCopy, SqliteStore, is_there};
use tempfile::TempDir;

use crate::folder::options;

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("breakglass.db")
}

async fn open(file: &Path) -> SqliteStore {
    SqliteStore::open(file, options()).await.unwrap()
}

async fn add(store: &SqliteStore, name: &str) {
    let mut unit = store.begin().await.unwrap();
    unit.insert_account(&account(name)).await.unwrap();
    unit.commit(&audit_key(), event("kept").into())
        .await
        .unwrap();
}

async fn names(file: &Path) -> Vec<String> {
    let store = open(file).await;
    let accounts = store.read().await.unwrap().list_accounts().await.unwrap();
    store.close().await;
    accounts.iter().map(|it| it.username.to_string()).collect()
}

/// A store with the account `new`, and a copy of it from before, ready to take its place.
async fn ready(folder: &TempDir) -> PutBack {
    let store = open(&file(folder)).await;
    add(&store, "old").await;
    let copy = folder.path().join("copy");
    store.copy_to(&copy).await.unwrap();
    add(&store, "new").await;
    store.close().await;
    let place = PutBack::begin(&file(folder)).unwrap();
    fs::rename(&copy, place.staged()).unwrap();
    place
}

#[tokio::test]
async fn a_copy_has_what_was_committed_and_writers_do_not_wait_for_it() {
    let folder = TempDir::new().unwrap();
    let store = open(&file(&folder)).await;
    add(&store, "before").await;
    let copy = folder.path().join("copy");
    store.copy_to(&copy).await.unwrap();
    add(&store, "after").await;
    assert_eq!(names(&copy).await, ["before"]);
    assert_eq!(store.find_damage().await, Ok(Vec::new()));
    assert!(store.copy_to(&copy).await.is_err(), "it exists");
}

#[tokio::test]
async fn nobody_replaces_a_store_that_is_open_and_nobody_opens_one_that_is_replaced() {
    let folder = TempDir::new().unwrap();
    let store = open(&file(&folder)).await;
    let refused = PutBack::begin(&file(&folder)).unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    store.close().await;
    let place = PutBack::begin(&file(&folder)).unwrap();
    let refused = SqliteStore::open(&file(&folder), options())
        .await
        .unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
    drop(place);
    open(&file(&folder)).await.close().await;
}

#[tokio::test]
async fn before_it_counts_the_old_store_is_there_and_after_it_the_new_one() {
    let folder = TempDir::new().unwrap();
    let place = ready(&folder).await;
    drop(place);
    assert_eq!(names(&file(&folder)).await, ["new", "old"]);
    let folder = TempDir::new().unwrap();
    let aside = ready(&folder).await.commit("7", SinceCopy::Known).unwrap();
    assert!(is_there(&file(&folder)));
    assert_eq!(names(&file(&folder)).await, ["old"]);
    assert_eq!(names(&aside).await, ["new", "old"]);
    assert!(!folder.path().join("restoring").exists());
}

#[tokio::test]
async fn a_crash_between_any_two_steps_leaves_the_new_store() {
    // After it counts: nothing was moved yet; the old one is aside; the new one is in its place and nobody was told.
    for moved in 0..3 {
        let folder = TempDir::new().unwrap();
        let place = ready(&folder).await;
        let staged = place.staged();
        let aside = place.commit("7", SinceCopy::Known).unwrap();
        if moved > 0 {
            fs::rename(file(&folder), &aside).unwrap();
        }
        if moved > 1 {
            fs::rename(&staged, file(&folder)).unwrap();
        }
        assert!(is_there(&file(&folder)));
        assert_eq!(names(&file(&folder)).await, ["old"], "{moved}");
        assert_eq!(names(&aside).await, ["new", "old"], "{moved}");
    }
}

#[tokio::test]
async fn a_copy_that_was_not_closed_in_good_order_takes_no_place() {
    let folder = TempDir::new().unwrap();
    let place = ready(&folder).await;
    let mut log = place.staged().into_os_string();
    log.push("-wal");
    fs::write(log, "what was written last").unwrap();
    assert!(place.commit("7", SinceCopy::Known).is_err());
    assert_eq!(names(&file(&folder)).await, ["new", "old"]);
}
