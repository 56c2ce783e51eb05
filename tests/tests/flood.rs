//! Somebody who fails again and again, and somebody who must get in meanwhile.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use breakglass_e2e::{Client, Place};
use serde_json::json;

/// How many callers fail at once, and how often each.
const CALLERS: usize = 4;
const FAILURES: usize = 50;

/// Open connections that do nothing any more, more than the server has places for.
const IDLE: usize = 100;

#[test]
fn connections_that_are_kept_open_lock_nobody_out() {
    let place = Place::installed();
    let server = place.serve().with_open_files(128).start();
    let address = server.url().strip_prefix("http://").unwrap();
    let mut kept = Vec::new();
    for _ in 0..IDLE {
        let mut connection = TcpStream::connect(address).unwrap();
        let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\n\r\n");
        connection.write_all(request.as_bytes()).unwrap();
        let mut start = [0; 12];
        connection.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
        kept.push(connection);
    }
    // A login opens files of the store, for which descriptors must be left.
    let fleet = server.fleet();
    fleet.create("safe");
    drop(kept);
    let log = server.stop();
    assert!(log.contains("limit of open files"), "{log}");
    assert!(!log.contains("cannot accept"), "{log}");
}

#[test]
fn a_flood_of_failures_locks_nobody_out_and_fills_no_audit() {
    let place = Place::installed();
    let server = place.serve().start();
    let fleet = server.fleet();
    let token = fleet.create("safe").token;
    let before = fleet.audit().len();

    let refused = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                scope.spawn(|| {
                    let client = Client::new(server.url());
                    let login = json!({ "username": "admin", "password": "guess" });
                    let dead = Client::new(server.url()).authorized("Bearer a.b.c");
                    let answers = (0..FAILURES).map(|number| {
                        let answer = if number % 2 == 0 {
                            client.post("/suite-api/api/auth/token/acquire", &login)
                        } else {
                            dead.get(&fleet.clients_path())
                        };
                        assert!([401, 429].contains(&answer.status), "{answer:?}");
                        if answer.status == 429 {
                            let seconds: u32 = answer.header("retry-after").parse().unwrap();
                            assert!((1..=60).contains(&seconds), "{seconds}");
                        }
                        answer.status
                    });
                    answers.collect::<Vec<_>>()
                })
            })
            .collect();
        // Meanwhile, on a new connection each time.
        for _ in 0..10 {
            let holder = Client::new(server.url()).authorized(format!("Bearer {token}"));
            holder.get(&fleet.clients_path()).expect(200);
        }
        let answers = callers
            .into_iter()
            .flat_map(|caller| caller.join().unwrap());
        answers.collect::<Vec<_>>()
    });

    assert_eq!(refused.len(), CALLERS * FAILURES);
    assert!(
        refused.contains(&401) && refused.contains(&429),
        "{refused:?}"
    );
    // Sessions that are open stay so, and each source has one record for all its failures within the minute.
    let audit = fleet.audit();
    let failures = audit
        .iter()
        .skip(before)
        .filter(|record| record["action"] == "authentication.failed");
    let failures = failures.count();
    assert!(
        (1..=4).contains(&failures),
        "{failures} records of {} failures",
        refused.len()
    );
    place.local(["audit", "verify", "--local"]).run().ok();
}
