//! A clock that jumps.

use breakglass_app::Housekeeping;
use breakglass_domain::audit::AuditAction;
use breakglass_test_support::TestApp;

use crate::support::{bearer, records, records_of};

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn a_token_that_was_over_stays_so_when_the_clock_is_set_back() {
    let test = TestApp::start().await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    assert!(bearer(&test, &token).await.is_ok());
    test.clock.advance(HOUR);
    assert!(bearer(&test, &token).await.is_err());
    test.clock.jump(-HOUR / 2);
    assert!(bearer(&test, &token).await.is_err());
    // Also for a process that starts now.
    Housekeeping::default().round(&test.app).await.unwrap();
    let other = test.another_process().await;
    assert!(bearer(&other, &token).await.is_err());
}

#[tokio::test]
async fn each_jump_is_recorded_once() {
    let test = TestApp::start().await;
    let mut housekeeping = Housekeeping::default();
    test.clock.jump(HOUR);
    for _ in 0..2 {
        housekeeping.round(&test.app).await.unwrap();
    }
    test.clock.jump(-2 * HOUR);
    for _ in 0..2 {
        housekeeping.round(&test.app).await.unwrap();
    }
    let forward = records_of(&test, AuditAction::ClockMovedForward).await;
    let back = records_of(&test, AuditAction::ClockMovedBack).await;
    for (jumps, millis) in [(forward, HOUR), (back, 2 * HOUR)] {
        assert_eq!(jumps.len(), 1);
        assert_eq!(jumps[0].event.details["by_millis"], millis.to_string());
    }
}

#[tokio::test]
async fn a_start_before_the_last_record_is_recorded_before_anything_else() {
    let test = TestApp::start().await;
    let last = records(&test).await.pop().unwrap();
    test.clock.jump(-HOUR);
    let other = test.another_process().await;
    other.app.record_start(&[]).await.unwrap();
    let after: Vec<_> = records(&test)
        .await
        .into_iter()
        .skip(last.sequence.try_into().unwrap())
        .collect();
    let actions: Vec<_> = after.iter().map(|record| record.event.action).collect();
    assert_eq!(
        actions,
        [AuditAction::ClockMovedBack, AuditAction::ServerStarted]
    );
    assert!(
        after
            .iter()
            .all(|record| record.event.time >= last.event.time)
    );
}

#[tokio::test]
async fn a_token_that_is_made_while_the_clock_is_behind_lives_its_time() {
    let test = TestApp::start().await;
    test.clock.jump(-HOUR);
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    assert!(bearer(&test, &token).await.is_ok());
    // Half as fast as the clock, which catches up just then.
    test.clock.advance(HOUR);
    assert!(bearer(&test, &token).await.is_ok());
    test.clock.advance(HOUR);
    assert!(bearer(&test, &token).await.is_err());
}
