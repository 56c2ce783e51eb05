//! The store as a whole.

use std::sync::Arc;

use breakglass_domain::{Minutes, TaskState, Timestamp, TokenDigest};
use breakglass_ports::{Store, StoreError};
use futures_util::future::{join, join_all};

use crate::samples::{
    account, at, audit_key, broker, broker_id, client, event, realm_id, retired, session, task,
};
use crate::{Harness, begin, keep, read, seeded, verified_records};

fn unavailable<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Unavailable { .. }))
}

/// Takes the next place in the status list of broker 1, on this handle.
async fn allocate(store: Arc<dyn Store>) -> u64 {
    let mut unit = store.begin().await.unwrap();
    let index = unit.allocate_status_index(broker_id(1)).await.unwrap();
    keep(unit).await;
    index
}

pub async fn what_a_commit_acknowledged_is_there_when_the_store_is_opened_again<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    unit.insert_emergency_client(&client(1, "c")).await.unwrap();
    let head = keep(unit).await;
    harness.store().close().await;

    let mut view = harness.another().await.read().await.unwrap();
    let found = view.list_emergency_clients(realm_id(1)).await;
    assert_eq!(found, Ok(vec![client(1, "c")]));
    assert_eq!(view.find_audit_head().await, Ok(Some(head)));
}

pub async fn a_dropped_unit_leaves_no_trace<H: Harness>() {
    let harness = seeded::<H>().await;
    let head = read(&harness).await.find_audit_head().await;
    let mut unit = begin(&harness).await;
    unit.insert_account(&account("new")).await.unwrap();
    unit.delete_realm(realm_id(1)).await.unwrap();
    unit.allocate_status_index(broker_id(1)).await.unwrap();
    drop(unit);

    let mut unit = begin(&harness).await;
    let found = unit.find_account(&"new".parse().unwrap()).await;
    assert_eq!(found, Ok(None));
    assert!(unit.find_realm(realm_id(1)).await.unwrap().is_some());
    assert_eq!(unit.allocate_status_index(broker_id(1)).await, Ok(0));
    assert_eq!(unit.find_audit_head().await, head);
}

pub async fn what_a_unit_has_read_that_is_left_is_there<H: Harness>() {
    let harness = seeded::<H>().await;
    let store = harness.store();
    let name = account("new").username;
    let making = async {
        let mut unit = store.begin().await.unwrap();
        unit.insert_account(&account("new")).await.unwrap();
        keep(unit).await;
    };
    let looking = async {
        let mut unit = store.begin().await.unwrap();
        let found = unit.find_account(&name).await.unwrap();
        assert!(found.is_some(), "the unit before has made it");
        unit.leave().await.unwrap();
        let mut view = store.read().await.unwrap();
        assert_eq!(view.find_account(&name).await, Ok(found));
    };
    join(making, looking).await;
}

pub async fn a_unit_that_met_a_conflict_and_was_dropped_leaves_no_trace<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    unit.insert_account(&account("new")).await.unwrap();
    let refused = unit.insert_broker(&broker(1)).await;
    assert_eq!(refused, Err(StoreError::Conflict));
    drop(unit);
    let mut view = read(&harness).await;
    let found = view.find_account(&"new".parse().unwrap()).await;
    assert_eq!(found, Ok(None));
}

pub async fn a_unit_whose_record_cannot_be_kept_leaves_no_trace<H: Harness>() {
    let harness = seeded::<H>().await;
    let head = read(&harness).await.find_audit_head().await;
    harness.refuse_audit_records(true).await;
    let mut unit = begin(&harness).await;
    unit.insert_emergency_client(&client(1, "c")).await.unwrap();
    unit.allocate_status_index(broker_id(1)).await.unwrap();
    let written = unit.list_emergency_clients(realm_id(1)).await;
    assert_eq!(written, Ok(vec![client(1, "c")]));
    let refused = unit.commit(&audit_key(), event("refused").into()).await;
    assert!(unavailable(&refused), "{refused:?}");

    harness.refuse_audit_records(false).await;
    let mut view = harness.another().await.read().await.unwrap();
    let found = view.list_emergency_clients(realm_id(1)).await;
    assert_eq!(found, Ok(Vec::new()));
    assert_eq!(view.find_audit_head().await, head);
    let mut unit = begin(&harness).await;
    assert_eq!(unit.allocate_status_index(broker_id(1)).await, Ok(0));
    unit.insert_emergency_client(&client(1, "c")).await.unwrap();
    keep(unit).await;
}

pub async fn a_caller_that_goes_away_while_it_waits_holds_up_nobody<H: Harness>() {
    let harness = seeded::<H>().await;
    let unit = begin(&harness).await;
    let store = harness.store();
    tokio::select! {
        biased;
        _ = store.begin() => unreachable!("two units of work at the same time"),
        () = std::future::ready(()) => {}
    }
    keep(unit).await;
    keep(begin(&harness).await).await;
}

pub async fn units_run_as_if_one_after_the_other_over_all_handles<H: Harness>() {
    const UNITS: u64 = 24;
    let harness = seeded::<H>().await;
    let handles = [harness.store(), harness.another().await];
    let units = (0..UNITS).flat_map(|_| handles.iter().cloned().map(allocate));
    let mut indices = join_all(units).await;
    indices.sort_unstable();
    assert!(indices.is_sorted_by(|one, next| one < next), "{indices:?}");

    let records = verified_records(read(&harness).await.as_mut()).await;
    assert_eq!(records.last().unwrap().sequence, 1 + UNITS * 2);
}

pub async fn a_view_begun_after_a_commit_sees_it_on_every_handle<H: Harness>() {
    let harness = seeded::<H>().await;
    let handles = [harness.store(), harness.another().await];
    for (round, writer) in handles.iter().chain(&handles).enumerate() {
        let mut unit = writer.begin().await.unwrap();
        let name = format!("account {round}");
        unit.insert_account(&account(&name)).await.unwrap();
        keep(unit).await;
        for reader in &handles {
            let mut view = reader.read().await.unwrap();
            let found = view.find_account(&name.parse().unwrap()).await;
            assert_eq!(found, Ok(Some(account(&name))));
        }
    }
}

pub async fn views_do_not_wait_for_units<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    unit.insert_account(&account("new")).await.unwrap();
    let mut view = read(&harness).await;
    let before = view.find_account(&"new".parse().unwrap()).await;
    assert_eq!(before, Ok(None));
    keep(unit).await;
    let mut view = read(&harness).await;
    let after = view.find_account(&"new".parse().unwrap()).await;
    assert_eq!(after, Ok(Some(account("new"))));
}

pub async fn a_view_for_checks_sees_every_acknowledged_commit<H: Harness>() {
    let harness = seeded::<H>().await;
    let store = harness.store();
    let mut known = account("admin");
    for minutes in 1..4 {
        let mut view = store.check().await.unwrap();
        assert_eq!(view.find_account(&known.username).await, Ok(Some(known.clone())));
        assert_eq!(view.find_account(&known.username).await, Ok(Some(known.clone())));
        drop(view);
        known.password_set_at = at(minutes);
        let mut unit = begin(&harness).await;
        unit.update_account(&known).await.unwrap();
        keep(unit).await;
    }
    let digest = session("secret", "admin").digest;
    let mut view = store.check().await.unwrap();
    assert_eq!(view.find_session(&digest).await, Ok(None));
    drop(view);
    let mut unit = begin(&harness).await;
    unit.insert_session(&session("secret", "admin")).await.unwrap();
    keep(unit).await;
    let mut view = store.check().await.unwrap();
    assert!(view.find_session(&digest).await.unwrap().is_some());
}

pub async fn commits_that_wait_at_the_same_time_are_made_durable_together<H: Harness>() {
    const UNITS: u64 = 48;
    let harness = seeded::<H>().await;
    let before = harness.commits().await;
    let holder = begin(&harness).await;
    let waiting = join_all((0..UNITS).map(|_| allocate(harness.store())));
    // The first poll of either begins everything, so that all the others wait while the holder commits.
    let (_, indices) = join(keep(holder), waiting).await;
    assert_eq!(indices.len(), 48);
    let made = harness.commits().await - before;
    assert!(made * 4 <= UNITS, "{made} commits for {UNITS} units");
}

pub async fn a_unit_reads_its_own_writes<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    unit.insert_emergency_client(&client(1, "c")).await.unwrap();
    let found = unit.list_emergency_clients(realm_id(1)).await;
    assert_eq!(found, Ok(vec![client(1, "c")]));
}

pub async fn commit_gives_the_new_head_of_the_chain<H: Harness>() {
    let harness = H::fresh().await;
    let first = audit_key().seal(None, event("kept"));
    let head = keep(begin(&harness).await).await;
    assert_eq!(head, first.head());
    let second = audit_key().seal(Some(&head), event("kept"));
    assert_eq!(keep(begin(&harness).await).await, second.head());
}

pub async fn extend_session_never_shortens_one<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut session = session("secret", "admin");
    let mut unit = begin(&harness).await;
    unit.insert_session(&session).await.unwrap();
    let head = keep(unit).await;
    let store = harness.store();
    for (wanted, expected) in [(at(90), at(90)), (at(80), at(90)), (at(91), at(91))] {
        store.extend_session(&session.digest, wanted).await.unwrap();
        session.expires_at = expected;
        let found = read(&harness).await.find_session(&session.digest).await;
        assert_eq!(found, Ok(Some(session.clone())));
    }
    let after = read(&harness).await.find_audit_head().await;
    assert_eq!(after, Ok(Some(head)), "bookkeeping leaves no audit record");
}

pub async fn extend_session_lets_what_is_gone_stay_gone<H: Harness>() {
    let harness = seeded::<H>().await;
    let digest = TokenDigest::of("gone");
    let extended = harness.store().extend_session(&digest, at(90)).await;
    assert_eq!(extended, Ok(()));
    let found = read(&harness).await.find_session(&digest).await;
    assert_eq!(found, Ok(None));
}

pub async fn prune_forgets_what_can_matter_no_more<H: Harness>() {
    const NOW: Timestamp = at(100_000);
    const RETENTION: i64 = Minutes::new(30 * 24 * 60).millis();
    const LEEWAY: i64 = Minutes::new(24 * 60).millis();
    let harness = seeded::<H>().await;
    let mut over = session("over", "admin");
    over.expires_at = NOW;
    let mut alive = session("alive", "admin");
    alive.expires_at = NOW.plus_millis(1);
    let mut dead = retired(3);
    dead.expires_at = NOW.plus_millis(-LEEWAY);
    let mut recalled = retired(4);
    recalled.expires_at = NOW.plus_millis(-LEEWAY + 1);
    let mut ended = task(1, TaskState::Completed);
    ended.updated_at = NOW.plus_millis(-RETENTION - 1);
    let mut ended_later = task(2, TaskState::Completed);
    ended_later.updated_at = NOW.plus_millis(-RETENTION);
    let queued = task(3, TaskState::Queued);
    let mut unit = begin(&harness).await;
    for session in [&over, &alive] {
        unit.insert_session(session).await.unwrap();
    }
    for token in [&dead, &recalled] {
        unit.recall_token(broker_id(1), token).await.unwrap();
    }
    for task in [&ended, &ended_later, &queued] {
        unit.insert_task(task).await.unwrap();
    }
    let head = keep(unit).await;

    assert_eq!(harness.store().prune(NOW).await, Ok(3));
    assert_eq!(harness.store().prune(NOW).await, Ok(0));
    let mut view = read(&harness).await;
    assert_eq!(view.find_session(&over.digest).await, Ok(None));
    assert_eq!(view.find_session(&alive.digest).await, Ok(Some(alive)));
    assert_eq!(view.list_recalled(broker_id(1)).await, Ok(vec![4]));
    assert_eq!(view.find_task(ended.id).await, Ok(None));
    assert_eq!(view.find_task(ended_later.id).await, Ok(Some(ended_later)));
    assert_eq!(view.find_task(queued.id).await, Ok(Some(queued)));
    let after = view.find_audit_head().await;
    assert_eq!(after, Ok(Some(head)), "bookkeeping leaves no audit record");
}

pub async fn close_finishes_the_commits_under_way<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    unit.insert_account(&account("new")).await.unwrap();
    let store = harness.store();
    let (_, ()) = join(keep(unit), store.close()).await;
    let mut view = harness.another().await.read().await.unwrap();
    let found = view.find_account(&"new".parse().unwrap()).await;
    assert_eq!(found, Ok(Some(account("new"))));
}

pub async fn close_makes_whatever_comes_later_unavailable<H: Harness>() {
    let harness = seeded::<H>().await;
    let store = harness.store();
    join(store.close(), store.close()).await;
    assert!(unavailable(&store.read().await));
    assert!(unavailable(&store.begin().await));
    let digest = TokenDigest::of("secret");
    assert!(unavailable(&store.extend_session(&digest, at(1)).await));
    assert!(unavailable(&store.prune(at(1)).await));
}

pub async fn use_assertion_says_whether_it_was_not_used_before<H: Harness>() {
    let harness = seeded::<H>().await;
    for (realm, text, expected) in [
        (1, "a", true),
        (1, "a", false),
        (1, "b", true),
        (2, "a", true),
    ] {
        let digest = TokenDigest::of(text);
        let store = harness.store();
        let is_new = store.use_assertion(realm_id(realm), &digest, at(9)).await;
        assert_eq!(is_new, Ok(expected));
    }
}
