//! The command line against a running server.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use breakglass_e2e::{Command, Outcome, PASSWORD, Place, Server};
use serde_json::{Value, json};

/// A place with a running server, and the command line pointed at it.
struct Desk {
    place: Place,
    server: Server,
}

impl Desk {
    fn new() -> Self {
        let place = Place::new();
        let server = place.serve().start();
        Self { place, server }
    }

    /// A command that signs in with the administrator's password.
    fn command(&self, line: &str) -> Command {
        self.place
            .sign_in(self.place.command(line.split(' ')), self.server.url())
    }

    fn run(&self, line: &str) -> Outcome {
        self.command(line).run()
    }

    /// A command with these credentials in its environment, and no others.
    fn with_token(&self, token: &str, line: &str) -> Outcome {
        let command = self.place.command(line.split(' '));
        let command = command.env("BREAKGLASS_SERVER", self.server.url());
        command.env("BREAKGLASS_TOKEN", token).run()
    }
}

#[test]
fn a_walk_from_a_broker_to_its_end() {
    let desk = Desk::new();
    let broker = desk
        .run("broker add --tenant ACME --name Acme --algorithm EdDSA -o json")
        .json();
    assert_eq!(
        (&broker["tenant"], &broker["algorithm"]),
        (&json!("ACME"), &json!("EdDSA"))
    );
    assert!(desk.run("broker list").ok().contains("ACME"));
    let realm = desk.run("realm create --broker ACME --output json").json();
    assert_eq!(realm["vidbResourceId"], broker["id"]);
    assert!(
        desk.run("realm list")
            .ok()
            .contains(realm["id"].as_str().unwrap())
    );

    // With two realms it has to be said which is meant.
    let create = "emergency-client create --client-id safe --client-name Safe --ttl 2h";
    let unsaid = desk.run(create).expect(2);
    assert!(unsaid.stderr.contains("--realm"), "{}", unsaid.stderr);
    let told = desk.run(&format!("{create} --realm ACME")).expect(0);
    assert!(told.stderr.contains("only this once"), "{told:?}");
    let duplicate = desk.run(&format!("{create} --realm ACME")).expect(7);
    assert!(
        duplicate.stderr.contains("already exists"),
        "{}",
        duplicate.stderr
    );

    let list = desk.run("ec list --realm ACME").ok();
    assert!(list.contains("safe") && list.contains("1h 59m"), "{list}");
    let shown = desk.run("ec show safe --realm ACME -o json").json();
    assert_eq!(shown["accessTokenTtl"], 120);
    assert!(shown.get("accessToken").is_none());
    let renewed = desk.run("ec regenerate safe --realm ACME -o json").json();
    assert!(
        renewed["accessToken"].as_str().unwrap().starts_with("eyJ"),
        "{renewed}"
    );

    let held = desk.run("realm delete ACME --yes").expect(11);
    assert!(!held.stderr.is_empty());
    desk.run("ec delete safe --realm ACME --yes").ok();
    desk.run("ec show safe --realm ACME").expect(6);
    desk.run("realm delete ACME --yes").ok();
    let realms = desk.run("realm list -o json").json();
    assert_eq!(realms["ssoRealms"].as_array().unwrap().len(), 1);
}

#[test]
fn the_three_outputs_hold_the_same() {
    let desk = Desk::new();
    let token = desk
        .run("ec create --client-id piped --ttl 60 --output token")
        .ok();
    assert!(
        token.ends_with('\n') && token.trim().split('.').count() == 3,
        "{token}"
    );
    let json = desk
        .run("ec create --client-id named --ttl 60 --output json")
        .json();
    assert_eq!(json["clientName"], "named");
    let fleet = desk.server.fleet();
    for token in [token.trim(), json["accessToken"].as_str().unwrap()] {
        assert!(fleet.is_alive(token));
    }
    // The contract's own object, as the server sends it.
    let shown = desk.run("realm list -o json").json();
    let sent = fleet
        .client()
        .get("/suite-api/api/fleet-management/iam/ssorealms");
    assert_eq!(shown, sent.json());
    let table = desk.run("ec create --client-id told --ttl 1d").ok();
    let token = table.split(|letter: char| letter.is_whitespace() || letter == '│');
    let token = token
        .into_iter()
        .find(|word| word.starts_with("eyJ"))
        .unwrap();
    assert!(fleet.is_alive(token));
}

#[test]
fn every_way_to_say_who_one_is() {
    let desk = Desk::new();
    let fleet = desk.server.fleet();
    let issued = fleet.create("safe");
    for token in [&issued.token, &fleet.ops_token] {
        desk.with_token(token, "ec list").ok();
    }
    let nobody = desk
        .place
        .command(["ec", "list", "--server", desk.server.url()])
        .run();
    nobody.expect(4);
    desk.with_token("a.b.c", "ec list").expect(4);
    desk.command("ec list")
        .env("BREAKGLASS_PASSWORD", "wrong")
        .run()
        .expect(4);

    let text = format!("username = 'admin'\npassword = '{PASSWORD}'\n");
    let file = desk.place.secret_file("credentials.toml", &text);
    let words = [
        "ec",
        "list",
        "--server",
        desk.server.url(),
        "--credentials-file",
    ];
    let by_file = || desk.place.command(words).args([&file]).run();
    by_file().ok();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = by_file().expect(2);
    assert!(refused.stderr.contains("chmod 600"), "{}", refused.stderr);
    assert!(!refused.stderr.contains(PASSWORD));

    // A password opens a session for the command only.
    let actions: Vec<Value> = fleet
        .audit()
        .iter()
        .map(|record| record["action"].clone())
        .collect();
    let count = |name: &str| actions.iter().filter(|action| *action == name).count();
    // The session of this test itself is still open.
    assert_eq!(count("session.acquired"), count("session.released") + 1);
}

#[test]
fn exit_codes_tell_a_script_what_happened() {
    let desk = Desk::new();
    desk.run("ec create --client-id safe --ttl soon").expect(2);
    let invalid = desk
        .command("ec create --ttl 0 --client-id")
        .args(["a/b"])
        .run()
        .expect(3);
    assert!(invalid.stderr.contains("clientId"), "{}", invalid.stderr);
    assert!(
        invalid.stderr.contains("accessTokenTtl"),
        "{}",
        invalid.stderr
    );
    desk.run("ec show nobody").expect(6);
    desk.run("broker add --tenant CUSTOMER --name again")
        .expect(7);
    desk.run("no-such-command").expect(2);
    let words = ["ec", "list", "--server", "http://127.0.0.1:1"];
    let gone = desk
        .place
        .command(words)
        .env("BREAKGLASS_TOKEN", "a.b.c")
        .run();
    gone.expect(9);
    let words = ["ec", "list", "--server", "http://breakglass.example"];
    let plain = desk
        .place
        .command(words)
        .env("BREAKGLASS_TOKEN", "a.b.c")
        .run()
        .expect(2);
    assert!(
        plain.stderr.contains("--allow-plaintext"),
        "{}",
        plain.stderr
    );
}

#[test]
fn tokens_are_inspected_and_verified() {
    let desk = Desk::new();
    let token = desk
        .run("ec create --client-id safe --ttl 60 -o token")
        .ok();
    let token = token.trim();
    let file = desk.place.secret_file("safe.token", token);
    let issuer = format!("{}/acs/t/CUSTOMER", desk.server.url());

    let inspected = desk
        .place
        .command(["token", "inspect", token])
        .run()
        .expect(0);
    assert!(inspected.stdout.contains("safe"), "{}", inspected.stdout);
    assert!(!inspected.stdout.contains(token.rsplit('.').next().unwrap()));

    let verify = |words: &[&str]| {
        let command = desk.place.command(["token", "verify"]);
        command.args(words).input(token).run()
    };
    verify(&[token, "--issuer", &issuer]).ok();
    verify(&["-", "--server", desk.server.url()]).ok();
    verify(&[
        "--file",
        file.to_str().unwrap(),
        "--issuer",
        &issuer,
        "-o",
        "json",
    ])
    .json();
    let (head, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", "A".repeat(86));
    verify(&[&forged, "--issuer", &issuer]).expect(20);
    desk.run("broker add --tenant OTHER --name Other").ok();
    for (tenant, code) in [("OTHER", 20), ("NOBODY", 9)] {
        let issuer = format!("{}/acs/t/{tenant}", desk.server.url());
        verify(&[token, "--issuer", &issuer]).expect(code);
    }

    let keys = desk.server.client().get("/acs/t/CUSTOMER/jwks").text();
    let keys = desk.place.secret_file("keys.json", &keys);
    let offline = verify(&[token, "--jwks", keys.to_str().unwrap()]).expect(0);
    let told = offline.stdout + &offline.stderr;
    assert!(told.contains("valid, recall not checked"), "{told}");

    desk.run("ec regenerate safe").ok();
    verify(&[token, "--issuer", &issuer]).expect(22);
}

#[test]
fn the_audit_is_read_verified_and_exported() {
    let desk = Desk::new();
    desk.run("ec create --client-id safe --ttl 60").ok();
    let table = desk.run("audit list").ok();
    assert!(
        table.contains("emergency_client.created") && table.contains("safe"),
        "{table}"
    );
    let json = desk
        .run("audit list --action emergency_client.created -o json")
        .json();
    assert_eq!(json["records"].as_array().unwrap().len(), 1);
    desk.run("audit verify").ok();

    let anchor = desk.place.path("anchor");
    desk.command("audit checkpoint --append")
        .args([&anchor])
        .run()
        .ok();
    desk.command("audit verify --checkpoint")
        .args([&anchor])
        .run()
        .ok();
    let file = desk.place.path("records.jsonl");
    desk.command("audit export --file").args([&file]).run().ok();
    let text = fs::read_to_string(&file).unwrap();
    let sequences = text.lines().map(|line| {
        let record: Value = serde_json::from_str(line).unwrap();
        record["sequence"].as_u64().unwrap()
    });
    assert!(sequences.eq(1..=text.lines().count() as u64), "{text}");
    // An export never writes over what is there.
    desk.command("audit export --file")
        .args([&file])
        .run()
        .expect(1);
}

#[test]
fn the_status_tells_what_to_worry_about() {
    let desk = Desk::new();
    let alone = desk.run("status -o json").json();
    assert_eq!(alone["realms"][0]["liveEmergencyClients"], 0);
    assert!(
        !alone["realms"][0]["warnings"]
            .as_array()
            .unwrap()
            .is_empty(),
        "{alone}"
    );
    for id in ["one", "two"] {
        desk.run(&format!("ec create --client-id {id} --ttl 90d"))
            .ok();
    }
    let safe = desk.run("status -o json").json();
    assert_eq!(safe["realms"][0]["liveEmergencyClients"], 2);
    assert_eq!(safe["realms"][0]["warnings"], json!([]));
    assert!(desk.run("status").ok().contains("CUSTOMER"));
}

#[test]
fn the_use_of_a_token_is_seen() {
    let desk = Desk::new();
    let token = desk
        .run("ec create --client-id safe --ttl 60 -o token")
        .ok();
    let fleet = desk.server.fleet();
    assert_eq!(fleet.record_of("safe").unwrap()["uses"], 0);
    desk.with_token(token.trim(), "realm list").ok();
    let record = fleet.record_of("safe").unwrap();
    assert!(
        record["uses"].as_u64().unwrap() >= 1 && record["lastUsedAt"].is_u64(),
        "{record}"
    );
    assert!(
        record["createdBy"].as_str().unwrap().contains("admin"),
        "{record}"
    );
    let used: Vec<_> = fleet
        .audit()
        .into_iter()
        .filter(|record| record["action"] == "emergency_token.used")
        .collect();
    assert!(!used.is_empty());
    assert!(
        used.iter().all(|record| record["emergency"] == true),
        "{used:?}"
    );
}

#[test]
fn a_password_is_set_over_the_network() {
    let desk = Desk::new();
    let new = "a-brand-new-long-password";
    desk.command("admin set-password")
        .input(&format!("{new}\n"))
        .run()
        .ok();
    desk.run("ec list").expect(4);
    desk.command("ec list")
        .env("BREAKGLASS_PASSWORD", new)
        .run()
        .ok();
}

#[test]
fn help_completions_and_manual_pages_are_there() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.command(["completions", shell]).run().ok();
        assert!(script.contains("emergency-client"), "{shell}");
    }
    let page = place.command(["man"]).run().ok();
    assert!(
        page.starts_with('.') && page.contains("breakglass"),
        "{page}"
    );
    let folder = place.path("man");
    place.command(["man", "--dir"]).args([&folder]).run().ok();
    let pages = fs::read_dir(&folder).unwrap().count();
    assert!(pages > 10, "{pages} pages");
    let version = place.command(["--version"]).run().ok();
    assert_eq!(
        version.trim(),
        format!("breakglass {}", env!("CARGO_PKG_VERSION"))
    );
    let help = place.command(["--help"]).run().ok();
    assert!(
        help.contains("emergency-client") && help.contains("serve"),
        "{help}"
    );
    assert!(!place.data().exists());
}
