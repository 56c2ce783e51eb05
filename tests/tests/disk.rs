//! A server whose disk is full, read-only, slow, failing or damaged.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::thread;
use std::time::{Duration, Instant};

use breakglass_e2e::{Failing, Faults, Fleet, Place, Server, eventually, found};
use serde_json::json;

/// Asks for an emergency client, and gives the status of the answer.
fn create(fleet: &Fleet, id: &str) -> u16 {
    let draft = json!({"clientId": id, "clientName": id, "accessTokenTtl": 60});
    fleet.client().post(&fleet.clients_path(), &draft).status
}

/// What needs no writing goes on.
fn reads_go_on(server: &Server, fleet: &Fleet, alive: &str, dead: &str) {
    let client = server.client();
    client.get("/healthz").expect(200);
    client.get("/readyz").expect(200);
    client.get("/acs/t/CUSTOMER/jwks").expect(200);
    fleet.client().get(&fleet.clients_path()).expect(200);
    assert!(fleet.is_alive(alive) && !fleet.is_alive(dead));
}

/// Lets everything written fail, and holds what the server does meanwhile and afterwards.
fn writes_fail(failing: Failing, set: fn(&Faults, Failing), reason: &str, name: &str) {
    let place = Place::installed();
    let faults = Faults::new(&place);
    let server = faults.on(place.serve()).start();
    let fleet = server.fleet();
    let dead = fleet.create("safe").token;
    let alive = fleet.regenerate("safe").token;
    // Introspection is recorded now and then, so its record is made before.
    assert!(fleet.is_alive(&alive));

    set(&faults, failing);
    let refused = fleet.client().post(
        &fleet.clients_path(),
        &json!({"clientId": "late", "clientName": "late", "accessTokenTtl": 60}),
    );
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(
        refused.text().contains("nothing was changed"),
        "{}",
        refused.text()
    );
    assert_eq!(refused.header("retry-after"), "1");
    reads_go_on(&server, &fleet, &alive, &dead);
    let regenerate = format!("{}/regenerate", fleet.client_path("safe"));
    fleet.client().post(&regenerate, &json!({})).expect(503);
    // The use of an emergency token has to be recorded first.
    let holder = server.client().authorized(format!("Bearer {alive}"));
    holder.get(&fleet.clients_path()).expect(503);
    let log = server.log();
    assert!(log.contains(reason), "{log}");

    set(&faults, Failing::Not);
    eventually("service returns", || {
        (create(&fleet, "late") != 503).then_some(())
    });
    assert!(fleet.ids().contains(&"late".to_owned()));
    holder.get(&fleet.clients_path()).expect(200);
    assert!(fleet.is_alive(&alive) && !fleet.is_alive(&dead));
    server.kill();
    let server = place.serve().start();
    assert_eq!(server.fleet().ids(), ["late", "safe"]);
    place.local(["audit", "verify", "--local"]).run().ok();
    found(
        name,
        &format!(
            "writes: 503, nothing changed, the log says `{reason}`; reads and checks of tokens go on; service returns by itself"
        ),
    );
}

#[test]
fn a_full_disk_refuses_writes_and_service_returns_with_room() {
    writes_fail(
        Failing::Full,
        Faults::writes,
        "database or disk is full",
        "a full disk (ENOSPC)",
    );
}

#[test]
fn a_disk_that_turns_read_only_refuses_writes_and_service_returns() {
    writes_fail(
        Failing::ReadOnly,
        Faults::writes,
        "disk I/O error",
        "a disk that turns read-only (EROFS)",
    );
}

#[test]
fn what_could_not_be_synced_is_not_acknowledged() {
    writes_fail(
        Failing::Device,
        Faults::syncs,
        "disk I/O error",
        "a disk that fails to sync (EIO)",
    );
}

#[test]
fn a_limit_of_file_sizes_refuses_writes_and_ends_no_process() {
    let place = Place::installed();
    let size = fs::metadata(place.store()).unwrap().len();
    // In blocks of 512 bytes: the store fits, and its log grows to as much.
    let server = place.serve().with_file_size(size / 512 + 64).start();
    let fleet = server.fleet();
    let token = fleet.create("safe").token;
    let refused = (0..4000).map(|number| create(&fleet, &format!("c{number}")));
    let statuses: Vec<u16> = refused.take_while(|status| *status == 201).collect();
    assert!(statuses.len() < 4000, "the limit was never met");
    assert!([201, 503].contains(&create(&fleet, "after")));
    assert!(fleet.is_alive(&token));
    let made = fleet.ids().len();
    assert!(made > statuses.len(), "{made}");
    let log = server.stop_however();
    assert!(log.contains("disk"), "{log}");
    let server = place.serve().start();
    let fleet = server.fleet();
    assert_eq!(fleet.ids().len(), made);
    assert_eq!(create(&fleet, "again"), 201);
    place.local(["audit", "verify", "--local"]).run().ok();
    found(
        "a limit of file sizes (RLIMIT_FSIZE)",
        "the process lives; writes: 503; reads and checks of tokens go on; a start without the limit has all that was acknowledged",
    );
}

#[test]
fn a_slow_disk_holds_up_writes_and_no_checks() {
    let place = Place::installed();
    let faults = Faults::new(&place);
    let server = faults.on(place.serve()).start();
    let fleet = server.fleet();
    let token = fleet.create("safe").token;
    assert!(fleet.is_alive(&token));
    let syncs = faults.synced();
    faults.slow_syncs(2_000);
    let begun = Instant::now();
    let writer = fleet.another(server.url());
    let (write, checks) = thread::scope(|scope| {
        let write = scope.spawn(|| {
            assert_eq!(create(&writer, "slow"), 201);
            begun.elapsed()
        });
        eventually("the disk is asked to sync", || {
            (faults.synced() > syncs).then_some(())
        });
        let mut checks = 0;
        while !write.is_finished() {
            assert!(fleet.is_alive(&token));
            checks += 1;
        }
        (write.join().unwrap(), checks)
    });
    assert!(
        write >= Duration::from_secs(2),
        "it was answered before it was synced"
    );
    // While one write waits for the disk, checks are answered by the dozen.
    assert!(checks >= 20, "{checks} checks in {write:?}");
    server.kill();
    faults.slow_syncs(0);
    let server = place.serve().start();
    assert_eq!(server.fleet().ids(), ["safe", "slow"]);
    found(
        "a disk that takes two seconds to sync",
        &format!(
            "a write waits for it and is there after a kill; {checks} checks of tokens were answered meanwhile"
        ),
    );
}

/// Damages each page of the store in turn, and holds that none of them is served as if it were whole.
#[test]
fn a_damaged_page_is_named_or_refused_and_never_taken_for_good() {
    let place = Place::installed();
    let server = place.serve().start();
    let fleet = server.fleet();
    let token = fleet.create("safe").token;
    for number in 0..20 {
        fleet.create(&format!("c{number}"));
    }
    drop(server.stop());
    let whole = place.store();
    let bytes = fs::read(&whole).unwrap();
    let pages = bytes.len() / 4096;
    let (mut refused, mut found_out, mut unused) = (0, 0, 0);
    for page in 0..pages {
        fs::write(&whole, &bytes).unwrap();
        let file = OpenOptions::new().write(true).open(&whole).unwrap();
        file.write_all_at(&[0x5a; 4096], u64::try_from(page * 4096).unwrap())
            .unwrap();
        drop(file);
        let verified = place.local(["audit", "verify", "--local"]).run();
        match verified.code {
            Some(0) => unused += 1,
            Some(_)
                if verified.stderr.contains("damaged")
                    || verified.stderr.contains("malformed")
                    || verified.stderr.contains("no database") =>
            {
                refused += 1;
            }
            _ => {
                found_out += 1;
                assert!(
                    !verified.stderr.is_empty() || !verified.stdout.is_empty(),
                    "{verified:?}"
                );
            }
        }
        assert!(!verified.stderr.contains("panicked"), "{verified:?}");
    }
    assert!(refused > 0, "no damage was named");
    fs::write(&whole, &bytes).unwrap();
    let server = place.serve().start();
    assert!(server.fleet().is_alive(&token));
    found(
        &format!("each of {pages} pages of the store overwritten in turn"),
        &format!(
            "{refused} times refused as damaged, {found_out} times found otherwise by the verification, {unused} pages that the audit does not lie on; no panic; the whole file serves again"
        ),
    );
}

#[test]
fn a_cut_log_loses_its_end_and_nothing_before_it() {
    let place = Place::installed();
    let server = place.serve().start();
    let fleet = server.fleet();
    for number in 0..8 {
        fleet.create(&format!("c{number}"));
    }
    server.kill();
    let wal = place.data().join("breakglass.db-wal");
    let length = fs::metadata(&wal).unwrap().len();
    for share in [7, 5, 3, 1, 0] {
        let file = OpenOptions::new().write(true).open(&wal).unwrap();
        file.set_len(length * share / 8).unwrap();
        drop(file);
        let copy = place.copy_of_data(&format!("cut{share}"));
        let server = place
            .server(["--listen", "127.0.0.1:0", "--data-dir"])
            .args([&copy])
            .start();
        let ids = server.fleet().ids();
        // What is left is a beginning of what was done.
        let expected: Vec<String> = (0..ids.len()).map(|number| format!("c{number}")).collect();
        assert_eq!(ids, expected);
        drop(server.stop());
        place
            .command(["audit", "verify", "--local", "--data-dir"])
            .args([&copy])
            .run()
            .ok();
    }
    found(
        "a write-ahead log that is cut, at five places",
        "it starts with a beginning of what was done, whole, whose audit verifies",
    );
}

#[test]
fn wrong_permissions_are_named() {
    let place = Place::installed();
    let key = place.data().join("master.key");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    let outcome = place.serve().run().expect(41);
    assert!(
        outcome.stderr.contains("0644") && outcome.stderr.contains("master.key"),
        "{outcome:?}"
    );
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    for path in [place.data(), place.store()] {
        let mode = fs::metadata(&path).unwrap().permissions();
        fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
        let log = place.serve().start().stop();
        let name = path.display().to_string();
        assert!(
            log.contains("others than its owner") && log.contains(&name),
            "{log}"
        );
        fs::set_permissions(&path, mode).unwrap();
    }
    found(
        "a master key, store or folder that others can get at",
        "the key: no start, and its mode is named; the others: a warning that names them",
    );
}
