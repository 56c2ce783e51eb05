//! What ended before its time.

use breakglass_domain::{PasswordHash, RecallHead, RecallKind, RecallRecord, TokenDigest};
use breakglass_ports::StoreError;

use crate::samples::{
    account, api_client, api_token, at, audit_key, broker_id, client, client_secret, realm_id,
    session, signing_key, token,
};
use crate::{Harness, begin, keep, read, seeded};

/// A store in which one of each of these lives.
async fn living<H: Harness>() -> H {
    let harness = seeded::<H>().await;
    let machine = api_client(1, "machine");
    let mut unit = begin(&harness).await;
    unit.insert_signing_key(&signing_key(1, Some(1))).await.unwrap();
    unit.insert_emergency_client(&client(1, "fire")).await.unwrap();
    unit.insert_api_client(&machine).await.unwrap();
    unit.insert_api_token(&api_token(1, machine.id, "nightly")).await.unwrap();
    unit.insert_client_secret(&client_secret(1, machine.id, "s")).await.unwrap();
    unit.insert_session(&session("one", "admin")).await.unwrap();
    keep(unit).await;
    harness
}

/// Ends each of them.
async fn end_each(harness: &impl Harness) {
    let machine = api_client(1, "machine");
    let mut unit = begin(harness).await;
    unit.update_emergency_client(&client(1, "fire").revoke(at(5))).await.unwrap();
    let held = api_token(1, machine.id, "nightly").id;
    assert_eq!(unit.delete_api_token(realm_id(1), held).await, Ok(true));
    let secret = client_secret(1, machine.id, "s").id;
    assert_eq!(unit.delete_client_secret(realm_id(1), secret).await, Ok(true));
    assert_eq!(unit.delete_session(&TokenDigest::of("one")).await, Ok(true));
    unit.revoke_access_token(realm_id(1), token("x", 1).id, at(90)).await.unwrap();
    keep(unit).await;
}

const ENDED: [RecallKind; 5] = [
    RecallKind::EmergencyToken,
    RecallKind::ApiToken,
    RecallKind::ClientSecret,
    RecallKind::Session,
    RecallKind::AccessToken,
];

async fn recalls(harness: &impl Harness) -> Vec<RecallRecord> {
    read(harness).await.list_recalls(0, 1000).await.unwrap()
}

fn kinds(records: &[RecallRecord]) -> Vec<RecallKind> {
    records.iter().map(|record| record.recall.kind).collect()
}

pub async fn what_ends_a_token_leaves_a_recall_in_the_chain<H: Harness>() {
    let harness = living::<H>().await;
    assert_eq!(recalls(&harness).await, []);
    end_each(&harness).await;
    let records = recalls(&harness).await;
    assert_eq!(kinds(&records), ENDED);
    let head = audit_key().verify_recalls(RecallHead::GENESIS, &records);
    assert_eq!(head, Ok(records.last().unwrap().head()));
}

pub async fn a_unit_that_is_dropped_leaves_no_recall<H: Harness>() {
    let harness = living::<H>().await;
    let mut unit = begin(&harness).await;
    assert_eq!(unit.delete_session(&TokenDigest::of("one")).await, Ok(true));
    drop(unit);
    end_each(&harness).await;
    assert_eq!(kinds(&recalls(&harness).await), ENDED);
}

pub async fn what_is_forgotten_because_it_is_over_leaves_no_recall<H: Harness>() {
    let harness = living::<H>().await;
    assert!(harness.store().prune(at(10_000_000)).await.unwrap() > 0);
    assert_eq!(recalls(&harness).await, []);
}

pub async fn an_api_token_that_is_forgotten_leaves_no_recall<H: Harness>() {
    let harness = living::<H>().await;
    let held = api_token(1, api_client(1, "machine").id, "nightly").id;
    let mut unit = begin(&harness).await;
    unit.delete_session(&TokenDigest::of("one")).await.unwrap();
    assert_eq!(unit.forget_api_token(realm_id(1), held).await, Ok(true));
    assert_eq!(unit.forget_api_token(realm_id(1), held).await, Ok(false));
    keep(unit).await;
    let found = read(&harness).await.find_api_token(realm_id(1), held).await;
    assert_eq!(found, Ok(None));
    assert_eq!(kinds(&recalls(&harness).await), [RecallKind::Session]);
}

pub async fn find_recall_head_gives_the_last_recall<H: Harness>() {
    let harness = living::<H>().await;
    let head = read(&harness).await.find_recall_head().await;
    assert_eq!(head, Ok(RecallHead::GENESIS));
    end_each(&harness).await;
    let last = recalls(&harness).await.last().unwrap().head();
    assert_eq!(read(&harness).await.find_recall_head().await, Ok(last));
}

pub async fn list_recalls_gives_those_after_a_number_in_their_order<H: Harness>() {
    let harness = living::<H>().await;
    end_each(&harness).await;
    let page = read(&harness).await.list_recalls(1, 2).await.unwrap();
    assert_eq!(kinds(&page), ENDED[1..3]);
    assert_eq!(page.first().unwrap().number, 2);
    assert_eq!(read(&harness).await.list_recalls(5, 2).await, Ok(Vec::new()));
}

pub async fn take_over_recalls_ends_here_what_ended_there<H: Harness>() {
    let (there, here) = (living::<H>().await, living::<H>().await);
    end_each(&there).await;
    let records = recalls(&there).await;
    let mut unit = begin(&here).await;
    let taken = unit.take_over_recalls(&records, at(6), at(100)).await;
    assert_eq!(taken.map(|taken| taken.ended), Ok(5));
    keep(unit).await;
    let mut view = read(&here).await;
    let machine = api_client(1, "machine");
    let fire = view
        .find_emergency_client(realm_id(1), &client(1, "fire").client_id)
        .await
        .unwrap();
    assert_eq!(fire.unwrap().token.revoked_at, Some(at(6)));
    let held = api_token(1, machine.id, "nightly").id;
    assert_eq!(view.find_api_token(realm_id(1), held).await, Ok(None));
    let secret = client_secret(1, machine.id, "s").id;
    assert_eq!(view.find_client_secret(realm_id(1), secret).await, Ok(None));
    assert_eq!(view.find_session(&TokenDigest::of("one")).await, Ok(None));
    let revoked = view
        .is_any_access_token_revoked(realm_id(1), &[token("x", 1).id])
        .await;
    assert_eq!(revoked, Ok(true));
    drop(view);
    let kept = recalls(&here).await;
    let (taken, own) = kept.split_at(records.len());
    assert_eq!(taken, records);
    assert!(kinds(own).iter().all(|kind| *kind == RecallKind::Places));
}

pub async fn take_over_recalls_tells_of_passwords_that_were_others<H: Harness>() {
    let (there, here) = (living::<H>().await, living::<H>().await);
    let mut unit = begin(&there).await;
    let mut changed = account("admin");
    changed.password_hash = PasswordHash::new("another");
    changed.password_set_at = at(7);
    unit.update_account(&changed).await.unwrap();
    keep(unit).await;
    let records = recalls(&there).await;
    let mut unit = begin(&here).await;
    let taken = unit.take_over_recalls(&records, at(8), at(100)).await.unwrap();
    assert_eq!(taken.outdated_passwords, [changed.username]);
}

pub async fn take_over_recalls_refuses_what_does_not_follow<H: Harness>() {
    let (there, here) = (living::<H>().await, living::<H>().await);
    end_each(&there).await;
    let records = recalls(&there).await;
    let mut unit = begin(&here).await;
    let (_, later) = records.split_first().unwrap();
    let refused = unit.take_over_recalls(later, at(6), at(100)).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn no_place_that_may_have_been_given_out_is_given_out_again<H: Harness>() {
    let (there, here) = (living::<H>().await, living::<H>().await);
    let mut unit = begin(&there).await;
    let mut last = 0;
    for _ in 0..1500 {
        last = unit.allocate_status_index(broker_id(1)).await.unwrap();
    }
    keep(unit).await;
    let records = recalls(&there).await;
    let mut unit = begin(&here).await;
    unit.take_over_recalls(&records, at(6), at(100)).await.unwrap();
    let next = unit.allocate_status_index(broker_id(1)).await.unwrap();
    assert!(next > last, "{next} after {last}");
    let recalled = unit.list_recalled(broker_id(1)).await.unwrap();
    assert!(recalled.contains(&last) && !recalled.contains(&next));
    // Also where nothing says so: fewer than a step were given out since.
    let quiet = living::<H>().await;
    let mut unit = begin(&quiet).await;
    unit.take_over_recalls(&[], at(6), at(100)).await.unwrap();
    let next = unit.allocate_status_index(broker_id(1)).await.unwrap();
    assert_eq!(next, 1024);
}

pub async fn recall_everything_leaves_a_recall_of_each<H: Harness>() {
    let harness = living::<H>().await;
    let mut unit = begin(&harness).await;
    assert_eq!(unit.recall_everything(at(1)).await, Ok(4));
    keep(unit).await;
    let mut found = kinds(&recalls(&harness).await);
    found.sort_unstable();
    let ended = [
        RecallKind::ApiToken,
        RecallKind::ClientSecret,
        RecallKind::EmergencyToken,
        RecallKind::Session,
    ];
    assert_eq!(found, ended);
    let mut view = read(&harness).await;
    assert_eq!(view.find_session(&TokenDigest::of("one")).await, Ok(None));
}

pub async fn skip_places_lets_every_list_go_on_further<H: Harness>() {
    let harness = living::<H>().await;
    let mut unit = begin(&harness).await;
    unit.skip_places(5000).await.unwrap();
    for broker in [1, 2] {
        let next = unit.allocate_status_index(broker_id(broker)).await;
        assert_eq!(next, Ok(5000));
    }
}
