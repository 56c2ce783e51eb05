//! Tokens that open nothing for whoever stole them.

use breakglass_e2e::{Place, Robot, python};

/// An emergency client whose tokens are bound to a new key; gives the file of the key, and the token.
fn bound_client(place: &Place) -> (std::path::PathBuf, String) {
    let key = place.path("holder.pem");
    let made = place.command(["dpop-key", "create"]).args([&key]).run();
    let thumbprint = made.ok().trim().to_owned();
    let shown = place.command(["dpop-key", "show"]).args([&key]).run().ok();
    assert_eq!(shown.trim(), thumbprint);
    let words = [
        "emergency-client",
        "create",
        "--local",
        "--client-id",
        "paper",
    ];
    let token = place
        .local(words)
        .args(["--ttl", "60", "--output", "token"])
        .args(["--dpop-key-thumbprint", &thumbprint])
        .run()
        .ok();
    (key, token.trim().to_owned())
}

#[test]
fn a_paper_token_works_with_its_key_and_without_it_is_useless() {
    let place = Place::installed();
    let (key, token) = bound_client(&place);
    for settings in [&[][..], &["--require-dpop-nonce"]] {
        let server = place
            .server(["--listen", "127.0.0.1:0"])
            .args(settings)
            .start();
        let list = || {
            place
                .command(["emergency-client", "list"])
                .env("BREAKGLASS_SERVER", server.url())
                .env("BREAKGLASS_TOKEN", &token)
        };
        let stolen = list().run();
        assert_eq!(stolen.code, Some(4), "{stolen:?}");
        assert!(stolen.stderr.contains("bound to a key"), "{stolen:?}");
        let other = place.path("other.pem");
        if !other.exists() {
            place
                .command(["dpop-key", "create"])
                .args([&other])
                .run()
                .ok();
        }
        let guessed = list()
            .args(["--dpop-key".as_ref(), other.as_os_str()])
            .run();
        assert_eq!(guessed.code, Some(4), "{guessed:?}");
        let held = list()
            .args(["--dpop-key".as_ref(), key.as_os_str()])
            .run()
            .ok();
        assert!(held.contains("paper"), "{held}");
        let log = server.stop();
        assert!(!log.contains(&token), "a secret is in the log");
    }
}

#[test]
fn a_token_is_bound_to_the_certificate_of_who_asked_for_it() {
    let place = Place::new();
    let server = place
        .serve()
        .args(["--tls-self-signed", "--tls-client-certificates"])
        .start();
    let robot = Robot::new(&place, &server);
    let trusted = place.data().join("tls-self-signed.crt");
    let words = [&robot.words()[..], &[trusted.to_str().unwrap()]].concat();
    python("certificates.py", &[], words);
    drop(server.stop());
}
