//! What a crash leaves: the file and its log as they are at an instant, opened by another process.

use std::path::Path;

use breakglass_ports::Store;
use breakglass_storage_contract::samples::{account, client, realm_id};
use breakglass_storage_contract::{Harness, begin, keep, seeded};
use breakglass_storage_sqlite::SqliteStore;
use tempfile::TempDir;

use crate::folder::{Folder, options};

/// Copies what a crash at this instant would leave. The shared memory beside the log is not part of it.
fn crash(file: &Path) -> TempDir {
    let left = TempDir::new().unwrap();
    for suffix in ["", "-wal"] {
        let mut name = file.file_name().unwrap().to_owned();
        name.push(suffix);
        std::fs::copy(file.with_file_name(&name), left.path().join(&name)).unwrap();
    }
    left
}

async fn survivor(left: &TempDir, file: &Path) -> SqliteStore {
    let file = left.path().join(file.file_name().unwrap());
    SqliteStore::open(&file, options()).await.unwrap()
}

#[tokio::test]
async fn every_acknowledged_unit_survives_and_no_other_is_half_there() {
    let folder = seeded::<Folder>().await;
    let mut crashes = Vec::new();
    for number in 0..5 {
        let mut unit = begin(&folder).await;
        let client = client(1, &format!("client {number}"));
        unit.insert_emergency_client(&client).await.unwrap();
        let head = keep(unit).await;
        let mut half = begin(&folder).await;
        half.insert_account(&account("half")).await.unwrap();
        crashes.push((number, head, crash(&folder.file())));
        drop(half);
    }
    for (number, head, left) in crashes {
        let store = survivor(&left, &folder.file()).await;
        let mut view = store.read().await.unwrap();
        let clients = view.list_emergency_clients(realm_id(1)).await.unwrap();
        assert_eq!(clients.len(), number + 1);
        assert_eq!(view.find_audit_head().await, Ok(Some(head)));
        let half = view.find_account(&"half".parse().unwrap()).await;
        assert_eq!(half, Ok(None));
    }
}

#[tokio::test]
async fn a_closed_store_is_its_file_and_an_empty_one_beside_it() {
    let folder = seeded::<Folder>().await;
    folder.store().close().await;
    let mut files: Vec<_> = std::fs::read_dir(folder.file().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let lock = folder.file().with_extension("db.lock");
    assert_eq!(files, [folder.file(), lock.clone()]);
    assert_eq!(lock.metadata().unwrap().len(), 0);
}
