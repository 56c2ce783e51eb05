use breakglass_app::{ApiClientKey, Conflict, Error, Resource};
use breakglass_domain::audit::AuditAction;
use breakglass_domain::{
    ApiClientDraft, ComponentRole, ComponentType, PageRequest, Role, RoleAssignmentDraft,
    RoleDraft, RoleKind, RoleScope,
};
use breakglass_ports::store::{RoleFilter, RoleOrder};
use breakglass_test_support::TestApp;

use crate::support::{nobody, records_of, viewer};

fn draft(name: &str) -> RoleDraft {
    RoleDraft {
        name: Some(name.to_owned()),
        display_name: Some("Reads audits".to_owned()),
        description: None,
        component_roles: vec![ComponentRole {
            component_type: ComponentType::Vcenter,
            roles: vec!["ReadOnly".to_owned()],
        }],
    }
}

fn everything(kind: Option<RoleKind>) -> RoleFilter {
    let page = PageRequest::new(0, 50).unwrap();
    RoleFilter {
        kind,
        order: RoleOrder::Kind,
        descending: false,
        page,
    }
}

#[tokio::test]
async fn a_first_start_knows_the_built_in_roles() {
    let test = TestApp::start().await;
    let page = test
        .app
        .list_roles(&viewer(), everything(None))
        .await
        .unwrap();
    let built_in = Role::built_in(test.made.realm.created_at);
    assert_eq!(page.total, 4);
    assert!(built_in.iter().all(|role| page.entries.contains(role)));
    assert!(
        test.app
            .list_roles(&nobody(), everything(None))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_custom_role_lives_and_a_built_in_one_stays() {
    let test = TestApp::start().await;
    let admin = test.admin();
    test.app
        .create_role(&admin, draft("audit_reader"))
        .await
        .unwrap();
    let taken = test.app.create_role(&admin, draft("audit_reader")).await;
    assert_eq!(taken.unwrap_err(), Error::Conflict(Conflict::RoleExists));
    let changed = RoleDraft {
        display_name: Some("Other".to_owned()),
        ..draft("audit_reader")
    };
    test.app.update_role(&admin, changed).await.unwrap();
    assert_eq!(
        test.app
            .get_role(&viewer(), "audit_reader")
            .await
            .unwrap()
            .display_name,
        "Other"
    );
    let customs = test
        .app
        .list_roles(&admin, everything(Some(RoleKind::Custom)))
        .await
        .unwrap();
    assert_eq!(customs.total, 1);
    test.app.delete_role(&admin, "audit_reader").await.unwrap();
    let gone = test.app.get_role(&admin, "audit_reader").await;
    assert_eq!(gone.unwrap_err(), Error::NotFound(Resource::Role));
    let built_in = Error::Conflict(Conflict::RoleIsBuiltIn);
    assert_eq!(
        test.app
            .delete_role(&admin, "vcf_viewer")
            .await
            .unwrap_err(),
        built_in
    );
    assert_eq!(
        test.app
            .update_role(&admin, draft("vcf_viewer"))
            .await
            .unwrap_err(),
        built_in
    );
    for action in [
        AuditAction::RoleCreated,
        AuditAction::RoleUpdated,
        AuditAction::RoleDeleted,
    ] {
        assert_eq!(
            records_of(&test, action).await.len(),
            1,
            "{}",
            action.name()
        );
    }
}

#[tokio::test]
async fn roles_are_given_replaced_and_end_by_themselves() {
    let test = TestApp::start().await;
    let (admin, realm) = (test.admin(), test.made.realm.id);
    let client = ApiClientDraft {
        client_id: Some("ci".to_owned()),
        client_name: Some("CI".to_owned()),
        client_description: None,
    };
    let client = test
        .app
        .create_api_client(&admin, realm, client)
        .await
        .unwrap();
    let give = |role: &str, expires_at| RoleAssignmentDraft {
        role_name: Some(role.to_owned()),
        scope: Some(RoleScope::SsoRealm),
        expires_at,
    };
    test.app
        .create_role(&admin, draft("audit_reader"))
        .await
        .unwrap();
    let end = test.app.now().plus_millis(60_000).millis();
    let drafts = vec![give("audit_reader", None), give("vcf_viewer", Some(end))];
    test.app
        .replace_role_assignments(&admin, realm, client.id, drafts)
        .await
        .unwrap();
    let held = test
        .app
        .list_role_assignments(&admin, realm, client.id)
        .await
        .unwrap();
    assert_eq!(held[0].display_name, "Reads audits");
    assert_eq!(held.len(), 2);
    let still_held = test.app.delete_role(&admin, "audit_reader").await;
    assert_eq!(
        still_held.unwrap_err(),
        Error::Conflict(Conflict::RoleIsHeld)
    );
    test.clock.advance_minutes(1);
    let view = test.app.get_api_client(&admin, realm, "ci").await.unwrap();
    assert_eq!(view.roles.len(), 1);
    let unknown = test
        .app
        .replace_role_assignments(&admin, realm, client.id, vec![give("nothing", None)])
        .await;
    assert!(matches!(unknown, Err(Error::Invalid(_))));
    test.app
        .replace_role_assignments(&admin, realm, client.id, vec![])
        .await
        .unwrap();
    assert!(
        test.app
            .list_role_assignments(&admin, realm, client.id)
            .await
            .unwrap()
            .is_empty()
    );
    test.app.delete_role(&admin, "audit_reader").await.unwrap();
    assert_eq!(
        records_of(&test, AuditAction::RoleAssignmentsReplaced)
            .await
            .len(),
        2
    );
    let other = test.add_realm("OTHER").await;
    let elsewhere = test
        .app
        .list_role_assignments(&admin, other.id, client.id)
        .await;
    assert_eq!(elsewhere.unwrap_err(), Error::NotFound(Resource::Principal));
    let key = ApiClientKey::Principal(client.id);
    let missing = test
        .app
        .update_api_client(&admin, other.id, &key, ApiClientDraft::default())
        .await;
    assert_eq!(missing.unwrap_err(), Error::NotFound(Resource::ApiClient));
}
