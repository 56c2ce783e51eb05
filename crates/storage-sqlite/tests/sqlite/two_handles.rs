//! Several handles on one file, as several processes have them.

use std::sync::Arc;

use breakglass_ports::Store;
use breakglass_storage_contract::samples::{account, audit_key, event};
use breakglass_storage_contract::{Harness, begin, keep, verified_records};
use breakglass_storage_sqlite::SqliteStore;
use futures_util::future::join_all;
use tempfile::TempDir;

use crate::folder::{Folder, options};

#[tokio::test]
async fn handles_that_open_a_new_file_at_the_same_time_make_it_once() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("breakglass.db");
    let opened = join_all((0..8).map(|_| SqliteStore::open(&file, options()))).await;
    let stores: Vec<SqliteStore> = opened.into_iter().map(Result::unwrap).collect();
    for (number, store) in stores.iter().enumerate() {
        let mut unit = store.begin().await.unwrap();
        let name = format!("account {number}");
        unit.insert_account(&account(&name)).await.unwrap();
        assert_eq!(keep(unit).await.sequence, number as u64 + 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handles_that_write_at_the_same_time_keep_one_chain() {
    const UNITS: u64 = 40;
    let folder = Folder::fresh().await;
    let handles: [Arc<dyn Store>; 2] = [folder.store(), folder.another().await];
    let tasks: Vec<_> = handles
        .iter()
        .flat_map(|store| (0..UNITS).map(|_| Arc::clone(store)))
        .enumerate()
        .map(|(number, store)| {
            tokio::spawn(async move {
                let mut unit = store.begin().await.unwrap();
                let name = format!("account {number}");
                unit.insert_account(&account(&name)).await.unwrap();
                if number % 5 == 4 {
                    return false;
                }
                let key = audit_key();
                unit.commit(&key, event(&name).into()).await.unwrap();
                true
            })
        })
        .collect();
    let mut kept = 0;
    for task in tasks {
        kept += u64::from(task.await.unwrap());
    }

    let mut view = handles[1].read().await.unwrap();
    let records = verified_records(view.as_mut()).await;
    for record in &records {
        let name = record.event.details["a \"quoted\" name"].parse().unwrap();
        assert!(view.find_account(&name).await.unwrap().is_some());
    }
    assert_eq!(
        (records.last().unwrap().sequence, kept),
        (UNITS * 2 * 4 / 5, UNITS * 2 * 4 / 5)
    );
}

#[tokio::test]
async fn one_handle_closed_leaves_the_other_open() {
    let folder = Folder::fresh().await;
    let other = folder.another().await;
    folder.store().close().await;
    let mut unit = other.begin().await.unwrap();
    unit.insert_account(&account("new")).await.unwrap();
    keep(unit).await;
}

#[tokio::test]
async fn a_unit_held_on_one_handle_is_waited_for_on_the_other() {
    let folder = Folder::fresh().await;
    let other = folder.another().await;
    let mut held = begin(&folder).await;
    held.insert_account(&account("first")).await.unwrap();
    let second = tokio::spawn(async move {
        let mut unit = other.begin().await.unwrap();
        let first = unit.find_account(&"first".parse().unwrap()).await;
        (first, keep(unit).await.sequence)
    });
    // Whether the other has begun to wait or not, it comes second.
    assert_eq!(keep(held).await.sequence, 1);
    assert_eq!(second.await.unwrap(), (Ok(Some(account("first"))), 2));
}
