use breakglass_app::{Conflict, Error, Grant, GrantFault, Resource, TokenRequest};
use breakglass_domain::{ApiClientDraft, OauthAppDraft, Privilege, Secret, TaskState};
use breakglass_test_support::TestApp;

use crate::support::{bearer, credentials, give_roles, issue, request, viewer};

fn draft(name: &str) -> OauthAppDraft {
    OauthAppDraft {
        client_name: Some(name.to_owned()),
        redirect_urls: Some(vec!["https://app.example/cb".to_owned()]),
        logout_urls: None,
    }
}

async fn token(test: &TestApp, client_id: &str, secret: &Secret) -> Result<Secret, Error> {
    let request = TokenRequest {
        client: Some(credentials(client_id, secret)),
        ..request(Grant::ClientCredentials)
    };
    issue(test, request).await.map(|issued| issued.access_token)
}

#[tokio::test]
async fn an_app_is_made_replaced_rotated_and_deleted() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    let made = test
        .app
        .create_oauth_app(&admin, realm, draft("Grafana"))
        .await
        .unwrap();
    let (id, client_id) = (made.view.app.id, made.view.app.client_id.clone());
    assert_eq!(client_id.len(), 32);
    give_roles(&test, id, &["vcf_viewer"], None).await;
    let access = token(&test, &client_id, &made.client_secret).await.unwrap();
    let caller = bearer(&test, &access).await.unwrap();
    assert!(caller.principal.holds(Privilege::View));
    assert_eq!(
        caller.principal.actor().to_string(),
        format!("oauth_app:{client_id}")
    );

    let replaced = test
        .app
        .update_oauth_app(&admin, realm, id, draft("Loki"))
        .await
        .unwrap();
    assert_eq!(replaced.app.client_name.as_str(), "Loki");
    let rotated = test
        .app
        .rotate_oauth_app_secret(&admin, realm, id)
        .await
        .unwrap();
    let refused = token(&test, &client_id, &made.client_secret).await;
    assert_eq!(
        refused.unwrap_err(),
        Error::Grant(GrantFault::InvalidClient)
    );
    assert!(bearer(&test, &access).await.is_err());
    let access = token(&test, &client_id, &rotated.client_secret)
        .await
        .unwrap();
    let listed = test.app.list_oauth_apps(&viewer(), realm).await.unwrap();
    assert_eq!(listed.len(), 1);
    test.app.delete_oauth_app(&admin, realm, id).await.unwrap();
    assert!(bearer(&test, &access).await.is_err());
    let gone = test.app.get_oauth_app(&viewer(), realm, id).await;
    assert_eq!(gone, Err(Error::NotFound(Resource::OauthApp)));
}

#[tokio::test]
async fn a_client_id_names_one_client_of_the_realm_whatever_its_kind() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    test.add_emergency_client(&test.made.realm, "fire").await;
    let same = ApiClientDraft {
        client_id: Some("fire".to_owned()),
        client_name: Some("Fire".to_owned()),
        client_description: None,
    };
    let refused = test.app.create_api_client(&admin, realm, same).await;
    assert_eq!(
        refused.unwrap_err(),
        Error::Conflict(Conflict::ClientIdTaken)
    );
    let made = test
        .app
        .create_oauth_app(&admin, realm, draft("Grafana"))
        .await
        .unwrap();
    let same = crate::support::draft(&made.view.app.client_id, 60);
    let refused = test.app.create_emergency_client(&admin, realm, same).await;
    assert_eq!(
        refused.unwrap_err(),
        Error::Conflict(Conflict::ClientIdTaken)
    );
}

#[tokio::test]
async fn a_forced_deletion_takes_apps_and_secrets_along() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    let made = test
        .app
        .create_oauth_app(&admin, realm, draft("Grafana"))
        .await
        .unwrap();
    let access = token(&test, &made.view.app.client_id, &made.client_secret)
        .await
        .unwrap();
    for (force, expected) in [(false, false), (true, true)] {
        let task = test.app.delete_realm(&admin, realm, force).await.unwrap();
        test.app.run_queued_tasks().await.unwrap();
        let task = test.app.get_task(&admin, task).await.unwrap();
        assert_eq!(matches!(task.state, TaskState::Completed), expected);
    }
    assert!(bearer(&test, &access).await.is_err());
}
