//! The vendor's published Python client, unmodified, walks the fleet surface.

use breakglass_e2e::{PASSWORD, Place, python};

#[test]
fn the_vendors_client_finds_what_it_knows() {
    let place = Place::installed();
    let broker = place
        .local(["broker", "add", "--local", "--output", "json"])
        .args(["--tenant", "SECOND", "--name", "A second broker"])
        .run()
        .json();
    let broker = broker["id"].as_str().unwrap();
    let server = place.serve().start();

    python(
        "vendor_client.py",
        &[("BREAKGLASS_PASSWORD", PASSWORD)],
        [server.url(), broker],
    );

    let log = server.stop();
    assert!(!log.contains("\"ERROR\""), "{log}");
}

#[test]
fn the_vendors_client_manages_roles_and_api_clients() {
    let place = Place::installed();
    let server = place.serve().start();

    python(
        "machine_clients.py",
        &[("BREAKGLASS_PASSWORD", PASSWORD)],
        [server.url()],
    );

    let log = server.stop();
    assert!(!log.contains("\"ERROR\""), "{log}");
}
