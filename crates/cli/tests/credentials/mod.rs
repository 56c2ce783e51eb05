//! The credentials of machines on a data folder itself, through the library, with its output captured.

mod hosts;

use breakglass_cli::Exit;

use crate::support::Folder;

#[tokio::test]
async fn an_api_token_lives_its_whole_life() {
    let folder = Folder::initialized().await;
    folder
        .succeeds("api-client create LOCAL --client-id ci")
        .await;
    let create = "api-token create LOCAL --client-id ci --token-name nightly --ttl 7d";
    let made = folder.succeeds(create).await;
    assert!(made.out.contains("vidb_"), "{}", made.out);
    assert!(made.err.contains("only this once"), "{}", made.err);
    let listed = folder
        .succeeds("api-token list LOCAL --client-id ci --output json")
        .await;
    let token = &listed.json()["apiTokens"][0];
    let id = token["id"].as_str().unwrap().to_owned();
    assert_eq!(
        (&token["tokenName"], &token["apiTokenTtl"]),
        (&"nightly".into(), &10_080.into())
    );

    let other = folder
        .succeeds(&format!("api-token regenerate LOCAL {id} --output token"))
        .await;
    assert!(other.out.starts_with("vidb_"));
    assert!(!made.out.contains(other.out.trim()));
    folder
        .succeeds(&format!(
            "api-token update LOCAL {id} --access-token-ttl 10m"
        ))
        .await;
    let shown = folder.succeeds(&format!("api-token show LOCAL {id}")).await;
    for part in ["nightly", "10m", "/acs/t/CUSTOMER/token"] {
        assert!(shown.out.contains(part), "{part} in {}", shown.out);
    }
    let faulty = folder
        .fails(&format!("{create} --access-token-ttl 9h"), Exit::Invalid)
        .await;
    assert!(faulty.failure().contains("accessTokenTtl"));
    folder
        .succeeds(&format!("api-token delete LOCAL {id} --yes"))
        .await;
    folder
        .fails(&format!("api-token show LOCAL {id}"), Exit::NotFound)
        .await;
    assert!(
        !folder
            .succeeds("api-token list LOCAL")
            .await
            .out
            .contains("nightly")
    );
}

#[tokio::test]
async fn an_oauth_app_and_its_secrets_live_their_whole_life() {
    let folder = Folder::initialized().await;
    let create = "oauth-app create LOCAL --client-name Grafana --redirect-url https://g.example/cb --output json";
    let made = folder.succeeds(create).await.json();
    let id = made["id"].as_str().unwrap().to_owned();
    let client_id = made["clientId"].as_str().unwrap().to_owned();
    let listed = folder.succeeds("oauth-app list LOCAL").await;
    assert!(listed.out.contains(&client_id) && listed.out.contains("Grafana"));
    let replaced = folder
        .succeeds(&format!("oauth-app replace LOCAL {id} --client-name Loki"))
        .await;
    assert!(replaced.out.contains("Loki") && !replaced.out.contains("g.example"));

    let secrets = format!("client-secret list LOCAL --client-id {client_id} --output json");
    let count = async || {
        let listed = folder.succeeds(&secrets).await.json();
        listed["clientSecrets"].as_array().unwrap().len()
    };
    assert_eq!(count().await, 1);
    let beside = "client-secret create LOCAL --overlap 1h --output token --client-id";
    let secret = folder.succeeds(&format!("{beside} {client_id}")).await;
    assert_eq!(secret.out.trim().len(), 64);
    assert_eq!(count().await, 2);
    let rotated = folder
        .succeeds(&format!(
            "oauth-app rotate LOCAL {id} --token-file BESIDE/secret"
        ))
        .await;
    assert!(rotated.err.contains("nowhere else"));
    assert_eq!(count().await, 1);
    let left = folder.succeeds(&secrets).await.json();
    let left = left["clientSecrets"][0]["secretId"]
        .as_str()
        .unwrap()
        .to_owned();
    folder
        .succeeds(&format!(
            "client-secret delete LOCAL {left} --client-id {client_id} --yes"
        ))
        .await;
    assert_eq!(count().await, 0);
    folder
        .succeeds(&format!("oauth-app delete LOCAL {id} --yes"))
        .await;
    folder
        .fails(&format!("oauth-app show LOCAL {id}"), Exit::NotFound)
        .await;
}

#[tokio::test]
async fn a_client_registers_public_keys_and_never_private_ones() {
    let folder = Folder::initialized().await;
    folder
        .succeeds("api-client create LOCAL --client-id ci")
        .await;
    let public = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
    folder.secret("public", &format!(r#"{{"keys":[{{{public}}}]}}"#));
    folder.secret("private", &format!(r#"{{"keys":[{{{public},"d":"AA"}}]}}"#));
    folder.secret("none", "-----BEGIN PUBLIC KEY-----");
    let set = "client-key set LOCAL --client-id ci --jwks BESIDE";
    let told = folder.succeeds(&format!("{set}/public")).await;
    assert!(
        told.out
            .contains("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    );
    for file in ["private", "none"] {
        folder.fails(&format!("{set}/{file}"), Exit::Invalid).await;
    }
    let listed = folder
        .succeeds("client-key list LOCAL --client-id ci --output json")
        .await;
    assert_eq!(listed.json()["clientKeys"][0]["algorithm"], "EdDSA");
}

#[tokio::test]
async fn signing_keys_follow_one_another_and_the_master_key_too() {
    let folder = Folder::initialized().await;
    folder
        .succeeds("emergency-client create LOCAL --client-id fire --ttl 1h")
        .await;
    let shown = folder.succeeds("key policy LOCAL --output json").await;
    assert_eq!(shown.json()["rotationPeriod"], 129_600);
    let set = folder
        .succeeds("key policy LOCAL --algorithm EdDSA --rotation-period 0 --overlap 2h")
        .await;
    assert!(
        set.out.contains("EdDSA") && set.out.contains("120 min"),
        "{}",
        set.out
    );
    let rotated = folder.succeeds("key rotate LOCAL").await;
    assert!(rotated.out.contains("NEXT"), "{}", rotated.out);
    folder.fails("key rotate LOCAL", Exit::Conflict).await;

    folder.succeeds("key rotate-master --data-dir DATA").await;
    let now = folder.succeeds("key rotate LOCAL --now").await;
    assert!(now.err.contains("1 emergency tokens"), "{}", now.err);
    let listed = folder.succeeds("key list LOCAL").await;
    for state in ["ACTIVE", "RETIRED"] {
        assert!(listed.out.contains(state), "{}", listed.out);
    }
    let clients = folder
        .succeeds("emergency-client list LOCAL --output json")
        .await;
    assert!(clients.out.contains("EXPIRED"), "{}", clients.out);
    folder.succeeds("audit verify LOCAL").await;
}

#[tokio::test]
async fn the_length_of_access_tokens_is_set_and_shown() {
    let folder = Folder::initialized().await;
    let shown = folder.succeeds("realm token-policy LOCAL").await;
    assert!(shown.out.contains("4096 bytes"), "{}", shown.out);
    let set = "realm token-policy LOCAL --overflow-threshold 5000 --output json";
    assert_eq!(
        folder.succeeds(set).await.json()["tokenOverflowThreshold"],
        5000
    );
    let low = "realm token-policy LOCAL --overflow-threshold 1";
    folder.fails(low, Exit::Invalid).await;
    let shown = folder
        .succeeds("realm token-policy LOCAL --output json")
        .await;
    assert_eq!(shown.json()["tokenOverflowThreshold"], 5000);
}
