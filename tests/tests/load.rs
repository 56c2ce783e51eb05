//! A server that is asked for too much, by many at once.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use breakglass_e2e::{Client, Fleet, Place, Server, found, is_long};
use serde_json::json;

/// How many callers ask at once.
const CALLERS: usize = 16;

/// A short run, or a long one.
fn sized(short: usize, long: usize) -> usize {
    if is_long() { long } else { short }
}

fn address(server: &Server) -> String {
    server.url().strip_prefix("http://").unwrap().to_owned()
}

/// The most memory that the server has had so far, in KiB.
fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let figure = line.and_then(|line| line.split_whitespace().next());
    figure.unwrap().parse().unwrap()
}

/// Opens a connection and has it served once, so that it is kept.
fn kept_connection(address: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).unwrap();
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let mut start = [0; 12];
    connection.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    connection
}

#[test]
fn idle_connections_take_little_and_lock_nobody_out() {
    let count = sized(500, 5_000);
    let place = Place::installed();
    let server = place.serve().start();
    let fleet = server.fleet();
    let token = fleet.create("safe").token;
    let before = peak(&server);
    let address = address(&server);
    let kept: Vec<_> = (0..count).map(|_| kept_connection(&address)).collect();
    let holder = server.client().authorized(format!("Bearer {token}"));
    holder.get(&fleet.clients_path()).expect(200);
    fleet.create("another");
    let grown = peak(&server) - before;
    // A connection keeps buffers and a task, and nothing that grows with what it sent.
    let most = u64::try_from(count).unwrap() * 64 + 32 * 1024;
    assert!(grown < most, "{grown} KiB for {count} connections");
    drop(kept);
    found(
        &format!("{count} idle connections"),
        &format!("a login, a write and an emergency token go on; {grown} KiB more memory at most"),
    );
}

/// Sends the beginning of a request, then one byte at a time, until the server has closed the connection; gives how many it took.
fn drip(address: &str, beginning: &str) -> usize {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.write_all(beginning.as_bytes()).unwrap();
    let mut sent = 0;
    let mut answer = [0; 256];
    // Reading waits, so nothing has to sleep between two bytes.
    connection
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    loop {
        match connection.read(&mut answer) {
            Ok(0) => return sent,
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) =>
            {
                if connection.write_all(b"a").is_err() {
                    return sent;
                }
                sent += 1;
                assert!(sent < 240, "the server still waits for the rest");
            }
            Err(_) => return sent,
        }
    }
}

#[test]
fn heads_and_bodies_that_drip_are_cut_and_hold_up_nobody() {
    let count = sized(40, 400);
    let place = Place::installed();
    let server = place.serve().start();
    let fleet = server.fleet();
    let token = fleet.create("safe").token;
    let address = address(&server);
    let slow_head = format!("GET /healthz HTTP/1.1\r\nhost: {address}\r\nx-slow: ");
    let slow_body = format!(
        "POST /suite-api/api/auth/token/acquire HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{{\"username\":\""
    );
    let before = peak(&server);
    let begun = AtomicUsize::new(0);
    let answers = thread::scope(|scope| {
        let slow: Vec<_> = (0..count)
            .map(|number| {
                let beginning = if number % 2 == 0 {
                    &slow_head
                } else {
                    &slow_body
                };
                scope.spawn(|| {
                    begun.fetch_add(1, Ordering::SeqCst);
                    drip(&address, beginning)
                })
            })
            .collect();
        let mut answers = 0;
        while slow.iter().any(|one| !one.is_finished()) {
            let holder = Client::new(server.url()).authorized(format!("Bearer {token}"));
            holder.get(&fleet.clients_path()).expect(200);
            answers += 1;
        }
        answers
    });
    let grown = peak(&server) - before;
    assert!(answers > 0 && begun.into_inner() == count);
    assert!(grown < 96 * 1024, "{grown} KiB for {count} slow senders");
    found(
        &format!("{count} senders of a byte every half second, half of them heads, half bodies"),
        &format!(
            "each is cut off; {answers} requests with an emergency token were served meanwhile, each on a new connection; {grown} KiB more memory at most"
        ),
    );
}

#[test]
fn an_emergency_login_succeeds_in_the_middle_of_a_flood_of_failures() {
    let place = Place::installed();
    let server = place.serve().start();
    let fleet = server.fleet();
    let token = fleet.create("safe").token;
    let login = || {
        let begun = Instant::now();
        let holder = Client::new(server.url()).authorized(format!("Bearer {token}"));
        holder.post("/api/session", &json!({})).expect(201);
        begun.elapsed()
    };
    let before = peak(&server);
    let logins = sized(20, 200);
    let (over, failed) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut slowest = Duration::ZERO;
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                let client = Client::new(server.url());
                let guess = json!({"username": "admin", "password": "guess"});
                while !over.load(Ordering::SeqCst) {
                    let answer = client.post("/suite-api/api/auth/token/acquire", &guess);
                    assert!([401, 429].contains(&answer.status), "{answer:?}");
                    failed.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for _ in 0..logins {
            let failures = failed.load(Ordering::SeqCst);
            slowest = slowest.max(login());
            breakglass_e2e::eventually("the flood goes on", || {
                (failed.load(Ordering::SeqCst) > failures).then_some(())
            });
        }
        over.store(true, Ordering::SeqCst);
    });
    let grown = peak(&server) - before;
    // Two hashes at a time take 19 MiB each, of which the allocator keeps several: so much, however many fail.
    assert!(grown < 384 * 1024, "{grown} KiB");
    let failed = failed.into_inner();
    // A long run has the machine to itself, so that its seconds mean something.
    assert!(
        !is_long() || slowest < Duration::from_secs(1),
        "{slowest:?}"
    );
    found(
        &format!(
            "{logins} emergency logins in the middle of {failed} failed ones by {CALLERS} callers"
        ),
        &format!(
            "all succeed, the slowest in {} ms; {grown} KiB more memory at most",
            slowest.as_millis()
        ),
    );
}

#[test]
fn of_many_that_regenerate_one_client_the_last_has_the_only_token() {
    let count = sized(1_000, 10_000);
    let place = Place::installed();
    let server = place.serve().start();
    let fleet = server.fleet();
    let first = fleet.create("safe").token;
    let before = peak(&server);
    let left = AtomicUsize::new(count);
    let tokens: Vec<String> = thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS * 4)
            .map(|_| {
                let caller: Fleet = fleet.another(server.url());
                let left = &left;
                scope.spawn(move || {
                    let mut tokens = Vec::new();
                    while left
                        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                            left.checked_sub(1)
                        })
                        .is_ok()
                    {
                        tokens.push(caller.regenerate("safe").token);
                    }
                    tokens
                })
            })
            .collect();
        let tokens = callers
            .into_iter()
            .flat_map(|caller| caller.join().unwrap());
        tokens.collect()
    });
    assert_eq!(tokens.len(), count);
    let grown = peak(&server) - before;
    assert!(grown < 128 * 1024, "{grown} KiB");
    assert!(!fleet.is_alive(&first));
    let alive: Vec<_> = tokens
        .iter()
        .filter(|token| fleet.is_alive(token))
        .collect();
    assert_eq!(alive.len(), 1);
    let audit = fleet.audit();
    let records = audit
        .iter()
        .filter(|record| record["action"] == "emergency_client.regenerated");
    assert_eq!(records.count(), count);
    // It answers on, and what it keeps outlives it.
    let alive = alive[0].clone();
    server.kill();
    let server = place.serve().start();
    assert!(server.fleet().is_alive(&alive));
    place.local(["audit", "verify", "--local"]).run().ok();
    found(
        &format!(
            "{count} calls of {} callers that regenerate one client",
            CALLERS * 4
        ),
        &format!(
            "all answered, {count} records, one token alive, {count} dead; {grown} KiB more memory at most"
        ),
    );
}
