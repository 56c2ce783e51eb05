//! OpsToken sessions.

use breakglass_domain::{SessionGrant, TokenDigest};
use breakglass_ports::StoreError;
use breakglass_ports::store::SignedRecall;

use crate::samples::{at, broker_id, realm_id, session, session_grant};
use crate::{Harness, begin, keep, read, seeded};

pub async fn find_session_gives_it_as_written_also_when_it_is_over<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut over = session("secret", "admin");
    over.expires_at = over.created_at.plus_millis(-1);
    let mut unit = begin(&harness).await;
    unit.insert_session(&over).await.unwrap();
    keep(unit).await;
    let mut view = read(&harness).await;
    assert_eq!(view.find_session(&over.digest).await, Ok(Some(over)));
    let unknown = TokenDigest::of("another");
    assert_eq!(view.find_session(&unknown).await, Ok(None));
}

pub async fn insert_session_refuses_a_taken_digest<H: Harness>() {
    let harness = seeded::<H>().await;
    let mut unit = begin(&harness).await;
    unit.insert_session(&session("secret", "admin"))
        .await
        .unwrap();
    keep(unit).await;
    let mut unit = begin(&harness).await;
    let refused = unit.insert_session(&session("secret", "other")).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn delete_session_says_whether_there_was_one<H: Harness>() {
    let harness = seeded::<H>().await;
    let (gone, kept) = (session("gone", "admin"), session("kept", "admin"));
    let mut unit = begin(&harness).await;
    unit.insert_session(&gone).await.unwrap();
    unit.insert_session(&kept).await.unwrap();
    assert_eq!(unit.delete_session(&gone.digest).await, Ok(true));
    assert_eq!(unit.delete_session(&gone.digest).await, Ok(false));
    keep(unit).await;
    let mut view = read(&harness).await;
    assert_eq!(view.find_session(&gone.digest).await, Ok(None));
    assert_eq!(view.find_session(&kept.digest).await, Ok(Some(kept)));
}

pub async fn delete_sessions_of_deletes_those_of_the_account_and_no_other<H: Harness>() {
    let harness = seeded::<H>().await;
    let kept = session("kept", "other");
    let mut unit = begin(&harness).await;
    for secret in ["one", "two"] {
        unit.insert_session(&session(secret, "admin"))
            .await
            .unwrap();
    }
    unit.insert_session(&kept).await.unwrap();
    keep(unit).await;

    let admin = "admin".parse().unwrap();
    let mut unit = begin(&harness).await;
    assert_eq!(unit.delete_sessions_of(&admin).await, Ok(2));
    assert_eq!(unit.delete_sessions_of(&admin).await, Ok(0));
    keep(unit).await;
    let mut view = read(&harness).await;
    for secret in ["one", "two"] {
        let found = view.find_session(&TokenDigest::of(secret)).await;
        assert_eq!(found, Ok(None));
    }
    assert_eq!(view.find_session(&kept.digest).await, Ok(Some(kept)));
}

pub async fn find_session_grant_gives_it_as_written<H: Harness>() {
    let harness = seeded::<H>().await;
    let grants = [
        session_grant(1, "one", 1),
        session_grant(2, "one", 2),
        session_grant(3, "two", 1),
    ];
    let mut unit = begin(&harness).await;
    for secret in ["one", "two"] {
        unit.insert_session(&session(secret, "admin"))
            .await
            .unwrap();
    }
    for grant in &grants {
        unit.put_session_grant(grant).await.unwrap();
    }
    keep(unit).await;
    let mut view = read(&harness).await;
    for grant in grants {
        let found = view.find_session_grant(grant.id).await;
        assert_eq!(found, Ok(Some(grant.clone())));
        let of = view.find_session_grant_of(&grant.session_digest, grant.broker_id);
        assert_eq!(of.await, Ok(Some(grant)));
    }
    let unknown = session_grant(4, "two", 2);
    assert_eq!(view.find_session_grant(unknown.id).await, Ok(None));
    let of = view.find_session_grant_of(&unknown.session_digest, unknown.broker_id);
    assert_eq!(of.await, Ok(None));
}

pub async fn put_session_grant_moves_the_end_on_and_refuses_a_second_one<H: Harness>() {
    let harness = seeded::<H>().await;
    let grant = session_grant(1, "one", 1);
    let until = |expires_at| SessionGrant {
        expires_at,
        ..grant.clone()
    };
    let mut unit = begin(&harness).await;
    unit.insert_session(&session("one", "admin")).await.unwrap();
    for end in [30, 50, 40] {
        unit.put_session_grant(&until(at(end))).await.unwrap();
    }
    keep(unit).await;
    let found = read(&harness).await.find_session_grant(grant.id).await;
    assert_eq!(found, Ok(Some(until(at(50)))));
    let second = session_grant(2, "one", 1);
    let refused = begin(&harness).await.put_session_grant(&second).await;
    assert_eq!(refused, Err(StoreError::Conflict));
}

pub async fn a_session_that_is_gone_takes_its_grants_along<H: Harness>() {
    let one = TokenDigest::of("one");
    check_end(async |harness: &H| {
        let mut unit = begin(harness).await;
        unit.delete_session(&one).await.unwrap();
        keep(unit).await;
    }, &[1]).await;
    check_end(async |harness: &H| {
        let mut unit = begin(harness).await;
        let admin = "admin".parse().unwrap();
        unit.delete_sessions_of(&admin).await.unwrap();
        keep(unit).await;
    }, &[1, 2]).await;
    check_end(async |harness: &H| {
        let store = harness.store();
        store.prune(at(60)).await.unwrap();
    }, &[1, 2, 3]).await;
    check_end(async |harness: &H| {
        let recall = SignedRecall {
            realm_id: realm_id(1),
            broker_id: broker_id(1),
            key_ids: &[],
            used_since: at(15),
            now: at(20),
            ends_at: at(500),
        };
        let mut unit = begin(harness).await;
        unit.recall_signed(&recall).await.unwrap();
        keep(unit).await;
    }, &[1, 2, 3]).await;
}

/// Adds three sessions with a grant each, ends some of them, and looks at which are left and which places are recalled.
async fn check_end<H: Harness>(end: impl AsyncFnOnce(&H), ended: &[u64]) {
    let harness = seeded::<H>().await;
    let sessions = [(1, "one", "admin"), (2, "two", "admin"), (3, "three", "other")];
    let mut unit = begin(&harness).await;
    for (number, secret, username) in sessions {
        unit.insert_session(&session(secret, username))
            .await
            .unwrap();
        let mut grant = session_grant(number, secret, 1);
        grant.expires_at = at(90);
        unit.put_session_grant(&grant).await.unwrap();
    }
    keep(unit).await;
    let broker = broker_id(1);
    let before = read(&harness).await.find_status_list_extent(broker).await;
    end(&harness).await;
    let mut view = read(&harness).await;
    for (number, secret, _) in sessions {
        let id = session_grant(number, secret, 1).id;
        let is_left = view.find_session_grant(id).await.unwrap().is_some();
        assert_eq!(is_left, !ended.contains(&u64::from(number)), "{secret}");
    }
    assert_eq!(view.list_recalled(broker).await, Ok(ended.to_vec()));
    assert_ne!(view.find_status_list_extent(broker).await, before);
}
