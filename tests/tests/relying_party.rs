//! Services that check a token by themselves, and services that ask.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "what is not there fails the test"
)]

use breakglass_e2e::{Client, Fleet, Issued, PASSWORD, Place, Server, python};
use serde_json::{Value, json};

/// What a service that knows only the issuer must find out about the token.
fn check(place: &Place, issuer: &str, algorithm: &str, made: &Issued, state: &str) {
    let id = made.body["clientId"].as_str().unwrap();
    let file = place.secret_file("token", &made.token);
    let file = file.to_str().unwrap();
    python(
        "relying_party.py",
        &[],
        [issuer, algorithm, id, state, file],
    );
}

fn issuer(server: &Server, tenant: &str) -> String {
    format!("{}/acs/t/{tenant}", server.url())
}

/// A realm on a new broker that signs with this algorithm.
fn realm_on(place: &Place, server: &Server, algorithm: &str) -> Fleet {
    let tenant = format!("TENANT-{}", algorithm.to_uppercase());
    let words = [
        "broker",
        "add",
        "--local",
        "--name",
        algorithm,
        "--algorithm",
        algorithm,
    ];
    place.local(words).args(["--tenant", &tenant]).run().ok();
    let words = [
        "realm", "create", "--local", "--output", "json", "--broker", &tenant,
    ];
    let realm = place.local(words).run().json();
    let mut fleet = server.fleet();
    realm["id"].as_str().unwrap().clone_into(&mut fleet.realm);
    fleet
}

#[test]
fn a_token_verifies_by_discovery_and_keys_alone_until_it_is_recalled() {
    let place = Place::new();
    let server = place.serve().start();
    let fleet = server.fleet();
    let issuer = issuer(&server, "CUSTOMER");

    let first = fleet.create("safe");
    let other = fleet.create("another");
    check(&place, &issuer, "ES256", &first, "alive");

    let second = fleet.regenerate("safe");
    check(&place, &issuer, "ES256", &first, "recalled");
    check(&place, &issuer, "ES256", &second, "alive");

    fleet.delete("safe");
    check(&place, &issuer, "ES256", &second, "recalled");
    check(&place, &issuer, "ES256", &other, "alive");
}

#[test]
fn each_algorithm_verifies_with_another_library() {
    let place = Place::new();
    let server = place.serve().start();
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        let fleet = realm_on(&place, &server, algorithm);
        let issuer = issuer(&server, &format!("TENANT-{}", algorithm.to_uppercase()));
        let made = fleet.create("safe");
        assert_eq!(made.claims()["iss"], json!(issuer));
        check(&place, &issuer, algorithm, &made, "alive");
        fleet.delete("safe");
        check(&place, &issuer, algorithm, &made, "recalled");
    }
}

#[test]
fn introspection_says_what_stands_behind_a_token_while_it_lives() {
    let place = Place::new();
    let server = place.serve().start();
    let fleet = server.fleet();
    let first = fleet.create("safe");
    let claims = first.claims();

    let answer = fleet.introspect(&first.token);
    assert_eq!(answer["active"], true);
    for name in ["iss", "sub", "exp", "iat", "jti", "client_id"] {
        assert_eq!(answer[name], claims[name], "{name}");
    }
    assert_eq!(answer["sub"], "safe");

    let second = fleet.regenerate("safe");
    let inactive = json!({ "active": false });
    assert_eq!(fleet.introspect(&first.token), inactive);
    assert_eq!(fleet.introspect("no token at all"), inactive);
    assert_eq!(fleet.introspect(&fleet.ops_token), inactive);
    assert!(fleet.is_alive(&second.token));
    fleet.delete("safe");
    assert_eq!(fleet.introspect(&second.token), inactive);
}

#[test]
fn another_issuer_knows_nothing_of_a_token() {
    let place = Place::new();
    let server = place.serve().start();
    let elsewhere = realm_on(&place, &server, "ES256");
    let here = server.fleet();
    let made = here.create("safe");
    let path = "/acs/t/TENANT-ES256/introspect";
    let answer = elsewhere.client().form(path, &[("token", &made.token)]);
    assert_eq!(answer.expect(200).json(), json!({ "active": false }));
}

#[test]
fn who_introspects_must_say_who_it_is() {
    let place = Place::new();
    let server = place.serve().start();
    let token = server.fleet().create("safe").token;
    let path = "/acs/t/CUSTOMER/introspect";
    let form = [("token", token.as_str())];

    let refused = server.client().form(path, &form).expect(401);
    assert_eq!(refused.json()["error"], "invalid_client");
    assert!(!refused.header("www-authenticate").is_empty());

    let ask = |authorization: String| {
        let answer = server.client().authorized(authorization).form(path, &form);
        answer.expect(200).json()["active"].clone()
    };
    assert_eq!(ask(basic("admin", PASSWORD)), Value::Bool(true));
    assert_eq!(ask(format!("Bearer {token}")), Value::Bool(true));
    let wrong = Client::new(server.url()).authorized(basic("admin", "wrong"));
    assert_eq!(wrong.form(path, &form).status, 401);
}

#[test]
fn a_revoked_token_is_dead_and_its_client_stays() {
    let place = Place::new();
    let server = place.serve().start();
    let fleet = server.fleet();
    let made = fleet.create("safe");
    let path = "/acs/t/CUSTOMER/revoke";

    // RFC 7009, section 2.2: a token that means nothing is answered like one that did.
    let unknown = fleet
        .client()
        .form(path, &[("token", "unknown")])
        .expect(200);
    assert!(unknown.body.is_empty());
    assert!(fleet.is_alive(&made.token));
    let revoked = fleet
        .client()
        .form(path, &[("token", &made.token)])
        .expect(200);
    assert!(revoked.body.is_empty());

    assert!(!fleet.is_alive(&made.token));
    assert_eq!(
        fleet.record_of("safe").unwrap()["accessTokenStatus"],
        "REVOKED"
    );
    let holder = server.client().authorized(format!("Bearer {}", made.token));
    assert_eq!(holder.get(&fleet.clients_path()).status, 401);
    check(
        &place,
        &issuer(&server, "CUSTOMER"),
        "ES256",
        &made,
        "recalled",
    );
    assert!(fleet.is_alive(&fleet.regenerate("safe").token));
}

fn basic(username: &str, password: &str) -> String {
    use base64::Engine;
    let pair = format!("{username}:{password}");
    format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    )
}
