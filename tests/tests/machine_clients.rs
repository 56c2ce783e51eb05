//! Programs of other languages get tokens, show them, and lose them.

use breakglass_e2e::{PASSWORD, Place, python};

#[test]
fn the_vendors_client_manages_api_tokens_and_oauth_apps() {
    let place = Place::new();
    let server = place.serve().start();
    python(
        "machine_tokens.py",
        &[("BREAKGLASS_PASSWORD", PASSWORD)],
        [server.url()],
    );
    let log = server.stop();
    assert!(!log.contains("\"ERROR\""), "{log}");
}

#[test]
fn authlib_and_pyjwt_work_with_the_broker_as_with_any_other() {
    let place = Place::new();
    let server = place.serve().start();
    let fleet = server.fleet();
    let emergency = fleet.create("fire").token;
    for words in [
        &["api-client", "create", "--local", "--client-id", "robot"][..],
        &[
            "api-client",
            "grant",
            "--local",
            "robot",
            "--role",
            "vcf_viewer",
        ],
    ] {
        place.local(words).run().ok();
    }
    let words = ["client-secret", "create", "--local", "--client-id", "robot"];
    let made = place.local(words).args(["--output", "json"]).run().json();
    let secret = made["clientSecret"].as_str().unwrap();
    let issuer = format!("{}/acs/t/CUSTOMER", server.url());
    python(
        "oauth_clients.py",
        &[],
        [&issuer, "robot", secret, &emergency, &fleet.realm],
    );
    let log = server.stop();
    assert!(!log.contains("\"ERROR\""), "{log}");
    for text in [secret, &emergency] {
        assert!(!log.contains(text), "a secret is in the log");
    }
}
