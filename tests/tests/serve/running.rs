//! A server that runs, stops, and shares its folder.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use breakglass_e2e::{Client, PASSWORD, Place, Serve, eventually, python};
use http::Version;
use serde_json::{Value, json};

#[test]
fn a_self_signed_server_speaks_tls_and_both_versions_of_http() {
    let place = Place::new();
    let server = place.serve().args(["--tls-self-signed"]).start();
    assert!(server.url().starts_with("https://"), "{}", server.url());
    let certificate = place.data().join("tls-self-signed.crt");
    let pem = fs::read(&certificate).unwrap();

    python(
        "https.py",
        &[],
        [server.url(), certificate.to_str().unwrap()],
    );
    let client = Client::trusting(server.url(), &pem);
    let answer = client.get("/healthz").expect(200);
    assert_eq!(answer.version, Version::HTTP_2);
    let discovery = client.get("/acs/t/CUSTOMER/.well-known/openid-configuration");
    let issuer = format!("{}/acs/t/CUSTOMER", server.url());
    assert_eq!(
        discovery.expect(200).json().get("issuer"),
        Some(&json!(issuer))
    );

    let words = ["broker", "list", "--output", "json", "--ca-cert"];
    let command = place.command(words).args([&certificate]);
    let brokers = place.sign_in(command, server.url()).run().json();
    assert!(brokers.get("brokers").is_some(), "{brokers}");
    let words = ["broker", "list", "--server", server.url()];
    let untrusting = place.sign_in(place.command(words), server.url()).run();
    untrusting.expect(9);

    // The next start keeps the certificate that clients have come to trust, and the issuer of its tokens.
    drop(server.stop());
    let server = place.serve().args(["--tls-self-signed"]).start();
    Client::trusting(server.url(), &pem)
        .get("/healthz")
        .expect(200);
}

#[test]
fn plain_http_speaks_both_versions_too() {
    let place = Place::installed();
    let server = place.serve().start();
    let answer = server.client().get("/healthz").expect(200);
    assert_eq!(answer.version, Version::HTTP_11);
    let answer = Client::with_prior_knowledge(server.url())
        .get("/healthz")
        .expect(200);
    assert_eq!(answer.version, Version::HTTP_2);
}

#[test]
fn a_server_that_stops_answers_what_it_has_begun() {
    let place = Place::installed();
    let server = place.serve().start();
    let address = server.url().strip_prefix("http://").unwrap().to_owned();
    let body = json!({ "username": "admin", "password": PASSWORD }).to_string();
    let (first, rest) = body.split_at(10);

    let mut connection = TcpStream::connect(&address).unwrap();
    let head = format!(
        "POST /suite-api/api/auth/token/acquire HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    connection.write_all(head.as_bytes()).unwrap();
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut line = String::new();
    // The server says this when it begins to read the body: from now on the request is in flight.
    reader.read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "HTTP/1.1 100 Continue");
    connection.write_all(first.as_bytes()).unwrap();

    server.terminate();
    eventually("nobody is let in any more", || {
        TcpStream::connect(&address).err()
    });
    connection.write_all(rest.as_bytes()).unwrap();
    let mut answer = String::new();
    reader.read_to_string(&mut answer).unwrap();
    assert!(answer.trim_start().starts_with("HTTP/1.1 200 "), "{answer}");
    let (status, log) = server.wait();
    assert!(status.success(), "{status} {log}");

    let list = place.local([
        "audit", "list", "--local", "--output", "json", "--limit", "50",
    ]);
    let list = list.run().json();
    let records = list.get("records").and_then(Value::as_array).unwrap();
    let actions: Vec<_> = records
        .iter()
        .filter_map(|record| record.get("action"))
        .collect();
    for action in ["server.started", "server.stopped", "session.acquired"] {
        assert!(actions.contains(&&json!(action)), "{action}: {actions:?}");
    }
}

#[test]
fn with_one_core_many_are_served_at_once() {
    let place = Place::installed();
    let server = place.serve().with_one_core().start();
    let fleet = server.fleet();
    std::thread::scope(|scope| {
        for turn in 0..8 {
            let (server, fleet) = (&server, &fleet);
            scope.spawn(move || {
                let own = fleet.another(server.url());
                let id = format!("at-once-{turn}");
                let first = own.create(&id);
                assert!(own.is_alive(&first.token));
                let second = own.regenerate(&id);
                assert!(!own.is_alive(&first.token) && own.is_alive(&second.token));
                // A password is hashed beside what is served.
                assert_eq!(super::sign_in(server, PASSWORD), 200);
            });
        }
    });
    drop(server.stop());
    place.local(["audit", "verify", "--local"]).run().ok();
}

#[test]
fn what_watches_a_server_finds_it() {
    let place = Place::installed();
    let server = place.serve().start();
    let fleet = server.fleet();
    fleet.create("safe");
    let anonymous = server.client();
    anonymous.get("/healthz").expect(200);
    anonymous.get("/readyz").expect(200);

    let metrics = anonymous.get("/metrics").expect(200);
    assert!(
        metrics
            .text()
            .contains("# TYPE breakglass_http_requests counter")
    );
    let samples = metrics.samples();
    let sample = |name: &str, label: &str| {
        let found = samples
            .iter()
            .find(|(key, _)| key.starts_with(name) && key.contains(label));
        *found
            .unwrap_or_else(|| panic!("no {name} with {label}: {samples:?}"))
            .1
    };
    let created = "operation=\"createEmergencyClient\"";
    assert!((sample("breakglass_http_requests_total", created) - 1.0).abs() < 0.1);
    assert!((sample("breakglass_emergency_clients_live_fewest", "") - 1.0).abs() < 0.1);
    let expiry = sample("breakglass_emergency_nearest_expiry_seconds", "");
    assert!(!metrics.text().contains("CUSTOMER"), "{}", metrics.text());
    assert!((3500.0..=3600.0).contains(&expiry), "{expiry}");

    let document = anonymous.get("/openapi.json").expect(200).json();
    let paths = document.get("paths").and_then(Value::as_object).unwrap();
    let suffix = "/ssorealms/{ssoRealmId}/emergency-clients";
    assert!(
        paths.keys().any(|path| path.ends_with(suffix)),
        "{:?}",
        paths.keys()
    );
}

#[test]
fn two_servers_share_a_folder() {
    let place = Place::installed();
    let public = ["--public-url", "https://breakglass.example"];
    let one = place.serve().args(public).start();
    let two = place.serve().args(public).start();
    let (here, there) = (one.fleet(), two.fleet());

    let issued = here.create("safe");
    let iss = issued.claims().get("iss").cloned();
    assert_eq!(
        iss,
        Some(json!("https://breakglass.example/acs/t/CUSTOMER"))
    );
    let holder = two.client().authorized(format!("Bearer {}", issued.token));
    holder.get(&there.clients_path()).expect(200);
    there.delete("safe");
    // Without a commit of its own it would hear of this a moment later.
    here.create("next");
    assert!(!here.is_alive(&issued.token));
    let holder = one.client().authorized(format!("Bearer {}", issued.token));
    holder.get(&here.clients_path()).expect(401);

    // Both write at once, and the chain of the audit has one order.
    std::thread::scope(|scope| {
        for (server, session, name) in [(&one, &here, "one"), (&two, &there, "two")] {
            let fleet = session.another(server.url());
            scope.spawn(move || {
                for number in 0..15 {
                    fleet.create(&format!("{name}-{number}"));
                }
            });
        }
    });
    assert_eq!(here.ids().len(), 31);
    assert_eq!(here.ids(), there.ids());
    drop(one.stop());
    drop(two.stop());
    place.local(["audit", "verify", "--local"]).run().ok();
}

#[test]
fn of_two_renewals_at_once_one_token_stays_alive() {
    let place = Place::installed();
    let public = ["--public-url", "https://breakglass.example"];
    let servers = [
        place.serve().args(public).start(),
        place.serve().args(public).start(),
    ];
    let session = servers[0].fleet();
    let first = session.create("safe").token;
    for _ in 0..10 {
        let tokens: Vec<String> = std::thread::scope(|scope| {
            let renewals = servers.each_ref().map(|server| {
                let fleet = session.another(server.url());
                scope.spawn(move || fleet.regenerate("safe").token)
            });
            renewals.map(|renewal| renewal.join().unwrap()).into()
        });
        let alive: Vec<&String> = tokens
            .iter()
            .filter(|token| session.is_alive(token))
            .collect();
        assert_eq!(alive.len(), 1);
        // The one that is alive is the one that the client now has.
        let record = session.record_of("safe").unwrap();
        let introspected = session.introspect(alive[0]);
        assert_eq!(record.get("tokenId"), introspected.get("jti"));
    }
    assert!(!session.is_alive(&first));
}

#[test]
fn logs_are_json_and_name_the_request() {
    let place = Place::installed();
    let server = place.serve().start();
    let fleet = server.fleet();
    let answer = fleet.client().get(&fleet.clients_path()).expect(200);
    let id = answer.header("x-request-id").to_owned();
    assert!(!id.is_empty());
    let log = server.stop();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!lines.is_empty());
    assert!(
        lines.iter().all(|line| line.get("level").is_some()),
        "{log}"
    );
    assert!(log.contains(&id), "{log}");
}

#[test]
fn text_logs_can_be_chosen() {
    let place = Place::installed();
    let server = place.serve().args(["--log-format", "text"]).start();
    let log = server.stop();
    assert!(!log.trim().is_empty() && !log.starts_with('{'), "{log}");
}

#[test]
fn settings_come_from_flags_then_the_environment_then_the_file() {
    let place = Place::installed();
    let config = place.path("own.toml");
    fs::write(
        &config,
        "public-url = 'https://file.example'\nstatus-list-ttl = 7\n",
    )
    .unwrap();
    let issuer = |serve: Serve| {
        let server = serve.args(["--config"]).args([&config]).start();
        let document = server
            .client()
            .get("/acs/t/CUSTOMER/.well-known/openid-configuration");
        let issuer = document
            .json()
            .get("issuer")
            .and_then(Value::as_str)
            .unwrap()
            .to_owned();
        let keys = server.client().get("/acs/t/CUSTOMER/jwks").expect(200);
        assert!(
            keys.header("cache-control").contains("max-age=7"),
            "{:?}",
            keys.headers
        );
        issuer
    };
    assert_eq!(issuer(place.serve()), "https://file.example/acs/t/CUSTOMER");
    let environment = || {
        place
            .serve()
            .env("BREAKGLASS_PUBLIC_URL", "https://env.example")
    };
    assert_eq!(issuer(environment()), "https://env.example/acs/t/CUSTOMER");
    let flag = environment().args(["--public-url", "https://flag.example"]);
    assert_eq!(issuer(flag), "https://flag.example/acs/t/CUSTOMER");

    fs::write(&config, "publik-url = 'https://file.example'\n").unwrap();
    let refused = place
        .serve()
        .args(["--config"])
        .args([&config])
        .run()
        .expect(2);
    assert!(refused.stderr.contains("publik-url"), "{}", refused.stderr);
}
