//! OpsToken sessions.

use breakglass_domain::TokenDigest;
use breakglass_ports::StoreError;

use crate::samples::session;
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
