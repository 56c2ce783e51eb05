//! A server that is killed in the middle of its work.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what is not there fails the test"
)]

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use breakglass_e2e::{Fleet, Place, Server};
use serde_json::Value;

/// How often the server is killed.
const ROUNDS: usize = 3;
/// How many clients write at once.
const WRITERS: usize = 4;
/// After how many acknowledged writes the server is killed.
const WRITES: usize = 150;

/// A write.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Write {
    Create,
    Regenerate,
    Delete,
}

/// What a writer knows of one emergency client: what was acknowledged, and what was asked and never answered.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The tokens, the last of which is alive unless the client was deleted.
    tokens: Vec<String>,
    deleted: bool,
    unanswered: Option<Write>,
}

type Knowledge = BTreeMap<String, Known>;

/// Writes until the server is gone, and reports each acknowledged write.
fn write(fleet: &Fleet, name: &str, acknowledged: &Sender<()>) -> Knowledge {
    let mut knowledge = Knowledge::new();
    for number in 0.. {
        let id = format!("{name}-{number}");
        let known = knowledge.entry(id.clone()).or_default();
        let plan: &[Write] = match number % 4 {
            0 => &[Write::Create],
            1 => &[Write::Create, Write::Regenerate],
            2 => &[Write::Create, Write::Delete],
            _ => &[
                Write::Create,
                Write::Regenerate,
                Write::Regenerate,
                Write::Delete,
            ],
        };
        for write in plan {
            known.unanswered = Some(*write);
            let done = match write {
                Write::Create => fleet
                    .try_create(&id)
                    .map(|issued| known.tokens.push(issued.token)),
                Write::Regenerate => fleet
                    .try_regenerate(&id)
                    .map(|issued| known.tokens.push(issued.token)),
                Write::Delete => fleet.try_delete(&id).map(|()| known.deleted = true),
            };
            if done.is_err() {
                return knowledge;
            }
            known.unanswered = None;
            // Nobody listens any more once the server is killed; then the next write is not answered.
            let _heard: Result<(), _> = acknowledged.send(());
        }
    }
    knowledge
}

/// Lets the writers work, and kills the server under them.
fn round(server: Server, number: usize) -> Knowledge {
    let session = server.fleet();
    let (sender, receiver): (_, Receiver<()>) = channel();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let fleet = session.another(server.url());
            let sender = sender.clone();
            thread::spawn(move || write(&fleet, &format!("r{number}w{writer}"), &sender))
        })
        .collect();
    drop(sender);
    let acknowledged = receiver.iter().take(WRITES).count();
    assert_eq!(acknowledged, WRITES, "the writers gave up early");
    server.kill();
    let parts = writers.into_iter().map(|writer| writer.join().unwrap());
    parts.flatten().collect()
}

/// What the audit says was done to a client, in order.
fn audited(audit: &[Value], id: &str) -> Vec<Write> {
    let about = audit.iter().filter(|record| record["target"]["id"] == id);
    about
        .filter_map(|record| match record["action"].as_str().unwrap() {
            "emergency_client.created" => Some(Write::Create),
            "emergency_client.regenerated" => Some(Write::Regenerate),
            "emergency_client.deleted" => Some(Write::Delete),
            _ => None,
        })
        .collect()
}

/// Holds what a writer knows of a client against everything that the server says about it.
fn check(fleet: &Fleet, audit: &[Value], ids: &[String], id: &str, known: &Known) {
    let history = audited(audit, id);
    let mut acknowledged = Vec::new();
    if !known.tokens.is_empty() {
        acknowledged.push(Write::Create);
        acknowledged.extend(vec![Write::Regenerate; known.tokens.len() - 1]);
    }
    acknowledged.extend(known.deleted.then_some(Write::Delete));
    // A write that was not answered was done wholly, with its record, or not at all.
    let unanswered = known.unanswered.filter(|_| history != acknowledged);
    acknowledged.extend(unanswered);
    assert_eq!(history, acknowledged, "{id}: {known:?}");

    let exists = history.contains(&Write::Create) && !history.contains(&Write::Delete);
    let surfaces = [
        ids.iter().any(|listed| listed == id),
        fleet.client().get(&fleet.client_path(id)).status == 200,
        fleet.record_of(id).is_some(),
    ];
    assert_eq!(surfaces, [exists; 3], "{id}: {known:?}");

    let replaced = unanswered == Some(Write::Regenerate);
    for (position, token) in known.tokens.iter().enumerate() {
        let alive = exists && !replaced && position + 1 == known.tokens.len();
        assert_eq!(
            fleet.is_alive(token),
            alive,
            "{id}: token {position} of {known:?}"
        );
    }
}

#[test]
fn nothing_that_was_acknowledged_is_lost_and_nothing_is_half_done() {
    let place = Place::installed();
    let mut all = Knowledge::new();
    for number in 0..ROUNDS {
        all.extend(round(place.serve().start(), number));

        let server = place.serve().start();
        let fleet = server.fleet();
        let audit = fleet.audit();
        let sequences = audit
            .iter()
            .map(|record| record["sequence"].as_u64().unwrap());
        assert!(sequences.eq(1..=audit.len() as u64), "the audit has a gap");
        let ids = fleet.ids();
        for (id, known) in &all {
            check(&fleet, &audit, &ids, id, known);
        }
        assert!(ids.iter().all(|id| all.contains_key(id)), "{ids:?}");

        let newest = all
            .values()
            .rev()
            .find(|known| known.unanswered.is_none() && !known.deleted && !known.tokens.is_empty());
        let token = newest.and_then(|known| known.tokens.last()).unwrap();
        let holder = server.client().authorized(format!("Bearer {token}"));
        holder.get(&fleet.clients_path()).expect(200);
        // Dies with its connections, as after a power cut.
        server.kill();
        place.local(["audit", "verify", "--local"]).run().ok();
    }
}
