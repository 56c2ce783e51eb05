//! A server whose clock jumps, forward and back, while it runs and before it starts.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what is not there fails the test"
)]

use breakglass_e2e::{Faults, Fleet, Place, Server, eventually, found};
use serde_json::Value;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// The records of an action, once there are so many.
fn recorded(fleet: &Fleet, action: &str, count: usize) -> Vec<Value> {
    eventually(action, || {
        let mut audit = fleet.audit();
        audit.retain(|record| record["action"] == action);
        (audit.len() >= count).then_some(audit)
    })
}

fn by_millis(record: &Value) -> i64 {
    record["details"]["by_millis"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

/// Every record is no earlier than the one before it.
fn is_in_order(fleet: &Fleet) {
    let audit = fleet.audit();
    let times: Vec<i64> = audit
        .iter()
        .map(|one| one["time"].as_i64().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}

/// A token that is made now works, and lives as long as it was asked to.
fn a_new_token_works(server: &Server, fleet: &Fleet, id: &str) -> String {
    let issued = fleet.create(id);
    let claims = issued.claims();
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 3600);
    let holder = server
        .client()
        .authorized(format!("Bearer {}", issued.token));
    holder.get(&fleet.clients_path()).expect(200);
    issued.token
}

#[test]
fn what_is_over_stays_over_wherever_the_clock_jumps() {
    let place = Place::installed();
    let faults = Faults::new(&place);
    let server = faults.on(place.serve()).start();
    let fleet = server.fleet();
    let token = a_new_token_works(&server, &fleet, "short");

    faults.clock(2 * HOUR);
    assert!(!fleet.is_alive(&token));
    let forward = recorded(&fleet, "clock.moved_forward", 1);
    assert!(
        (by_millis(&forward[0]) - 2 * HOUR).abs() < HOUR / 2,
        "{forward:?}"
    );
    recorded(&fleet, "emergency_token.expired", 1);
    found(
        "the clock jumps two hours forward",
        "tokens of an hour are over; the jump is in the audit",
    );

    faults.clock(-DAY);
    assert!(!fleet.is_alive(&token), "a token came back to life");
    let back = recorded(&fleet, "clock.moved_back", 1);
    assert!(by_millis(&back[0]) > DAY, "{back:?}");
    let second = a_new_token_works(&server, &fleet, "second");
    is_in_order(&fleet);
    found(
        "the clock jumps a day and two hours back",
        "what was over stays over, new tokens live their hour, records are in order; the jump is in the audit",
    );
    server.kill();

    // The next start finds a clock before the last record.
    let server = faults.on(place.serve()).start();
    assert!(
        server.log().contains("clock was found behind"),
        "{}",
        server.log()
    );
    let fleet = server.fleet();
    assert!(!fleet.is_alive(&token), "a token came back to life");
    assert!(fleet.is_alive(&second));
    recorded(&fleet, "clock.moved_back", 2);
    a_new_token_works(&server, &fleet, "third");
    is_in_order(&fleet);
    found(
        "a start a day before the last record",
        "it warns and records that; what was over stays over, what was alive is alive",
    );
    drop(server);

    // Put right, it is followed again.
    faults.clock(DAY);
    let server = faults.on(place.serve()).start();
    let fleet = server.fleet();
    for dead in [&token, &second] {
        assert!(!fleet.is_alive(dead));
    }
    a_new_token_works(&server, &fleet, "fourth");
    is_in_order(&fleet);
    place.local(["audit", "verify", "--local"]).run().ok();
    found(
        "a start with the clock put right",
        "time is the clock's again, and the audit verifies",
    );
    drop(server.stop());
}
