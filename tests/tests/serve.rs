//! How a server starts, refuses to start, and stops.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use breakglass_e2e::{Client, PASSWORD, Place, Serve, Server, eventually, python, python_command};
use http::Version;
use serde_json::{Value, json};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn sign_in(server: &Server, password: &str) -> u16 {
    let login = json!({ "username": "admin", "password": password });
    let answer = server
        .client()
        .post("/suite-api/api/auth/token/acquire", &login);
    answer.status
}

/// A server on the data folder that makes up the administrator's password itself.
fn plain(place: &Place) -> Serve {
    place.server(["--listen", "127.0.0.1:0"])
}

/// The value beside a name in what a first start prints.
fn fact<'a>(output: &'a str, name: &str) -> &'a str {
    let line = output.lines().find(|line| line.contains(name)).unwrap();
    let (_, value) = line.split_once(name).unwrap();
    value
        .split_whitespace()
        .find(|word| word.chars().any(char::is_alphanumeric))
        .unwrap()
}

#[test]
fn a_first_start_makes_everything_and_tells_it_once() {
    let place = Place::new();
    let server = plain(&place).start();
    let output = server.output();
    let password = fact(&output, "Password").to_owned();
    let realm = fact(&output, "Realm").to_owned();

    let public = server.url().to_owned();
    assert_eq!(fact(&output, "Address"), public);
    assert_eq!(sign_in(&server, &password), 200);
    assert!(output.contains(&format!(
        "{}/suite-api/api/auth/token/acquire",
        server.url()
    )));
    let create = format!("/suite-api/api/fleet-management/iam/ssorealms/{realm}/emergency-clients");
    assert!(
        output.contains(&format!("{}{create}", server.url())),
        "{output}"
    );
    assert_eq!(mode(&place.data()), 0o700);
    for file in place.data_files() {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(&place.data().join("master.key")), 0o600);
    let log = server.stop();
    assert!(!log.contains(&password));

    let server = plain(&place).start();
    let output = server.output();
    assert!(
        !output.contains(&password) && !output.contains("Password"),
        "{output}"
    );
    // It listens on another port now, and clients still find it under the URL that tokens were issued for.
    assert_eq!(output.lines().count(), 2, "{output}");
    assert_eq!(fact(&output, "Public URL:"), public);
    assert_eq!(sign_in(&server, &password), 200);
}

#[test]
fn a_folder_that_others_can_read_is_warned_of() {
    let place = Place::installed();
    let told = |path: &Path, mode: u32| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let log = plain(&place).start().stop();
        let line = log.lines().find(|line| line.contains("chmod go-rwx"));
        line.map(str::to_owned)
    };
    assert_eq!(told(&place.data(), 0o700), None);
    assert!(told(&place.data(), 0o755).unwrap().contains("0755"));
    assert_eq!(told(&place.data(), 0o700), None);
    let line = told(&place.store(), 0o640).unwrap();
    assert!(
        line.contains("breakglass.db") && line.contains("0640"),
        "{line}"
    );
}

fn issuer_of(server: &Server) -> String {
    let document = server
        .client()
        .get("/acs/t/CUSTOMER/.well-known/openid-configuration")
        .expect(200)
        .json();
    let issuer = document.get("issuer").and_then(Value::as_str).unwrap();
    issuer.strip_suffix("/acs/t/CUSTOMER").unwrap().to_owned()
}

/// How often the public URL was changed.
fn reconfigurations(place: &Place) -> usize {
    let words = [
        "audit",
        "list",
        "--local",
        "--output",
        "json",
        "--action",
        "server.reconfigured",
    ];
    let list = place.local(words).run().json();
    list.get("records").and_then(Value::as_array).unwrap().len()
}

#[test]
fn a_public_url_stays_until_another_is_chosen() {
    let place = Place::new();
    let public = "https://breakglass.example";
    let words = ["init", "--public-url", public];
    place.local(words).run().ok();
    let server = plain(&place).start();
    assert_eq!(issuer_of(&server), public);
    assert!(server.output().contains(&format!("Public URL: {public}\n")));
    let log = server.stop();
    assert!(!log.contains("--public-url"), "{log}");
    assert_eq!(reconfigurations(&place), 0);

    let other = "https://other.example";
    let server = plain(&place).args(["--public-url", other]).start();
    assert_eq!(issuer_of(&server), other);
    // One more on the same folder, that is told nothing, changes nothing.
    let second = plain(&place).start();
    assert_eq!(issuer_of(&second), other);
    drop(second.stop());
    drop(server.stop());
    assert_eq!(reconfigurations(&place), 1);
}

#[test]
fn a_url_of_this_machine_that_leads_elsewhere_is_warned_of() {
    let place = Place::new();
    let first = plain(&place).start();
    let kept = first.url().to_owned();
    let log = first.stop();
    assert!(!log.contains("--public-url"), "{log}");
    // The port of the first start is free again, and a free one is taken by chance only.
    let second = plain(&place).start();
    assert_eq!(issuer_of(&second), kept);
    let listening = second.url().to_owned();
    let log = second.stop();
    if listening != kept {
        let warning = log.lines().find(|line| line.contains("--public-url"));
        let warning = warning.unwrap();
        assert!(
            warning.contains(&kept) && warning.contains(&listening),
            "{warning}"
        );
    }
}

/// Runs lines in a shell whose `curl` is the one of this test, and types what they ask for.
fn paste(place: &Place, lines: &[&str], typed: &str) -> String {
    let curl = place.path("curl");
    fs::write(
        &curl,
        format!("#!/bin/sh\nexec {} \"$@\"\n", python_command("curl.py")),
    )
    .unwrap();
    fs::set_permissions(&curl, fs::Permissions::from_mode(0o700)).unwrap();
    let path = std::env::join_paths([place.path(""), "/usr/bin".into(), "/bin".into()]).unwrap();
    let mut shell = std::process::Command::new("sh")
        .args(["-ec", &lines.join("\n")])
        .env("PATH", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = shell.stdin.take().unwrap();
    writeln!(input, "{typed}").unwrap();
    drop(input);
    let output = shell.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The lines of a first start that are to be pasted: one command.
fn tour(output: &str) -> Vec<&str> {
    let lines = output.lines().skip_while(|line| !line.ends_with("&&"));
    lines.take_while(|line| !line.is_empty()).collect()
}

#[test]
fn a_password_of_any_signs_can_be_typed_where_a_first_start_asks_for_it() {
    let place = Place::new();
    let password = r#"a "quoted" pass\word & {more} 'of it' $HOME"#;
    let file = place.secret_file("odd", password);
    let server = plain(&place)
        .args(["--admin-password-file"])
        .args([file])
        .start();
    let output = server.output();
    let answer = paste(&place, &tour(&output), password);
    assert!(answer.contains("\"ACTIVE\""), "{answer}");
}

#[test]
fn the_lines_that_a_first_start_prints_can_be_pasted() {
    for tls in [false, true] {
        let place = Place::new();
        let server = plain(&place)
            .args(tls.then_some("--tls-self-signed"))
            .start();
        let output = server.output();
        let password = fact(&output, "Password").to_owned();
        let lines = tour(&output);
        // Whatever is pasted stands in the shell's history.
        assert!(lines.iter().all(|line| !line.contains(&password)));
        let answer = paste(&place, &lines, &password);
        let answer = answer.strip_prefix("Password: ").unwrap();
        let answer: Value = serde_json::from_str(answer).unwrap();
        assert_eq!(
            answer.get("accessTokenStatus"),
            Some(&json!("ACTIVE")),
            "{answer}"
        );
    }
}

#[test]
fn the_command_that_a_first_start_prints_makes_an_emergency_client() {
    let place = Place::new();
    let server = plain(&place).start();
    let output = server.output();
    let line = output
        .lines()
        .find(|line| line.starts_with("breakglass "))
        .unwrap();
    let words = line.split(' ').skip(1);
    let told = place.command(words).run().ok();
    assert!(told.contains("break-glass-1"), "{told}");
}

#[test]
fn the_password_can_come_from_a_file() {
    let place = Place::new();
    let server = place.serve().start();
    assert!(!server.output().contains(PASSWORD));
    assert_eq!(sign_in(&server, PASSWORD), 200);
    drop(server);

    let elsewhere = Place::new();
    let with_file = |file: &Path| {
        plain(&elsewhere)
            .args(["--admin-password-file"])
            .args([file])
    };
    with_file(&elsewhere.path("nowhere")).run().expect(2);
    with_file(&elsewhere.secret_file("short", "short"))
        .run()
        .expect(2);
    assert!(!elsewhere.data().exists());
    // A file that everybody can read is how containers get secrets: it is taken, and warned of.
    let file = elsewhere.secret_file("shown", PASSWORD);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let server = with_file(&file).start();
    assert_eq!(sign_in(&server, PASSWORD), 200);
    let log = server.stop();
    assert!(log.contains("everybody"), "{log}");
    assert!(!log.contains(PASSWORD));
}

#[test]
fn a_wrong_master_key_is_refused_and_nothing_is_changed() {
    let place = Place::installed();
    let other = Place::installed();
    let own = fs::read(place.data().join("master.key")).unwrap();
    let key = other.data().join("master.key");
    let before = fs::read(place.store()).unwrap();

    let refused = place
        .serve()
        .args(["--master-key-file"])
        .args([&key])
        .run()
        .expect(41);
    assert!(refused.stderr.contains("master key"), "{}", refused.stderr);
    let refused = place
        .local(["status", "--local", "--master-key-file"])
        .args([&key])
        .run();
    refused.expect(41);

    assert_eq!(fs::read(place.data().join("master.key")).unwrap(), own);
    assert_eq!(fs::read(place.store()).unwrap(), before);
    let server = place.serve().start();
    assert_eq!(sign_in(&server, PASSWORD), 200);
}

#[test]
fn a_missing_master_key_is_never_replaced() {
    let place = Place::installed();
    let key = place.data().join("master.key");
    let kept = place.path("kept");
    fs::rename(&key, &kept).unwrap();

    let refused = place.serve().run().expect(41);
    assert!(
        refused.stderr.contains("--master-key-file"),
        "{}",
        refused.stderr
    );
    assert!(!key.exists());
    let server = place
        .serve()
        .args(["--master-key-file"])
        .args([&kept])
        .start();
    assert_eq!(sign_in(&server, PASSWORD), 200);
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let place = Place::installed();
    let key = place.data().join("master.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    place.serve().run().expect(41);
}

#[test]
fn passwords_are_not_sent_in_the_clear_by_mistake() {
    let place = Place::new();
    let refused = place.server(["--listen", "0.0.0.0:0"]).run().expect(2);
    assert!(
        refused.stderr.contains("--tls-self-signed"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.stderr.contains("--allow-plaintext"),
        "{}",
        refused.stderr
    );
    assert!(
        !place.data().exists(),
        "a refused start has left something behind"
    );
}

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
