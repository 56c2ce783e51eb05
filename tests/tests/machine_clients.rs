//! Programs of other languages get tokens, show them, and lose them.

use breakglass_e2e::{PASSWORD, Place, Robot, node, python};

#[test]
fn the_vendors_client_manages_api_tokens_and_oauth_apps() {
    let place = Place::new();
    let services = "[[service]]\nkey = 'ops-li'\naudience = 'https://logs.example.org'\naddress = 'logs.example.org'\nport = 9543\n";
    let config = place.secret_file("services.toml", services);
    let server = place
        .serve()
        .args(["--config".as_ref(), config.as_os_str()])
        .start();
    python(
        "machine_tokens.py",
        &[("BREAKGLASS_PASSWORD", PASSWORD)],
        [server.url()],
    );
    let log = server.stop();
    assert!(!log.contains("\"ERROR\""), "{log}");
}

/// Lets a program of another language work with the broker: `run` starts it with what it needs to know.
fn work(settings: &[&str], run: impl FnOnce(&[&str])) {
    let place = Place::new();
    let server = place.serve().args(settings).start();
    let fleet = server.fleet();
    let emergency = fleet.create("fire").token;
    let robot = Robot::new(&place, &server);
    run(&[&robot.words()[..], &[&emergency, &fleet.realm]].concat());
    let log = server.stop();
    assert!(!log.contains("\"ERROR\""), "{log}");
    for text in [&robot.secret, &emergency] {
        assert!(!log.contains(text), "a secret is in the log");
    }
}

#[test]
fn authlib_and_pyjwt_work_with_the_broker_as_with_any_other() {
    work(&[], |words| drop(python("oauth_clients.py", &[], words)));
}

#[test]
fn openid_client_works_with_the_broker_as_with_any_other() {
    for settings in [&[][..], &["--require-dpop-nonce"]] {
        work(settings, |words| node("openid_client.mjs", words));
    }
}
