//! Client profiles, trusted issuers and explanations on a data folder itself.

use breakglass_cli::Exit;

use crate::support::Folder;

#[tokio::test]
async fn a_client_profile_lives_its_whole_life() {
    let folder = Folder::initialized().await;
    let create = "client-profile create LOCAL --external-group staff --issuer-alias breakglass --domain CUSTOMER";
    let made = folder
        .succeeds(&format!("{create} --grant READ_ONLY --grant OBSERVABILITY"))
        .await;
    let id = made.out.trim().to_owned();
    let listed = folder.succeeds("client-profile list LOCAL").await;
    for part in [
        &id,
        "EXTERNAL_GROUP staff@CUSTOMER of breakglass",
        "OBSERVABILITY READ_ONLY",
    ] {
        assert!(listed.out.contains(part), "{part} in {}", listed.out);
    }
    let again = folder.fails(create, Exit::Conflict).await;
    assert!(
        again.failure().contains("already exists"),
        "{}",
        again.failure()
    );
    folder
        .succeeds(&format!(
            "client-profile update LOCAL {id} --grant IDENTITY_MGMT"
        ))
        .await;
    let shown = folder
        .succeeds(&format!("client-profile show LOCAL {id} --output json"))
        .await;
    assert_eq!(shown.json()["grants"][0]["entitlement"], "IDENTITY_MGMT");
    let odd = folder
        .fails("client-profile create LOCAL --privileges all", Exit::Usage)
        .await;
    assert!(odd.failure().contains("scope=privilege"));
    let faulty = "client-profile create LOCAL --local-user a --grant ROOT";
    let faulty = folder.fails(faulty, Exit::Invalid).await;
    assert!(
        faulty.failure().contains("grants[0].entitlement"),
        "{}",
        faulty.failure()
    );
    let update = format!("client-profile update LOCAL {id}");
    folder.succeeds(&format!("{update} --no-grants")).await;
    let shown = folder
        .succeeds(&format!("client-profile show LOCAL {id} --output json"))
        .await;
    assert_eq!(shown.json()["grants"], serde_json::json!([]));
    let held =
        "client-profile create LOCAL --privileges s=p,q --privileges t=p --issuer-alias breakglass";
    folder.succeeds(held).await;
    let twice =
        "client-profile create LOCAL --privileges u=p --privileges u=q --issuer-alias breakglass";
    let twice = folder.succeeds(twice).await.out.trim().to_owned();
    let shown = folder
        .succeeds(&format!("client-profile show LOCAL {twice} --output json"))
        .await;
    assert_eq!(
        shown.json()["subject"]["privileges"],
        serde_json::json!({"u": ["p", "q"]})
    );
    folder
        .succeeds(&format!("client-profile delete LOCAL {id} --yes"))
        .await;
    folder
        .fails(&format!("client-profile show LOCAL {id}"), Exit::NotFound)
        .await;
}

#[tokio::test]
async fn an_issuer_is_trusted_for_a_while() {
    let folder = Folder::initialized().await;
    let certificate = rcgen::generate_simple_self_signed(vec!["issuer.example".to_owned()]);
    folder.secret("chain.pem", &certificate.unwrap().cert.pem());
    let chain = folder.beside("chain.pem").display().to_string();
    let add = format!("token-issuer add LOCAL vc --issuer https://vc --chain {chain}");
    folder.succeeds(&add).await;
    let again = folder.fails(&add, Exit::Conflict).await;
    assert!(
        again.failure().contains("trusted already"),
        "{}",
        again.failure()
    );
    let listed = folder.succeeds("token-issuer list LOCAL").await;
    assert!(listed.out.contains("vc") && listed.out.contains("https://vc"));
    folder
        .succeeds("token-issuer update LOCAL vc --issuer https://vc.example")
        .await;
    let shown = folder.succeeds("token-issuer show LOCAL vc").await;
    for part in ["https://vc.example", "BEGIN CERTIFICATE"] {
        assert!(shown.out.contains(part), "{part} in {}", shown.out);
    }
    folder.secret("odd.pem", "no certificate");
    let odd = folder.beside("odd.pem").display().to_string();
    let odd = format!("token-issuer update LOCAL vc --chain {odd}");
    let odd = folder.fails(&odd, Exit::Invalid).await;
    assert!(
        odd.failure().contains("signing_cert_chains[0]"),
        "{}",
        odd.failure()
    );
    let keys = "token-issuer update LOCAL vc --jwks-uri";
    folder
        .succeeds(&format!("{keys} https://vc.example/keys"))
        .await;
    let shown = folder.succeeds("token-issuer show LOCAL vc").await;
    assert!(
        shown.out.contains("https://vc.example/keys"),
        "{}",
        shown.out
    );
    let odd = folder
        .fails(&format!("{keys} http://vc.example/keys"), Exit::Invalid)
        .await;
    assert!(odd.failure().contains("jwks_uri"), "{}", odd.failure());
    folder.succeeds("token-issuer remove LOCAL vc --yes").await;
    folder
        .fails("token-issuer show LOCAL vc", Exit::NotFound)
        .await;
}

#[tokio::test]
async fn a_token_is_explained() {
    let folder = Folder::initialized().await;
    let create = "emergency-client create LOCAL --client-id fire --ttl 60 --output token";
    let token = folder.succeeds(create).await.out.trim().to_owned();
    let told = folder.succeeds(&format!("decide LOCAL {token}")).await;
    for part in ["fire@CUSTOMER", "breakglass", "as the administrator"] {
        assert!(told.out.contains(part), "{part} in {}", told.out);
    }
    let told = folder
        .succeeds(&format!("decide LOCAL {token} --output json"))
        .await;
    assert_eq!(told.json()["context"]["subject"], "fire@CUSTOMER");
    folder.fails("decide LOCAL a.b.c", Exit::TokenInvalid).await;
}
