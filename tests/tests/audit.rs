//! The audit shows whoever tampers with it, and no secret is kept anywhere.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::fs;
use std::path::Path;

use breakglass_e2e::{Outcome, PASSWORD, Place, python};
use serde_json::{Value, json};

/// The exit code of an audit that does not hold.
const TAMPERED: i32 = 30;

/// A place whose audit has some records, and no server.
fn place_with_records() -> (Place, u64) {
    let place = Place::installed();
    let server = place.serve().start();
    let fleet = server.fleet();
    for id in ["a", "b", "c", "d", "e", "f"] {
        fleet.create(id);
    }
    fleet.delete("a");
    let last = fleet.audit().len() as u64;
    drop(server.stop());
    (place, last)
}

fn verify(place: &Place, data: &Path, words: &[&str]) -> Outcome {
    let command = place.command(["audit", "verify", "--local", "--output", "json"]);
    command.args(words).env("BREAKGLASS_DATA_DIR", data).run()
}

fn tamper(data: &Path, way: &str, sequence: u64) {
    let store = data.join("breakglass.db");
    python(
        "tamper.py",
        &[],
        [store.to_str().unwrap(), way, &sequence.to_string()],
    );
}

#[test]
fn an_untouched_audit_holds() {
    let (place, last) = place_with_records();
    let found = verify(&place, &place.data(), &[]).json();
    assert_eq!(found["valid"], true);
    assert!(found["records"].as_u64().unwrap() >= last, "{found}");
}

#[test]
fn each_way_of_tampering_is_shown_and_its_record_named() {
    let (place, _) = place_with_records();
    let at = 5;
    let ways = [
        ("change", "CHANGED"),
        ("actor", "CHANGED"),
        ("time", "CHANGED"),
        ("remove", "MISSING"),
        ("remove-and-renumber", "CHANGED"),
        ("reorder", "CHANGED"),
        ("insert", "CHANGED"),
    ];
    for (way, reason) in ways {
        let data = place.copy_of_data(way);
        tamper(&data, way, at);
        let outcome = verify(&place, &data, &[]).expect(TAMPERED);
        let found: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(found["valid"], false, "{way}");
        assert_eq!(found["failure"]["sequence"], at, "{way}: {found}");
        assert_eq!(found["failure"]["reason"], reason, "{way}: {found}");
        // For people it says the same.
        let told = place.command(["audit", "verify", "--local"]);
        let told = told
            .env("BREAKGLASS_DATA_DIR", &data)
            .run()
            .expect(TAMPERED);
        let told = told.stdout + &told.stderr;
        assert!(told.contains(&format!("record {at} ")), "{way}: {told}");
    }
}

#[test]
fn an_audit_that_was_emptied_is_shown_and_what_is_recorded_after_hides_nothing() {
    let (place, _) = place_with_records();
    let data = place.copy_of_data("empty");
    tamper(&data, "empty", 0);
    let first_fails = || {
        let outcome = verify(&place, &data, &[]).expect(TAMPERED);
        let found: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(found["valid"], false, "{found}");
        assert_eq!(found["failure"]["sequence"], 1, "{found}");
        found["failure"]["reason"].clone()
    };
    assert_eq!(first_fails(), "TRUNCATED");

    let command = place.serve().env("BREAKGLASS_DATA_DIR", &data);
    let server = command.start();
    server.fleet().create("after");
    drop(server.stop());
    first_fails();
}

#[test]
fn an_export_that_is_not_whole_does_not_look_like_one() {
    let (place, last) = place_with_records();
    let export = |data: &Path, words: &[&str]| {
        let command = place.command(["audit", "export", "--local"]);
        command.args(words).env("BREAKGLASS_DATA_DIR", data).run()
    };
    let whole = export(&place.data(), &[]).ok();
    assert!(whole.lines().count() as u64 >= last);
    let after = (last - 2).to_string();
    export(&place.data(), &["--after", &after]).ok();

    let data = place.copy_of_data("gap");
    tamper(&data, "remove", 5);
    let outcome = export(&data, &[]).expect(TAMPERED);
    assert!(outcome.stderr.contains("record 5 "), "{}", outcome.stderr);
    // What is there is written all the same.
    assert_eq!(outcome.stdout.lines().count() + 1, whole.lines().count());
    export(&data, &["--after", "5"]).ok();
}

#[test]
fn a_cut_end_is_shown_by_a_checkpoint_kept_elsewhere() {
    let (place, last) = place_with_records();
    let anchor = place.path("anchor");
    let anchor = anchor.to_str().unwrap();
    let words = ["audit", "checkpoint", "--local", "--append", anchor];
    place.local(words).run().ok();
    let signed = fs::read_to_string(anchor).unwrap();

    let data = place.copy_of_data("cut");
    verify(&place, &data, &["--checkpoint", anchor]).ok();
    tamper(&data, "cut", last - 1);
    // What is left holds in itself; only what was kept elsewhere can tell.
    verify(&place, &data, &[]).ok();
    for checkpoint in [anchor, signed.trim()] {
        let outcome = verify(&place, &data, &["--checkpoint", checkpoint]).expect(TAMPERED);
        let found: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(found["failure"]["reason"], "TRUNCATED", "{found}");
        assert_eq!(found["failure"]["sequence"], last - 1, "{found}");
    }
}

#[test]
fn checkpoints_go_to_the_file_that_is_named_and_are_held_against_the_audit() {
    let place = Place::installed();
    let anchor = place.path("anchor");
    let server = place
        .serve()
        .args(["--checkpoint-file"])
        .args([&anchor])
        .start();
    let fleet = server.fleet();
    fleet.create("safe");
    let made = fleet
        .client()
        .post("/breakglass/v1/audit/checkpoints", &json!({}))
        .expect(201)
        .json();
    drop(server.stop());
    let kept = fs::read_to_string(&anchor).unwrap();
    let lines: Vec<&str> = kept.lines().collect();
    assert!(
        lines.contains(&made["checkpoint"].as_str().unwrap()),
        "{kept}"
    );
    // A server in good order leaves its last record under a checkpoint.
    assert!(lines.len() >= 2, "{kept}");
    let anchor = anchor.to_str().unwrap();
    verify(&place, &place.data(), &["--checkpoint", anchor]).ok();
}

#[test]
fn a_checkpoint_of_somebody_else_is_refused() {
    let (place, _) = place_with_records();
    let (other, _) = place_with_records();
    let anchor = other.path("anchor");
    let anchor = anchor.to_str().unwrap();
    other
        .local(["audit", "checkpoint", "--local", "--append", anchor])
        .run()
        .ok();
    let refused = verify(&place, &place.data(), &["--checkpoint", anchor]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    assert_ne!(refused.code, Some(TAMPERED), "{refused:?}");
}

#[test]
fn no_secret_is_kept_or_logged() {
    let place = Place::installed();
    let server = place.serve().env("BREAKGLASS_LOG", "trace").start();
    let fleet = server.fleet();
    let first = fleet.create("safe").token;
    let second = fleet.regenerate("safe").token;
    let holder = server.client().authorized(format!("Bearer {second}"));
    holder.get(&fleet.clients_path()).expect(200);
    // Secrets in the wrong place, too: another scheme, a password as a name, a token in a path and in a form.
    let wrong = server.client().authorized(format!("Basic {second}"));
    wrong.get(&fleet.clients_path()).expect(401);
    let login = json!({ "username": PASSWORD, "password": second });
    server
        .client()
        .post("/suite-api/api/auth/token/acquire", &login)
        .expect(401);
    drop(fleet.client().get(&fleet.client_path(&second)));
    drop(
        fleet
            .client()
            .get(&format!("/healthz?access_token={second}")),
    );
    assert!(!fleet.is_alive(&first));
    let new_password = "another-long-password-8";
    let path = "/breakglass/v1/accounts/admin/password";
    fleet
        .client()
        .put(path, &json!({ "password": new_password }))
        .expect(204);
    // The database is read while the log of its changes is still beside it, and once more when all is at rest.
    let running: Vec<(String, Vec<u8>)> = contents(&place);
    let printed = server.output();
    let log = server.stop();
    assert!(
        log.contains("regenerateEmergencyClient"),
        "nothing was logged: {log}"
    );

    let mut secrets = vec![PASSWORD, new_password];
    for token in [&first, &second] {
        secrets.push(token);
        secrets.push(token.rsplit('.').next().unwrap());
    }
    secrets.extend(fleet.ops_token.split("::"));
    let mut places = running;
    places.extend(contents(&place));
    places.push(("the log".to_owned(), log.into_bytes()));
    places.push(("the output".to_owned(), printed.into_bytes()));
    assert!(places.len() > 4, "the data folder is empty");
    for (name, bytes) in &places {
        for secret in &secrets {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{name} holds a secret");
        }
    }
}

fn contents(place: &Place) -> Vec<(String, Vec<u8>)> {
    let read = |path: std::path::PathBuf| (path.display().to_string(), fs::read(&path).unwrap());
    place.data_files().into_iter().map(read).collect()
}
