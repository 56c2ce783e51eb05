//! What a server refuses to start with.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use breakglass_e2e::{PASSWORD, Place};

use super::sign_in;

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
