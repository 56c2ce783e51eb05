use breakglass_app::{ApiClientKey, Conflict, Error, Resource};
use breakglass_domain::audit::AuditAction;
use breakglass_domain::{
    ApiClientDraft, ClientQuery, Comparison, PageRequest, SearchField, SearchTerm, TaskState,
};
use breakglass_test_support::TestApp;

use crate::support::{bearer, records_of, viewer};

fn draft(client_id: &str) -> ApiClientDraft {
    ApiClientDraft {
        client_id: Some(client_id.to_owned()),
        client_name: Some(format!("Client {client_id}")),
        client_description: Some("builds".to_owned()),
    }
}

#[tokio::test]
async fn a_client_is_made_changed_found_and_deleted() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    let made = test
        .app
        .create_api_client(&admin, realm, draft("ci-1"))
        .await
        .unwrap();
    assert_eq!(made.created_by, "account:admin");
    let taken = test
        .app
        .create_api_client(&admin, realm, draft("ci-1"))
        .await;
    assert_eq!(
        taken.unwrap_err(),
        Error::Conflict(Conflict::ApiClientExists)
    );
    let renamed = ApiClientDraft {
        client_name: Some("New".to_owned()),
        ..ApiClientDraft::default()
    };
    let keys = [
        ApiClientKey::Principal(made.id),
        ApiClientKey::Id("ci-1".to_owned()),
    ];
    for key in keys {
        let changed = test
            .app
            .update_api_client(&admin, realm, &key, renamed.clone())
            .await
            .unwrap();
        assert_eq!(changed.client_name.as_str(), "New");
        assert_eq!(changed.client_description.as_deref(), Some("builds"));
    }
    let moved = ApiClientDraft {
        client_id: Some("other".to_owned()),
        ..ApiClientDraft::default()
    };
    let refused = test
        .app
        .update_api_client(&admin, realm, &ApiClientKey::Principal(made.id), moved)
        .await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
    test.app
        .create_api_client(&admin, realm, draft("deploy"))
        .await
        .unwrap();
    let like = |text: &str| ClientQuery {
        all_of: vec![SearchTerm {
            field: SearchField::ClientId,
            comparison: Comparison::Like(vec![text.to_owned()]),
        }],
        any_of: vec![],
    };
    let page = PageRequest::new(0, 1).unwrap();
    let all = test
        .app
        .query_api_clients(&viewer(), realm, &ClientQuery::default(), page)
        .await
        .unwrap();
    assert_eq!((all.entries.len(), all.total), (1, 2));
    let found = test
        .app
        .query_api_clients(&viewer(), realm, &like("DEP"), page)
        .await
        .unwrap();
    assert_eq!(found.entries[0].client.client_id.as_str(), "deploy");
    test.app
        .delete_api_client(&admin, realm, "ci-1")
        .await
        .unwrap();
    let gone = test.app.get_api_client(&admin, realm, "ci-1").await;
    assert_eq!(gone.unwrap_err(), Error::NotFound(Resource::ApiClient));
    assert_eq!(
        records_of(&test, AuditAction::ApiClientCreated).await.len(),
        2
    );
    assert_eq!(
        records_of(&test, AuditAction::ApiClientUpdated).await.len(),
        2
    );
    assert_eq!(
        records_of(&test, AuditAction::ApiClientDeleted).await.len(),
        1
    );
}

#[tokio::test]
async fn clients_are_kept_within_reach() {
    let test = TestApp::start().await;
    let other = test.add_realm("OTHER").await;
    test.app
        .create_api_client(&test.admin(), other.id, draft("theirs"))
        .await
        .unwrap();
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let caller = bearer(&test, &token).await.unwrap();
    let absent = Error::NotFound(Resource::Realm);
    let page = PageRequest::new(0, 50).unwrap();
    let query = test
        .app
        .query_api_clients(&caller, other.id, &ClientQuery::default(), page)
        .await;
    assert_eq!(query.unwrap_err(), absent);
    assert_eq!(
        test.app
            .get_api_client(&caller, other.id, "theirs")
            .await
            .unwrap_err(),
        absent
    );
    assert_eq!(
        test.app
            .delete_api_client(&caller, other.id, "theirs")
            .await
            .unwrap_err(),
        absent
    );
    assert_eq!(
        test.app
            .create_api_client(&caller, other.id, draft("x"))
            .await
            .unwrap_err(),
        absent
    );
    assert!(
        test.app
            .create_api_client(&viewer(), other.id, draft("x"))
            .await
            .is_err()
    );
    test.app
        .create_api_client(&caller, test.made.realm.id, draft("ours"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_realm_with_clients_is_deleted_only_by_force() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    test.app
        .create_api_client(&admin, realm, draft("ci"))
        .await
        .unwrap();
    let gentle = test.app.delete_realm(&admin, realm, false).await.unwrap();
    test.app.run_queued_tasks().await.unwrap();
    assert!(matches!(
        test.app.get_task(&admin, gentle).await.unwrap().state,
        TaskState::Failed(_)
    ));
    let forced = test.app.delete_realm(&admin, realm, true).await.unwrap();
    test.app.run_queued_tasks().await.unwrap();
    assert_eq!(
        test.app.get_task(&admin, forced).await.unwrap().state,
        TaskState::Completed
    );
    assert_eq!(
        records_of(&test, AuditAction::ApiClientDeleted).await.len(),
        1
    );
}
