//! What checks of tokens read is what is there, whatever was kept of it.

use std::collections::BTreeSet;

use breakglass_domain::StatusList;
use breakglass_domain::audit::AuditEvents;
use breakglass_ports::Store;
use breakglass_storage_contract::samples::{
    api_token, at, audit_key, broker, broker_id, client, client_key, client_secret, event, realm_id,
};
use breakglass_storage_contract::{Harness, begin, keep, read, seeded};
use breakglass_storage_sqlite::{Options, SqliteStore};
use futures_util::future::join;
use proptest::prelude::*;
use sqlx::{Connection, Row, SqliteConnection};

use crate::changes::{CHANGES, answers, change, machine};
use crate::folder::{Folder, options};

/// Tables whose changes no check looks at, or looks at through the counts of their realm.
const APART: [&str; 15] = [
    "_sqlx_migrations",
    "audit_checkpoints",
    "audit_records",
    "changes",
    "client_profiles",
    "installation",
    "issuer_certificates",
    "recalled_tokens",
    "recalls",
    "role_assignments",
    "roles",
    "tasks",
    "token_issuers",
    "used_assertions",
    "withheld_claims",
];

/// The table of which no check keeps that something is not there, so that what is added changes nothing that is kept.
const NEVER_MISSED: &str = "emergency_clients";

#[tokio::test]
async fn every_table_that_checks_look_at_counts_its_changes() {
    let folder = Folder::fresh().await;
    let url = format!("sqlite://{}", folder.file().display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let tables = sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let triggers = sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    let triggers: BTreeSet<String> = triggers.iter().map(|row| row.get(0)).collect();
    for table in tables {
        let table: String = table.get(0);
        for what in ["inserted", "updated", "deleted"] {
            let counts = triggers.contains(&format!("{table}_{what}_changes"));
            let is_added = what == "inserted" && table == NEVER_MISSED;
            let is_apart = APART.contains(&table.as_str()) || is_added;
            assert_eq!(counts, !is_apart, "{table} {what}");
        }
    }
}

#[tokio::test]
async fn that_a_status_list_has_to_grow_is_seen_at_once() {
    let folder = forgetful().await;
    let store = patient(&folder).await;
    let room = |given_out| StatusList::places_for(given_out);
    let mut places = Vec::new();
    for _ in 0..2 {
        let mut view = store.check().await.unwrap();
        let extent = view.find_status_list_extent(broker_id(1)).await.unwrap();
        places.push(room(extent.unwrap().places));
        drop(view);
        let mut unit = store.begin().await.unwrap();
        for _ in 0..room(0) {
            unit.allocate_status_index(broker_id(1)).await.unwrap();
        }
        unit.commit(&audit_key(), event("x").into()).await.unwrap();
    }
    assert_eq!(places, [room(0), 2 * room(0)]);
}

#[tokio::test]
async fn a_revision_is_another_when_a_key_is_and_not_when_a_token_is() {
    let folder = forgetful().await;
    let store = patient(&folder).await;
    let view = store.read().await.unwrap();
    assert_eq!((view.revision(), view.full_revision()), (None, None));
    drop(view);
    let mut revisions = Vec::new();
    for number in [0, 4, 7, 23, 24] {
        let mut unit = store.begin().await.unwrap();
        change(unit.as_mut(), number).await;
        unit.commit(&audit_key(), event("x").into()).await.unwrap();
        revisions.push(store.check().await.unwrap().revision().unwrap());
    }
    let differ: Vec<bool> = revisions.windows(2).map(|two| two[0] != two[1]).collect();
    assert_eq!(differ, [false, true, true, true], "{revisions:?}");
}

#[tokio::test]
async fn a_unit_that_sees_what_may_be_undone_tells_no_revision() {
    let folder = forgetful().await;
    let store = patient(&folder).await;
    let changing = async {
        let mut unit = store.begin().await.unwrap();
        change(unit.as_mut(), 24).await;
        unit.commit(&audit_key(), event("x").into()).await.unwrap();
    };
    let using = async { store.begin_use().await.unwrap().revision() };
    let ((), revision) = join(changing, using).await;
    assert_eq!(revision, None);
    let settled = store.check().await.unwrap().revision();
    assert!(settled.is_some());
    assert_eq!(store.begin_use().await.unwrap().revision(), settled);
}

/// A store in which a memory is held against the file once an hour.
async fn forgetful() -> Folder {
    let folder = seeded::<Folder>().await;
    let mut unit = begin(&folder).await;
    drop(unit.insert_broker(&broker(3)).await);
    keep(unit).await;
    folder
}

async fn patient(folder: &Folder) -> SqliteStore {
    let options = Options {
        check_patience: std::time::Duration::from_hours(1),
        ..options()
    };
    SqliteStore::open(&folder.file(), options).await.unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_check_sees_every_change_of_its_process_at_once(
        numbers in prop::collection::vec(0..CHANGES, 1..60),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let outcome: Result<(), TestCaseError> = runtime.block_on(async {
            let folder = forgetful().await;
            let store = patient(&folder).await;
            for number in numbers {
                // What is read now is kept.
                let mut view = store.check().await.unwrap();
                let revision = view.full_revision();
                prop_assert!(revision.is_some());
                let before = answers(view.as_mut()).await;
                drop(view);
                let mut unit = store.begin().await.unwrap();
                change(unit.as_mut(), number).await;
                let events = AuditEvents::from(event("x"));
                if unit.commit(&audit_key(), events).await.is_err() {
                    continue;
                }
                let kept = answers(store.check().await.unwrap().as_mut()).await;
                let again = answers(store.check().await.unwrap().as_mut()).await;
                let there = answers(store.read().await.unwrap().as_mut()).await;
                prop_assert_eq!(&kept, &there, "after change {}", number);
                prop_assert_eq!(&again, &there, "kept after change {}", number);
                let is_another = store.check().await.unwrap().full_revision() != revision;
                let mut both = kept.iter().zip(&before);
                let stands = both.all(|(kept, before)| {
                    kept == before || before.contains("emergency") && before.ends_with("None)")
                });
                prop_assert!(is_another || stands, "revision after change {}", number);
            }
            Ok(())
        });
        outcome?;
    }
}

#[tokio::test]
async fn what_another_process_commits_is_seen_at_the_next_look() {
    let folder = forgetful().await;
    let curious = Options {
        check_patience: std::time::Duration::ZERO,
        ..options()
    };
    let store = SqliteStore::open(&folder.file(), curious).await.unwrap();
    for number in 0..CHANGES {
        answers(store.check().await.unwrap().as_mut()).await;
        let mut unit = begin(&folder).await;
        change(unit.as_mut(), number).await;
        let key = audit_key();
        drop(unit.commit(&key, event("x").into()).await);
        let seen = answers(store.check().await.unwrap().as_mut()).await;
        let there = answers(read(&folder).await.as_mut()).await;
        assert_eq!(seen, there, "after change {number}");
    }
}

#[tokio::test]
async fn what_a_process_committed_is_seen_by_others_when_it_has_ended() {
    let folder = forgetful().await;
    let usual = Options {
        check_patience: Options::default().check_patience,
        ..options()
    };
    let store = SqliteStore::open(&folder.file(), usual).await.unwrap();
    for number in 0..CHANGES {
        let other = SqliteStore::open(&folder.file(), usual).await.unwrap();
        let mut unit = other.begin().await.unwrap();
        answers(store.check().await.unwrap().as_mut()).await;
        change(unit.as_mut(), number).await;
        drop(unit.commit(&audit_key(), event("x").into()).await);
        other.close().await;
        let seen = answers(store.check().await.unwrap().as_mut()).await;
        let there = answers(read(&folder).await.as_mut()).await;
        assert_eq!(seen, there, "after change {number}");
    }
}

#[tokio::test]
async fn that_something_was_used_is_no_change() {
    let folder = forgetful().await;
    let store = patient(&folder).await;
    for number in 0..5 {
        let mut unit = store.begin().await.unwrap();
        change(unit.as_mut(), number).await;
        keep(unit).await;
    }
    let before = answers(store.check().await.unwrap().as_mut()).await;
    let machine = machine();
    let emergency = client(1, "e");
    let mut unit = store.begin().await.unwrap();
    let digest = &emergency.token.digest;
    unit.record_emergency_use(realm_id(1), &emergency.client_id, digest, at(5))
        .await
        .unwrap();
    let token = api_token(1, machine.id, "t").id;
    unit.record_api_token_use(realm_id(1), token, at(5))
        .await
        .unwrap();
    let secret = client_secret(1, machine.id, "s").id;
    unit.record_client_secret_use(realm_id(1), secret, at(5))
        .await
        .unwrap();
    let key = client_key(1, machine.id, "k").id;
    unit.record_client_key_use(realm_id(1), key, at(5))
        .await
        .unwrap();
    unit.allocate_status_index(broker_id(1)).await.unwrap();
    keep(unit).await;
    let kept = answers(store.check().await.unwrap().as_mut()).await;
    assert_eq!(kept, before, "nothing was read again");
    let there = answers(store.read().await.unwrap().as_mut()).await;
    assert_ne!(there, before, "though it was used");
}

#[tokio::test]
async fn a_unit_sees_what_those_before_it_in_its_group_have_changed() {
    let folder = forgetful().await;
    let store = patient(&folder).await;
    for number in (0..CHANGES).chain(0..CHANGES) {
        let before = answers(store.check().await.unwrap().as_mut()).await;
        let mut unit = store.begin().await.unwrap();
        change(unit.as_mut(), number).await;
        let commits = store.commits();
        let (_, seen) = join(keep(unit), async {
            let mut next = store.begin_use().await.unwrap();
            assert_eq!(store.commits(), commits, "it shares the transaction");
            answers(next.as_mut()).await
        })
        .await;
        let there = answers(store.read().await.unwrap().as_mut()).await;
        assert_eq!(seen, there, "after change {number} to {before:?}");
    }
}

/// The sequence of the newest record of the audit.
async fn find_head(store: &SqliteStore) -> Option<u64> {
    let head = store.read().await.unwrap().find_audit_head().await;
    head.unwrap().map(|head| head.sequence)
}

#[tokio::test]
async fn what_was_noted_is_written_for_whoever_changes_something_after_it() {
    let folder = forgetful().await;
    let store = patient(&folder).await;
    let (used, plain) = (client(1, "e"), client(1, "f"));
    let mut unit = store.begin().await.unwrap();
    for client in [&used, &plain] {
        unit.insert_emergency_client(client).await.unwrap();
    }
    keep(unit).await;
    let mut noting = store.begin_use().await.unwrap();
    noting
        .record_emergency_use(realm_id(1), &used.client_id, &used.token.digest, at(20))
        .await
        .unwrap();
    let before = find_head(&store).await;
    let (_, seen) = join(keep(noting), async {
        let mut unit = store.begin().await.unwrap();
        let found = unit.find_emergency_client(realm_id(1), &used.client_id);
        let seen = found.await.unwrap().unwrap().usage;
        let gone = unit.delete_emergency_client(realm_id(1), &plain.client_id);
        assert_eq!(gone.await, Ok(true));
        keep(unit).await;
        seen
    })
    .await;
    assert_eq!(seen.uses, 1);
    assert_eq!(find_head(&store).await, before.map(|sequence| sequence + 2));
}

#[tokio::test]
async fn a_use_of_what_is_not_there_fails_the_commit_and_leaves_nothing() {
    let folder = forgetful().await;
    let store = patient(&folder).await;
    let absent = client(1, "e");
    let before = find_head(&store).await;
    let mut unit = store.begin_use().await.unwrap();
    unit.record_emergency_use(realm_id(1), &absent.client_id, &absent.token.digest, at(5))
        .await
        .unwrap();
    let kept = unit.commit(&audit_key(), event("a").into()).await;
    assert!(kept.is_err(), "{kept:?}");
    assert_eq!(find_head(&store).await, before);
}

#[tokio::test]
async fn a_store_that_is_closed_checks_nothing() {
    let folder = forgetful().await;
    let store = patient(&folder).await;
    answers(store.check().await.unwrap().as_mut()).await;
    store.close().await;
    assert!(store.check().await.is_err());
}
