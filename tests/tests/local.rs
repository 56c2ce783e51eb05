//! Work on the data folder itself: the last way in.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what is not there fails the test"
)]

use breakglass_e2e::{Client, Place, Server};
use serde_json::{Value, json};

fn create(place: &Place, id: &str) -> String {
    let words = [
        "emergency-client",
        "create",
        "--local",
        "--output",
        "token",
        "--ttl",
        "60",
    ];
    let token = place.local(words).args(["--client-id", id]).run().ok();
    assert_eq!(token.lines().count(), 1, "{token}");
    token.trim().to_owned()
}

fn holder(server: &Server, token: &str) -> Client {
    server.client().authorized(format!("Bearer {token}"))
}

fn realms(client: &Client) -> u16 {
    client
        .get("/suite-api/api/fleet-management/iam/ssorealms")
        .status
}

/// The actions of the audit with the kind of their actor.
fn actions(place: &Place) -> Vec<(String, String)> {
    let text = place.local(["audit", "export", "--local"]).run().ok();
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|record| {
            let word = |value: &Value| value.as_str().unwrap().to_owned();
            (word(&record["action"]), word(&record["actor"]["kind"]))
        })
        .collect()
}

#[test]
fn without_a_server_everything_can_be_done() {
    let place = Place::installed();
    let token = create(&place, "safe");
    let shown = place
        .local(["emergency-client", "show", "safe", "--local", "-o", "json"])
        .run()
        .json();
    assert_eq!(shown["clientId"], "safe");
    assert!(shown.get("accessToken").is_none(), "{shown}");
    let list = place
        .local(["emergency-client", "list", "--local"])
        .run()
        .ok();
    assert!(list.contains("safe"), "{list}");
    let words = [
        "emergency-client",
        "regenerate",
        "safe",
        "--local",
        "--output",
        "token",
    ];
    let renewed = place.local(words).run().ok();
    assert_ne!(renewed.trim(), token);

    // A server that starts afterwards finds it as it is.
    let server = place.serve().start();
    assert_eq!(realms(&holder(&server, renewed.trim())), 200);
    assert_eq!(realms(&holder(&server, &token)), 401);
    drop(server.stop());

    place
        .local(["emergency-client", "delete", "safe", "--local", "--yes"])
        .run()
        .ok();
    let gone = place
        .local(["emergency-client", "show", "safe", "--local"])
        .run();
    assert_eq!(gone.code, Some(6), "{gone:?}");

    let actions = actions(&place);
    for action in [
        "emergency_client.created",
        "emergency_client.regenerated",
        "emergency_client.deleted",
    ] {
        let found: Vec<_> = actions.iter().filter(|(name, _)| name == action).collect();
        assert_eq!(found.len(), 1, "{action}");
        assert!(found[0].1.to_uppercase().contains("LOCAL"), "{found:?}");
    }
}

#[test]
fn a_running_server_honours_what_is_done_beside_it() {
    let place = Place::installed();
    let server = place.serve().start();
    let fleet = server.fleet();
    assert_eq!(fleet.ids(), Vec::<String>::new());

    let token = create(&place, "safe");
    // The very next request sees it: nothing is waited for.
    let holder = holder(&server, &token);
    assert_eq!(realms(&holder), 200);
    assert_eq!(fleet.ids(), ["safe"]);

    let words = [
        "emergency-client",
        "delete",
        "--client-id",
        "safe",
        "--local",
        "--yes",
    ];
    place.local(words).run().ok();
    assert_eq!(realms(&holder), 401);
    assert!(!fleet.is_alive(&token));

    // And the other way round.
    fleet.create("by-server");
    let list = place
        .local(["emergency-client", "list", "--local", "-o", "json"])
        .run()
        .json();
    assert_eq!(list["emergencyClients"][0]["clientId"], "by-server");
}

#[test]
fn a_password_set_locally_is_the_one_that_counts() {
    let place = Place::installed();
    let server = place.serve().start();
    let session = server.fleet();
    let new = "a-new-and-longer-password";
    place
        .local(["admin", "set-password", "--local"])
        .input(&format!("{new}\n"))
        .run()
        .ok();

    let acquire = |password: &str| {
        let login = json!({ "username": "admin", "password": password });
        server
            .client()
            .post("/suite-api/api/auth/token/acquire", &login)
            .status
    };
    assert_eq!(acquire(new), 200);
    assert_eq!(acquire(breakglass_e2e::PASSWORD), 401);
    // A new password ends the sessions that the old one opened.
    assert_eq!(session.client().get(&session.clients_path()).status, 401);

    let file = place.secret_file("newer", "the-newest-of-all-passwords\n");
    let words = [
        "admin",
        "set-password",
        "--local",
        "--username",
        "admin",
        "--password-file",
    ];
    place.local(words).args([file]).run().ok();
    assert_eq!(acquire("the-newest-of-all-passwords"), 200);
    let short = place
        .local(["admin", "set-password", "--local"])
        .input("short\n")
        .run();
    assert_eq!(short.code, Some(3), "{short:?}");
}

#[test]
fn a_realm_is_deleted_with_all_that_it_holds() {
    let place = Place::installed();
    let token = create(&place, "safe");
    let server = place.serve().start();
    let holder = holder(&server, &token);
    assert_eq!(realms(&holder), 200);

    let refused = place
        .local(["realm", "delete", "CUSTOMER", "--local", "--yes"])
        .run();
    assert_eq!(refused.code, Some(11), "{refused:?}");
    assert_eq!(realms(&holder), 200);
    place
        .local(["realm", "delete", "CUSTOMER", "--local", "--yes", "--force"])
        .run()
        .ok();
    assert_eq!(realms(&holder), 401);
    let list = place
        .local(["realm", "list", "--local", "--output", "json"])
        .run()
        .json();
    assert_eq!(list["ssoRealms"], json!([]));
}

#[test]
fn a_folder_without_an_installation_is_not_made_one() {
    let place = Place::new();
    let refused = place.local(["status", "--local"]).run().expect(40);
    assert!(refused.stderr.contains("init"), "{}", refused.stderr);
    assert!(!place.data().exists());
}
