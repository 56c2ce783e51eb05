//! A first start: what it makes, and what it tells.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use breakglass_e2e::{PASSWORD, Place, Serve, Server, python_command};
use serde_json::{Value, json};

use super::sign_in;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
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
