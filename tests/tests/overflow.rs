//! A token with hundreds of roles, from its grant to a call at another installation.

use breakglass_e2e::{Client, PASSWORD, Place, basic, python};
use serde_json::json;

/// So many roles that a token that named them all would pass through no proxy.
fn roles() -> Vec<String> {
    (0..500)
        .map(|number| format!("auditor-of-site-{number:03}"))
        .collect()
}

#[test]
fn the_vendors_client_registers_what_a_token_leaves_out() {
    let home = Place::new();
    // Tokens that nobody asked to be for somebody are for vCenter too.
    let services = "[[service]]\nkey = 'vcenter'\naudience = 'vmware-tes:vapi'\nimplied = true\n";
    let config = home.secret_file("services.toml", services);
    let broker = home
        .serve()
        .args(["--config".as_ref(), config.as_os_str()])
        .start();
    let fleet = broker.fleet();
    let roles = roles();
    let token = fleet.api_token_of("robot", &roles);
    let other = fleet.api_token_of("other", &roles);

    let place = Place::new();
    let flags = ["--tls-self-signed", "--allow-plain-http-key-sets"];
    let vcenter = place.serve().args(flags).start();
    let issuer = format!("{}/acs/t/CUSTOMER", broker.url());
    let keys = format!("{issuer}/jwks");
    let certificate = place.data().join("tls-self-signed.crt");
    let pem = std::fs::read(&certificate).unwrap();
    let admin = Client::trusting(vcenter.url(), &pem).authorized(basic("admin", PASSWORD));
    let trust = "/api/esx/authentication/trust/security-token-issuers";
    let spec = json!({"issuer_alias": "home", "issuer": issuer, "jwks_uri": keys});
    admin.post(trust, &spec).expect(204);
    let profile = [
        "client-profile",
        "create",
        "--local",
        "--external-group",
        "auditor-of-site-321",
    ];
    let profile = place
        .local(profile)
        .args(["--issuer-alias", "home", "--domain", "CUSTOMER"]);
    profile.args(["--grant", "READ_ONLY"]).run().ok();

    let words = [broker.url(), vcenter.url(), certificate.to_str().unwrap()];
    let secrets = [
        ("BREAKGLASS_PASSWORD", PASSWORD),
        ("API_TOKEN", token.as_str()),
        ("OTHER_API_TOKEN", other.as_str()),
    ];
    python("vcenter.py", &secrets, words);

    // What was registered outlives the server, and not the trust.
    let access = broker.client().form(
        "/acs/t/CUSTOMER/token",
        &[
            (
                "grant_type",
                "urn:custom:vcf:params:oauth:grant-type:api-token",
            ),
            ("api_token", &token),
        ],
    );
    let access = access.expect(200).json();
    let access = access["access_token"].as_str().unwrap();
    let bearer = || format!("Bearer {access}");
    let expand = "/acs/t/CUSTOMER/expand-access-token?format=jwt";
    let twin = broker
        .client()
        .authorized(bearer())
        .get(expand)
        .expect(200)
        .text();
    let at_vcenter = |url: &str| Client::trusting(url, &pem).authorized(bearer());
    let ask = "/breakglass/v1/forward-auth?entitlement=READ_ONLY";
    at_vcenter(vcenter.url()).get(ask).expect(401);
    let register = json!({"expanded_access_token": twin});
    let path = "/api/vcenter/registered-tokens";
    at_vcenter(vcenter.url()).post(path, &register).expect(204);
    at_vcenter(vcenter.url()).get(ask).expect(200);
    vcenter.kill();
    let vcenter = place.serve().args(flags).start();
    at_vcenter(vcenter.url()).get(ask).expect(200);
    let remove = ["token-issuer", "remove", "--local", "home", "--yes"];
    place.local(remove).run().ok();
    at_vcenter(vcenter.url()).get(ask).expect(401);

    for log in [broker.stop(), vcenter.stop()] {
        assert!(!log.contains("\"ERROR\""), "{log}");
        for secret in [&token, &other, &twin, &access.to_owned()] {
            assert!(!log.contains(secret.as_str()), "a secret is in the log");
        }
    }
}
