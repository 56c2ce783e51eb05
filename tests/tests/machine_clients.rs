//! Programs of other languages get tokens, show them, and lose them.

use breakglass_e2e::{PASSWORD, Place, Server, node, python};

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

/// What a program of another language needs to know of a realm and of an API client in it that may look on.
struct Robot {
    issuer: String,
    secret: String,
    emergency: String,
    realm: String,
}

impl Robot {
    fn new(place: &Place, server: &Server) -> Self {
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
        let secret = place.local(words).args(["--output", "token"]).run().ok();
        Self {
            issuer: format!("{}/acs/t/CUSTOMER", server.url()),
            secret: secret.trim().to_owned(),
            emergency,
            realm: fleet.realm,
        }
    }

    fn words(&self) -> [&str; 5] {
        [
            &self.issuer,
            "robot",
            &self.secret,
            &self.emergency,
            &self.realm,
        ]
    }

    fn check_log(&self, log: &str) {
        assert!(!log.contains("\"ERROR\""), "{log}");
        for text in [&self.secret, &self.emergency] {
            assert!(!log.contains(text), "a secret is in the log");
        }
    }
}

#[test]
fn authlib_and_pyjwt_work_with_the_broker_as_with_any_other() {
    let place = Place::new();
    let server = place.serve().start();
    let robot = Robot::new(&place, &server);
    python("oauth_clients.py", &[], robot.words());
    robot.check_log(&server.stop());
}

#[test]
fn openid_client_works_with_the_broker_as_with_any_other() {
    for settings in [&[][..], &["--require-dpop-nonce"]] {
        let place = Place::new();
        let server = place.serve().args(settings).start();
        let robot = Robot::new(&place, &server);
        node("openid_client.mjs", robot.words());
        robot.check_log(&server.stop());
    }
}
