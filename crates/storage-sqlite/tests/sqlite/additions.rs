//! What a unit of work does nothing but add is written with its group, and all is as if the units ran one after the other.

use std::collections::BTreeSet;

use breakglass_domain::EmergencyClient;
use breakglass_domain::audit::Checkpoint;
use breakglass_ports::{Store, StoreError};
use breakglass_storage_contract::samples::{
    account, at, audit_key, broker_id, client, event, realm_id,
};
use breakglass_storage_contract::{begin, keep, read, seeded, verified_records};
use breakglass_storage_sqlite::SqliteStore;
use futures_util::future::{BoxFuture, join, join_all};
use proptest::prelude::*;
use tokio::runtime::Builder;

use crate::folder::Folder;

/// What one unit of a group does with the client of this number.
#[derive(Clone, Copy, Debug)]
enum Step {
    Add(u8),
    GiveUp(u8),
    Delete(u8),
    Look(u8),
    /// Notes that it was used, if it is there.
    Use(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let id = 0_u8..4;
    prop_oneof![
        4 => id.clone().prop_map(Step::Add),
        1 => id.clone().prop_map(Step::GiveUp),
        1 => id.clone().prop_map(Step::Delete),
        1 => id.clone().prop_map(Step::Look),
        1 => id.prop_map(Step::Use),
    ]
}

/// What a unit found: that the client was not there before it, or that it was.
async fn perform(store: &SqliteStore, step: Step) -> bool {
    match step {
        Step::Add(id) => {
            let kept = add(store, id).await;
            assert!(matches!(kept, Ok(_) | Err(StoreError::Conflict)));
            kept.is_err()
        }
        Step::GiveUp(id) => {
            let mut unit = store.begin_use().await.unwrap();
            unit.insert_emergency_client(&named(id)).await.unwrap();
            false
        }
        Step::Delete(id) => {
            let mut unit = store.begin().await.unwrap();
            let client_id = named(id).client_id;
            let gone = unit.delete_emergency_client(realm_id(1), &client_id);
            let was_there = gone.await.unwrap();
            keep(unit).await;
            was_there
        }
        Step::Look(id) => {
            let mut unit = store.begin().await.unwrap();
            let client_id = named(id).client_id;
            let found = unit.find_emergency_client(realm_id(1), &client_id);
            let found = found.await.unwrap();
            unit.leave().await.unwrap();
            found.is_some()
        }
        Step::Use(id) => {
            let client = named(id);
            let mut unit = store.begin().await.unwrap();
            let used = unit.record_emergency_use(
                client.realm_id,
                &client.client_id,
                &client.token.digest,
                at(30),
            );
            let was_there = used.await.is_ok();
            keep(unit).await;
            was_there
        }
    }
}

fn named(id: u8) -> EmergencyClient {
    client(1, &format!("client {id}"))
}

async fn add(store: &SqliteStore, id: u8) -> Result<Checkpoint, StoreError> {
    let mut unit = store.begin_use().await?;
    unit.insert_emergency_client(&named(id)).await?;
    unit.commit(&audit_key(), event("added").into()).await
}

/// What the step should find, and what it leaves.
fn expect(there: &mut BTreeSet<u8>, step: Step) -> bool {
    match step {
        Step::Add(id) => !there.insert(id),
        Step::GiveUp(_) => false,
        Step::Delete(id) => there.remove(&id),
        Step::Look(id) | Step::Use(id) => there.contains(&id),
    }
}

async fn agree(groups: Vec<Vec<Step>>) {
    let folder = seeded::<Folder>().await;
    let store = folder.sqlite();
    let mut there = BTreeSet::new();
    let mut records = count_records(&folder).await;
    for group in groups {
        let before = store.commits();
        let holder = begin(&folder).await;
        let units = join_all(group.iter().map(|step| perform(&store, *step)));
        let (_, found) = join(keep(holder), units).await;
        let expected: Vec<bool> = group.iter().map(|step| expect(&mut there, *step)).collect();
        assert_eq!(found, expected, "{group:?}");
        assert_eq!(store.commits() - before, 1, "they were one group");
        let kept = |(step, found): (&Step, &bool)| match step {
            Step::Add(_) => !found,
            Step::Delete(_) | Step::Use(_) => true,
            Step::GiveUp(_) | Step::Look(_) => false,
        };
        records += 1 + group.iter().zip(&found).filter(|unit| kept(*unit)).count();
    }
    assert_eq!(count_records(&folder).await, records);
}

/// How many records the audit has, whose chain holds.
async fn count_records(folder: &Folder) -> usize {
    verified_records(read(folder).await.as_mut()).await.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn units_that_add_are_as_if_they_ran_one_after_the_other(
        groups in prop::collection::vec(prop::collection::vec(step(), 1..24), 1..5),
    ) {
        // On one thread all that waits is there before the holder's unit comes back to the writer.
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(agree(groups));
    }
}

/// What a unit does beside adding a client, which cannot wait for the group.
type Beside = fn(&mut dyn breakglass_ports::UnitOfWork) -> BoxFuture<'_, ()>;

#[tokio::test]
async fn a_unit_that_adds_and_writes_is_undone_as_a_whole() {
    let nothing: Beside = |_| Box::pin(async {});
    let account: Beside =
        |unit| Box::pin(async move { unit.insert_account(&account("beside")).await.unwrap() });
    let another: Beside = |unit| {
        Box::pin(async move {
            let other = client(2, "another");
            unit.insert_emergency_client(&other).await.unwrap();
        })
    };
    for (before, after) in [(account, nothing), (nothing, account), (nothing, another)] {
        let folder = seeded::<Folder>().await;
        let store = folder.sqlite();
        add(&store, 1).await.unwrap();
        let count = count_records(&folder).await;
        let mut unit = store.begin_use().await.unwrap();
        before(unit.as_mut()).await;
        let added = unit.insert_emergency_client(&named(1)).await;
        if added.is_ok() {
            after(unit.as_mut()).await;
            let kept = unit.commit(&audit_key(), event("added").into()).await;
            assert_eq!(kept, Err(StoreError::Conflict));
        } else {
            assert_eq!(added, Err(StoreError::Conflict));
            drop(unit);
        }
        let mut view = read(&folder).await;
        let beside = view.find_account(&"beside".parse().unwrap()).await;
        assert_eq!(beside, Ok(None));
        assert_eq!(
            view.list_emergency_clients(realm_id(2)).await,
            Ok(Vec::new())
        );
        assert_eq!(count_records(&folder).await, count);
    }
}

#[tokio::test]
async fn a_unit_that_takes_a_place_and_adds_is_kept() {
    let folder = seeded::<Folder>().await;
    let store = folder.sqlite();
    for id in 0..200_u8 {
        let mut unit = store.begin_use().await.unwrap();
        let place = unit.allocate_status_index(broker_id(1)).await;
        assert_eq!(place, Ok(id.into()));
        unit.insert_emergency_client(&named(id)).await.unwrap();
        keep(unit).await;
    }
    let found = read(&folder)
        .await
        .list_emergency_clients(realm_id(1))
        .await;
    assert_eq!(found.unwrap().len(), 200);
}

#[tokio::test]
async fn an_addition_to_a_realm_that_is_none_fails_alone() {
    let folder = seeded::<Folder>().await;
    let store = folder.sqlite();
    let nowhere = async {
        let mut unit = store.begin_use().await.unwrap();
        unit.insert_emergency_client(&client(9, "lost")).await
    };
    let (first, (refused, last)) = join(add(&store, 1), join(nowhere, add(&store, 2))).await;
    assert_eq!(refused, Err(StoreError::Missing));
    assert!(first.is_ok() && last.is_ok());
}
