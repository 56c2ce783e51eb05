//! Others that ask what the holder of a token may do.

use breakglass_e2e::{Nginx, Place, Robot, python};
use serde_json::json;

const BODY: &str = "the runbook";

/// Lets a group of an issuer do something, and gives the id of the profile that says so.
fn grant(place: &Place, group: &str, (alias, domain): (&str, &str), entitlement: &str) -> String {
    let words = ["client-profile", "create", "--local"];
    place
        .local(words)
        .args(["--external-group", group, "--issuer-alias", alias])
        .args(["--domain", domain, "--grant", entitlement])
        .run()
        .ok()
        .trim()
        .to_owned()
}

#[test]
fn a_proxy_lets_pass_who_may() {
    let place = Place::new();
    let server = place.serve().start();
    let proxy = Nginx::start(&place, &server, BODY);
    let told = proxy.client().get("/").expect(401);
    assert!(told.header("www-authenticate").contains("Bearer"));

    let token = Robot::new(&place, &server).access_token(&server);
    let machine = proxy.client().authorized(format!("Bearer {token}"));
    machine.get("/").expect(403);
    let own = ("breakglass", "CUSTOMER");
    let profile = grant(&place, "vcf_viewer", own, "OBSERVABILITY");
    machine.get("/").expect(403);
    let update = ["client-profile", "update", "--local", &profile];
    let update = place.local(update).args(["--grant", "READ_ONLY"]);
    update.run().ok();
    assert_eq!(machine.get("/").expect(200).text(), BODY);

    let fleet = server.fleet();
    let paper = fleet.create("paper").token;
    let emergency = proxy.client().authorized(format!("Bearer {paper}"));
    let told = emergency.get("/").expect(200);
    assert_eq!(told.text(), BODY);
    assert_eq!(told.header("x-seen-subject"), "paper@CUSTOMER");
    assert_eq!(told.header("x-seen-authorization"), "");
    fleet.regenerate("paper");
    emergency.get("/").expect(401);
    let used = fleet.audit();
    let used = used
        .iter()
        .filter(|record| record["action"] == "emergency_token.used");
    assert_eq!(used.count(), 1);
}

#[test]
fn the_token_of_another_issuer_is_good_while_it_is_trusted() {
    let place = Place::new();
    let server = place.serve().args(["--allow-plain-http-key-sets"]).start();
    let issuer = "https://login.example.org";
    let certificate = place.path("issuer.pem");
    let keys = place.path("keys.json");
    let files = [&certificate, &keys].map(|path| path.to_str().unwrap());
    let words = [issuer, server.url(), files[0], files[1]];
    let token = python("foreign_token.py", &[], words);
    let holder = server
        .client()
        .authorized(format!("Bearer {}", token.trim()));
    let ask = "/breakglass/v1/forward-auth?entitlement=READ_ONLY";
    holder.get(ask).expect(401);

    let trust = ["token-issuer", "add", "--local", "login"];
    let trust = place.local(trust).args(["--issuer", issuer, "--chain"]);
    trust.args([&certificate]).run().ok();
    holder.get(ask).expect(403);
    grant(&place, "operators", ("login", "example.org"), "READ_ONLY");
    let told = holder.get(ask).expect(200);
    assert_eq!(told.header("x-breakglass-subject"), "carol@example.org");
    assert_eq!(told.header("x-breakglass-issuer"), "login");

    let remove = || {
        let remove = ["token-issuer", "remove", "--local", "login"];
        place.local(remove).args(["--yes"]).run().ok();
        holder.get(ask).expect(401);
    };
    remove();

    let published = std::fs::read_to_string(&keys).unwrap();
    let site = Nginx::start(&place, &server, &published);
    let spec = json!({
        "issuer_alias": "login",
        "issuer": issuer,
        "jwks_uri": format!("{}/", site.site_url()),
    });
    let trust = "/api/esx/authentication/trust/security-token-issuers";
    let fleet = server.fleet();
    fleet.client().post(trust, &spec).expect(204);
    holder.get(ask).expect(200);
    remove();
}
