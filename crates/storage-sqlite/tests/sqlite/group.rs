//! Commits that wait at the same time are one commit, and one unit's end is not another's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use breakglass_domain::Username;
use breakglass_domain::audit::Checkpoint;
use breakglass_ports::{Store, StoreError};
use breakglass_storage_contract::samples::{account, audit_key, event};
use breakglass_storage_contract::{Harness, begin, keep, read};
use breakglass_storage_sqlite::{Options, SqliteStore};
use futures_util::future::{join, join_all, join3};

use crate::folder::{Folder, options};

/// Makes an account of this name in a unit of its own.
async fn make(store: &dyn Store, name: &str) -> Result<Checkpoint, StoreError> {
    let mut unit = store.begin().await?;
    unit.insert_account(&account(name)).await?;
    unit.commit(&audit_key(), event(name).into()).await
}

/// Begins to make an account and lets go of the unit.
async fn give_up(store: &dyn Store, name: &str) {
    let mut unit = store.begin().await.unwrap();
    unit.insert_account(&account(name)).await.unwrap();
}

async fn is_there(folder: &Folder, name: &str) -> bool {
    let name: Username = name.parse().unwrap();
    let found = read(folder).await.find_account(&name).await;
    found.unwrap().is_some()
}

#[tokio::test]
async fn a_unit_dropped_in_the_middle_of_a_group_leaves_its_neighbours() {
    let folder = Folder::fresh().await;
    let store = folder.sqlite();
    let holder = begin(&folder).await;
    let before = store.commits();
    let neighbours = join3(
        make(&*store, "first"),
        give_up(&*store, "dropped"),
        make(&*store, "last"),
    );
    let (head, (first, (), last)) = join(keep(holder), neighbours).await;
    assert_eq!(store.commits() - before, 1, "they were one group");
    assert_eq!(head.sequence, 1);
    assert_eq!(first.map(|head| head.sequence), Ok(2));
    assert_eq!(last.map(|head| head.sequence), Ok(3));
    assert!(is_there(&folder, "first").await && is_there(&folder, "last").await);
    assert!(!is_there(&folder, "dropped").await);
}

#[tokio::test]
async fn a_unit_that_panics_leaves_its_neighbours() {
    let folder = Folder::fresh().await;
    let store = folder.sqlite();
    let holder = begin(&folder).await;
    let panicking = tokio::spawn({
        let store = folder.store();
        async move {
            let mut unit = store.begin().await.unwrap();
            unit.insert_account(&account("panicked")).await.unwrap();
            panic!("this is a test of a panic");
        }
    });
    let (_, (panicked, last)) = join(keep(holder), join(panicking, make(&*store, "last"))).await;
    assert!(panicked.unwrap_err().is_panic());
    assert!(last.is_ok() && is_there(&folder, "last").await);
    assert!(!is_there(&folder, "panicked").await);
}

#[tokio::test]
async fn a_conflict_of_one_unit_is_not_that_of_another() {
    let folder = Folder::fresh().await;
    let store = folder.sqlite();
    let holder = begin(&folder).await;
    let made = join3(
        make(&*store, "taken"),
        make(&*store, "taken"),
        make(&*store, "last"),
    );
    let (_, (first, second, last)) = join(keep(holder), made).await;
    assert!(first.is_ok());
    assert_eq!(second, Err(StoreError::Conflict));
    assert!(last.is_ok());
    assert!(is_there(&folder, "taken").await && is_there(&folder, "last").await);
}

#[tokio::test]
async fn what_nobody_waits_behind_is_committed_at_once() {
    let folder = Folder::fresh().await;
    let store = folder.sqlite();
    for expected in 1..=5 {
        keep(begin(&folder).await).await;
        assert_eq!(store.commits(), expected);
    }
}

#[tokio::test]
async fn a_group_in_which_nothing_is_kept_is_no_commit() {
    let folder = Folder::fresh().await;
    give_up(&*folder.sqlite(), "dropped").await;
    // The next unit begins only after the group of the one before has ended.
    let next = begin(&folder).await;
    assert_eq!(folder.sqlite().commits(), 0);
    drop(next);
}

#[tokio::test]
async fn a_group_takes_no_more_units_than_its_limit() {
    let folder = tempfile::TempDir::new().unwrap();
    let options = Options {
        group_limit: 4,
        ..options()
    };
    let file = folder.path().join("breakglass.db");
    let store = SqliteStore::open(&file, options).await.unwrap();
    let holder = store.begin().await.unwrap();
    let names: Vec<String> = (0..8).map(|number| format!("account {number}")).collect();
    let made = join_all(names.iter().map(|name| make(&store, name)));
    let (_, made) = join(keep(holder), made).await;
    assert!(made.iter().all(Result::is_ok));
    assert!(store.commits() >= 3, "9 units by 4 are 3 groups at least");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_at_once_take_far_fewer_commits_than_units() {
    const TASKS: u64 = 64;
    let folder = Folder::fresh().await;
    let store = folder.sqlite();
    let holder = begin(&folder).await;
    let begun = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..TASKS)
        .map(|number| {
            let (store, begun) = (folder.store(), Arc::clone(&begun));
            tokio::spawn(async move {
                begun.fetch_add(1, Ordering::Relaxed);
                make(&*store, &format!("account {number}")).await
            })
        })
        .collect();
    while begun.load(Ordering::Relaxed) < TASKS {
        tokio::task::yield_now().await;
    }
    keep(holder).await;
    let mut sequences = Vec::new();
    for task in tasks {
        sequences.push(task.await.unwrap().unwrap().sequence);
    }
    sequences.sort_unstable();
    assert_eq!(sequences, (2..2 + TASKS).collect::<Vec<u64>>());
    assert!(store.commits() * 2 <= TASKS, "{} commits", store.commits());
}
