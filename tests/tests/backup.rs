//! A copy of the store, made while it is served and written to, and put back.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::fs;
use std::sync::mpsc::channel;
use std::thread;

use breakglass_e2e::{Fleet, Place, found};

/// How many clients write at once.
const WRITERS: usize = 3;

/// After how many acknowledged writes the copy is begun.
const BEFORE: usize = 30;

/// Makes emergency clients and regenerates every other one until told to stop, and gives each client's tokens: the last of
/// them is alive.
fn write(
    fleet: &Fleet,
    name: &str,
    done: &std::sync::mpsc::Sender<()>,
) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for number in 0.. {
        let id = format!("{name}-{number}");
        let mut tokens = vec![fleet.try_create(&id).unwrap().token];
        if number % 2 == 1 {
            tokens.push(fleet.try_regenerate(&id).unwrap().token);
        }
        all.push((id, tokens));
        if done.send(()).is_err() {
            break;
        }
    }
    all
}

#[test]
fn a_copy_made_under_writers_is_put_back_with_every_recall() {
    let place = Place::new();
    let server = place.serve().start();
    let fleet = server.fleet();
    let early: Vec<_> = (0..4)
        .map(|number| fleet.try_create(&format!("early-{number}")).unwrap().token)
        .collect();

    let (sender, receiver) = channel();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (fleet, sender) = (fleet.another(server.url()), sender.clone());
            thread::spawn(move || write(&fleet, &format!("w{writer}"), &sender))
        })
        .collect();
    drop(sender);
    assert_eq!(receiver.iter().take(BEFORE).count(), BEFORE);
    let copy = place.path("copy");
    place
        .local(["backup", "create", "--to"])
        .args([&copy])
        .run()
        .ok();
    drop(receiver);
    let written: Vec<_> = writers
        .into_iter()
        .flat_map(|writer| writer.join().unwrap())
        .collect();
    place.local(["backup", "verify"]).args([&copy]).run().ok();

    // After the copy: one is deleted, one gets a new token.
    fleet.try_delete("early-0").unwrap();
    let renewed = fleet.try_regenerate("early-1").unwrap().token;
    let restore = || place.local(["restore", "--replace"]).args([&copy]);
    // Not while a server runs.
    restore().run().expect(7);
    server.stop();
    restore().run().ok();

    let server = place.serve().start();
    let fleet = server.fleet();
    let path = fleet.clients_path();
    let lives = |token: &str| {
        let client = server.client().authorized(format!("Bearer {token}"));
        client.get(&path).status == 200
    };
    let known = fleet.ids();
    assert!(!lives(&early[0]) && !lives(&early[1]) && !lives(&renewed));
    assert!(lives(&early[2]) && lives(&early[3]));
    for (id, tokens) in &written {
        let (last, dead) = tokens.split_last().unwrap();
        assert!(dead.iter().all(|token| !lives(token)), "{id} is revived");
        // A client that was made after the copy is gone with its token; one that got a new token after it has none.
        if dead.is_empty() {
            assert_eq!(lives(last), known.contains(id), "{id}");
        }
    }
    let kept = known.iter().filter(|id| id.starts_with('w')).count();
    assert!(kept > 0, "{known:?}");
    server.stop();
    place.local(["audit", "verify", "--local"]).run().ok();

    // A changed byte is found, and not put back.
    let mut changed = fs::read(&copy).unwrap();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    fs::write(&copy, changed).unwrap();
    let verify = place.local(["backup", "verify"]).args([&copy]);
    verify.run().expect(31);
    restore().run().expect(31);
    place.local(["audit", "verify", "--local"]).run().ok();
    let made = written.len();
    found(
        &format!("a copy made while {WRITERS} clients write, checked and put back"),
        &format!(
            "{kept} of {made} clients are in it; no token lives that was replaced, deleted with its client or made after \
             the copy; those that are in it and were never replaced live; the audit holds"
        ),
    );
    found(
        "a copy of which one byte was changed",
        "neither checked as good nor put back (exit 31)",
    );
}

#[test]
fn a_lost_record_of_recalls_asks_for_a_choice() {
    let place = Place::installed();
    let copy = place.path("copy");
    place
        .local(["backup", "create", "--to"])
        .args([&copy])
        .run()
        .ok();
    for file in ["breakglass.db", "recalls.log"] {
        fs::remove_file(place.data().join(file)).unwrap();
    }
    let restore = || place.local(["restore"]).args([&copy]);
    restore().run().expect(42);
    restore().args(["--recalls-lost", "accept"]).run().ok();
    place.local(["audit", "verify", "--local"]).run().ok();
    found(
        "a copy put back where the record of recalls is lost",
        "refused (exit 42) until the operator says that the record is lost; the audit holds",
    );
}
