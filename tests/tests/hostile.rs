//! Whatever is asked, the server answers as its own OpenAPI document says: no 5xx, no status, header or body that is not in it.

use breakglass_e2e::{Place, Server, Sweep};

/// Stops the server, and sees that it found nothing wrong with itself.
fn is_sound(server: Server) {
    let log = server.stop();
    assert!(!log.contains("\"ERROR\""), "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn nobody_in_particular_is_answered_as_the_document_says() {
    let place = Place::new();
    let server = place.serve().start();
    let sweep = Sweep {
        who: "without credentials",
        authorization: None,
        parameters: &[("tenant", "CUSTOMER")],
        without: &[],
    };
    sweep.run(&place, &server);
    is_sound(server);
}

#[test]
fn an_administrator_is_answered_as_the_document_says_whatever_is_asked() {
    let place = Place::new();
    let server = place.serve().start();
    let fleet = server.fleet();
    let sweep = Sweep {
        who: "an administrator's session, ids made up",
        authorization: Some(format!("OpsToken {}", fleet.ops_token)),
        parameters: &[],
        without: &[("releaseToken", "it ends the session that the others need")],
    };
    sweep.run(&place, &server);
    // The session still opens the door; the realm may be gone, for that was asked for too.
    let realms = fleet
        .client()
        .get("/suite-api/api/fleet-management/iam/ssorealms");
    realms.expect(200);
    is_sound(server);
}

#[test]
fn an_emergency_token_is_answered_as_the_document_says_on_what_is_there() {
    let place = Place::new();
    let server = place.serve().start();
    let fleet = server.fleet();
    let keeper = fleet.create("keeper").token;
    fleet.api_token_of("subject", &["audit_reader".to_owned()]);
    let sweep = Sweep {
        who: "an emergency token, ids that are there",
        authorization: Some(format!("Bearer {keeper}")),
        parameters: &[
            ("tenant", "CUSTOMER"),
            ("ssoRealmId", &fleet.realm),
            ("realmId", &fleet.realm),
            ("path.clientId", "subject"),
        ],
        without: &[
            (
                "deleteSsoRealm",
                "it takes the realm with all that the others ask for",
            ),
            (
                "rotateSigningKey",
                "done at once, it recalls the token of the others",
            ),
        ],
    };
    sweep.run(&place, &server);
    assert!(fleet.is_alive(&keeper), "the token still opens the door");
    is_sound(server);
}
