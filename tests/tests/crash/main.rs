//! A server that is killed in the middle of its work, again and again, over every operation that writes.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is not there fails the test"
)]

mod check;
mod kinds;
mod life;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use breakglass_api_types::{Effect, OPERATIONS, Operation};
use breakglass_e2e::{Chance, Client, Fleet, PASSWORD, Place, Serve, Server, amount, found};
use serde_json::{Value, json};

use check::{Audit, Met, Places, Reads, Tries, steps_done};
use kinds::{LEFT_OUT, PASSWORD_KIND, of_a_realm, of_the_account, other_password};
use life::{Kind, Life};

/// How often the server is killed; another number comes from the environment.
const ROUNDS: usize = 10;
const ROUNDS_VARIABLE: &str = "BREAKGLASS_ENDURE_ROUNDS";

/// How many callers write at once. The first works with sessions of the account.
const WRITERS: usize = 4;

/// The server is killed after fewer acknowledged writes than this.
const MOST_WRITES: usize = 240;

/// How many lives of earlier rounds are looked at after each round; after the last, all are.
const SAMPLE: usize = 40;

fn kinds(make: fn() -> Vec<Kind>) -> Vec<Arc<Kind>> {
    make().into_iter().map(Arc::new).collect()
}

fn serve(place: &Place) -> Serve {
    let service = "[[service]]\nkey = 'ops-li'\naudience = 'https://logs.example.org'\naddress = 'logs.example.org'\nport = 9543\n\
                   [[service]]\nkey = 'vcenter'\naudience = 'vmware-tes:vapi'\nimplied = true\n";
    let config = place.secret_file("services.toml", service);
    place
        .serve()
        .args(["--trusted-proxy", "127.0.0.1"])
        .args(["--config".as_ref(), config.as_os_str()])
}

/// An API client that administers the realm, and its secret.
fn driver_secret(fleet: &Fleet) -> String {
    let realm = format!(
        "/suite-api/api/fleet-management/iam/ssorealms/{}",
        fleet.realm
    );
    let admin = fleet.client();
    let draft = json!({"clientId": "driver", "clientName": "driver"});
    let made = admin
        .post(&format!("{realm}/api-clients"), &draft)
        .expect(201)
        .json();
    let scope = json!({"scopeType": "SSO_REALM"});
    let roles =
        json!({"vcfRoleAssignments": [{"roleName": "vcf_administrator", "roleScope": scope}]});
    let principal = made["clientUuid"].as_str().unwrap();
    admin
        .put(&format!("{realm}/principals/{principal}/roles"), &roles)
        .expect(200);
    let path = format!(
        "/breakglass/v1/realms/{}/clients/driver/secrets",
        fleet.realm
    );
    let secret = admin
        .post(&path, &json!({"overlapMinutes": 0}))
        .expect(201)
        .json();
    secret["clientSecret"].as_str().unwrap().to_owned()
}

fn driver_token(fleet: &Fleet, secret: &str) -> String {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", "driver"),
        ("client_secret", secret),
    ];
    let issued = fleet.token(&fields).expect(200).json();
    issued["access_token"].as_str().unwrap().to_owned()
}

/// What a writer needs to know.
struct Writer {
    url: String,
    realm: String,
    driver: String,
    name: String,
    kinds: Vec<Arc<Kind>>,
    /// With which kind it begins.
    first: usize,
    /// Counts the lives of all rounds.
    number: usize,
}

impl Writer {
    /// Writes until the server is gone, and reports each acknowledged write.
    fn write(&self, acknowledged: &Sender<()>) -> Vec<Life> {
        let client = Client::new(&self.url);
        let mut lives = Vec::new();
        loop {
            let count = lives.len();
            let kind = &self.kinds[(self.first + count) % self.kinds.len()];
            let name = format!("{}n{count}", self.name);
            let mut life = Life::new(kind, name, self.number + count, &self.realm);
            life.live(&client, &self.driver, &mut || {
                // Nobody listens any more once the server is killed; then the next write is not answered.
                let _heard: Result<(), _> = acknowledged.send(());
            });
            let is_over = life.has_unanswered;
            lives.push(life);
            if is_over {
                return lives;
            }
        }
    }
}

/// A life of each kind to its end, so that no operation is left to chance.
fn whole_lives(server: &Server, fleet: &Fleet, secret: &str) -> Vec<Life> {
    let driver = driver_token(fleet, secret);
    let client = server.client();
    let kinds = kinds(of_a_realm).into_iter().chain(kinds(of_the_account));
    let lived = kinds.enumerate().map(|(number, kind)| {
        let mut life = Life::new(&kind, format!("whole{number}"), number, &fleet.realm);
        life.live(&client, &driver, &mut || {});
        assert!(!life.has_unanswered, "{}: the server is gone", kind.name);
        life
    });
    lived.collect()
}

/// Lets the writers work, and kills the server under them, at a moment that chance has chosen.
fn round(
    server: Server,
    fleet: &Fleet,
    secret: &str,
    number: usize,
    chance: &mut Chance,
) -> Vec<Life> {
    let driver = driver_token(fleet, secret);
    let (sender, receiver): (_, Receiver<()>) = channel();
    let writers: Vec<_> = (0..WRITERS)
        .map(|place| {
            let kinds = kinds(if place == 0 {
                of_the_account
            } else {
                of_a_realm
            });
            let writer = Writer {
                url: server.url().to_owned(),
                realm: fleet.realm.clone(),
                driver: driver.clone(),
                name: format!("r{number}w{place}"),
                first: chance.below(kinds.len()),
                kinds,
                number: number * 1000,
            };
            let sender = sender.clone();
            thread::spawn(move || writer.write(&sender))
        })
        .collect();
    drop(sender);
    let most = chance.below(MOST_WRITES);
    let acknowledged = receiver.iter().take(most).count();
    assert_eq!(acknowledged, most, "the writers gave up early");
    // Somewhere within the next writes, not just after an answer.
    for _ in 0..chance.below(20_000) {
        std::hint::spin_loop();
    }
    server.kill();
    let parts = writers.into_iter().map(|writer| writer.join().unwrap());
    parts.flatten().collect()
}

/// The password that the account has to have, by the last life that changed it, and a session with it.
fn sign_in(server: &Server, lives: &[Life], first_of_round: usize) -> (Fleet, bool) {
    let in_round = lives[first_of_round..].iter();
    let last = in_round.rev().find(|life| life.kind.name == PASSWORD_KIND);
    let is_open = |life: &&Life| life.acknowledged < 4 && life.acknowledged > 0;
    let Some(life) = last.filter(is_open) else {
        return (server.fleet(), false);
    };
    let other = other_password(life);
    if life.acknowledged == 1 && Fleet::try_sign_in(server.url(), &other).is_none() {
        // The first change was cut off, and is not there.
        return (server.fleet(), false);
    }
    match Fleet::try_sign_in(server.url(), &other) {
        Some(fleet) => {
            let path = life.path(Operation::SetAccountPassword);
            fleet
                .client()
                .put(&path, &json!({"password": PASSWORD}))
                .expect(204);
            (server.fleet(), true)
        }
        // The change back was cut off, and is there.
        None => (server.fleet(), false),
    }
}

/// Whether every credential that was recalled in any round is tried after this one; otherwise as many as [`SAMPLE`] lives had.
fn tries_all(number: usize, rounds: usize) -> bool {
    number % 10 == 9 || number + 1 == rounds
}

/// Every credential of these lives that has to be dead is refused, and of the last round every other one is taken. Gives how
/// many are dead.
fn check_credentials(server: &Server, fleet: &Fleet, lives: &[(&Life, usize, bool)]) -> usize {
    let mut dead = 0;
    let mut tries = Tries::new(fleet, server.url());
    for (life, done, is_new) in lives {
        for (name, credential) in &life.credentials {
            let alive = credential.is_alive(*done);
            // Sessions of the account end with its password, whoever changed it.
            let is_session = credential.form == life::Form::OpsToken || *name == "service";
            if alive && (is_session || !is_new) {
                continue;
            }
            let opened = tries.opens(life, credential);
            let whose = format!(
                "{} {}: {name} after {done} steps",
                life.kind.name, life.name
            );
            assert_eq!(opened, alive, "{whose}");
            dead += usize::from(!alive);
        }
    }
    dead
}

#[test]
fn nothing_that_was_acknowledged_is_lost_and_nothing_is_half_done() {
    let mut chance = Chance::of_this_run();
    let rounds = amount(ROUNDS_VARIABLE, ROUNDS);
    let place = Place::installed();
    let server = serve(&place).start();
    let mut fleet = server.fleet();
    let secret = driver_secret(&fleet);
    let mut last = fleet.audit().pop().unwrap();
    let mut server = Some(server);
    let (mut lives, mut done): (Vec<Life>, Vec<usize>) = (Vec::new(), Vec::new());
    let (mut places, mut met) = (Places::default(), Met::default());
    let (mut cut_off, mut kept, mut refused) = (0, 0, 0);
    for number in 0..rounds {
        let first = lives.len();
        if number == 0 {
            lives.extend(whole_lives(server.as_ref().unwrap(), &fleet, &secret));
        }
        lives.extend(round(
            server.take().unwrap(),
            &fleet,
            &secret,
            number,
            &mut chance,
        ));

        let started = serve(&place).start();
        // The audit first: what the checks write comes after it.
        let (session, _) = sign_in(&started, &lives, first);
        fleet = session;
        let audit = Audit::read(&fleet, &last);
        last = audit.last.clone();
        for life in lives.iter_mut().skip(first) {
            met.note(life);
            let steps = steps_done(life, &audit);
            cut_off += usize::from(life.has_unanswered);
            kept += steps - life.acknowledged;
            done.push(steps);
        }
        let is_last = number + 1 == rounds;
        let mut reads = Reads::new(&fleet);
        let single = lives
            .iter()
            .rposition(|life| life.kind.is_single && life.acknowledged > 1);
        let mut chosen: BTreeSet<usize> = (first..lives.len()).collect();
        if is_last {
            chosen.extend(0..first);
        } else if first > 0 {
            chosen.extend((0..SAMPLE).map(|_| chance.below(first)));
        }
        for index in chosen {
            let life = &lives[index];
            let is_overtaken =
                life.kind.is_single && (Some(index) != single || cut_off_later(&lives, index));
            if !is_overtaken {
                reads.check(life, done[index]);
            }
        }
        let sampled: BTreeSet<usize> = if tries_all(number, rounds) {
            (0..first).collect()
        } else {
            (0..SAMPLE.min(first))
                .map(|_| chance.below(first))
                .collect()
        };
        let known = lives.iter().zip(done.iter().copied()).enumerate();
        let known = known.filter(|(index, _)| *index >= first || sampled.contains(index));
        let known: Vec<_> = known
            .map(|(index, (life, done))| (life, done, index >= first))
            .collect();
        refused = check_credentials(&started, &fleet, &known);
        places.note(&lives.iter().skip(first).collect::<Vec<_>>());
        place.local(["audit", "verify", "--local"]).run().ok();
        server = Some(started);
    }
    drop(server);
    let writes: usize = lives.iter().map(|life| life.acknowledged).sum();
    let planned: BTreeSet<_> = planned().into_iter().map(Operation::name).collect();
    assert!(
        planned.is_subset(&met.acknowledged),
        "an operation was never acknowledged"
    );
    let sum = Sum {
        rounds,
        writes,
        cut_off,
        kept,
        refused,
    };
    sum.tell(chance.seed(), planned.len(), met.cut_off.len());
}

/// What all rounds came to.
struct Sum {
    rounds: usize,
    /// The acknowledged writes.
    writes: usize,
    /// Those that were not answered, and how many of them are there.
    cut_off: usize,
    kept: usize,
    /// The dead credentials that were refused after the last round.
    refused: usize,
}

impl Sum {
    fn tell(&self, seed: u64, operations: usize, cut_operations: usize) {
        let Self {
            rounds,
            writes,
            cut_off,
            kept,
            refused,
        } = self;
        found(
            "kills with SIGKILL at random moments under writes of four callers",
            &format!(
                "{rounds} rounds, seed {seed}; every restart served, and the audit verified each time"
            ),
        );
        found(
            "acknowledged writes, of every operation that writes",
            &format!("{writes} writes of {operations} operations: all there"),
        );
        found(
            "writes that were cut off",
            &format!(
                "{cut_off} of {cut_operations} operations: {kept} are there wholly with their records, the others not at all"
            ),
        );
        found(
            "credentials that were recalled",
            &format!(
                "{refused}: every one refused after every tenth restart and the last, those of the round and a sample of the others after each"
            ),
        );
        found(
            "counters: audit sequence, places in status lists, uses",
            "none went back, none was given twice, no record changed",
        );
    }
}

/// Whether a later life of the same kind may have changed the same thing without an answer.
fn cut_off_later(lives: &[Life], index: usize) -> bool {
    let kind = lives[index].kind.name;
    let later = lives.iter().skip(index + 1);
    later
        .filter(|life| life.kind.name == kind)
        .any(|life| life.acknowledged > 0)
}

/// The operations that some life has.
fn planned() -> Vec<Operation> {
    let kinds = of_a_realm().into_iter().chain(of_the_account());
    let steps = kinds.flat_map(|kind| kind.steps);
    let operations = steps.map(|step| step.operation);
    operations
        .filter(|operation| operation.spec().effect == Effect::Write)
        .collect()
}

#[test]
fn every_operation_that_writes_is_tried_when_the_server_is_killed() {
    let place = Place::installed();
    let server = place.serve().start();
    let document: Value = server.client().get("/openapi.json").expect(200).json();
    let paths = document["paths"].as_object().unwrap().values();
    let known: BTreeSet<&str> = paths
        .flat_map(|methods| methods.as_object().unwrap().values())
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    let writes = OPERATIONS
        .iter()
        .filter(|spec| spec.effect == Effect::Write);
    let due: BTreeSet<&str> = writes
        .map(|spec| spec.name)
        .filter(|name| known.contains(name))
        .collect();
    let mut tried: BTreeSet<&str> = planned().into_iter().map(Operation::name).collect();
    for (operation, reason) in LEFT_OUT {
        assert!(
            tried.insert(operation.name()),
            "{} is left out ({reason}) and tried",
            operation.name()
        );
    }
    assert_eq!(tried, due);
}
