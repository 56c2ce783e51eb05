//! What the tests of several areas share.

use breakglass_app::{Caller, Credentials, Error, Origin};
use breakglass_domain::audit::{AuditAction, AuditRecord};
use breakglass_domain::{EmergencyClientDraft, Principal, Privilege, Secret};
use breakglass_ports::store::{AuditFilter, AuditOrder};
use breakglass_test_support::TestApp;

pub(crate) fn draft(client_id: &str, ttl: i64) -> EmergencyClientDraft {
    EmergencyClientDraft {
        client_id: Some(client_id.to_owned()),
        client_name: Some("Name".to_owned()),
        client_description: None,
        access_token_ttl: Some(ttl),
    }
}

pub(crate) fn origin(address: &str) -> Origin {
    Origin {
        source_address: Some(address.to_owned()),
        request_id: Some("r-1".to_owned()),
    }
}

/// A caller without any privilege.
pub(crate) fn nobody() -> Caller {
    let principal = Principal::Account {
        username: "nobody".parse().unwrap(),
        privileges: vec![],
    };
    Caller::without_session(principal, Origin::default())
}

/// A caller that may read.
pub(crate) fn viewer() -> Caller {
    let principal = Principal::Account {
        username: "viewer".parse().unwrap(),
        privileges: vec![Privilege::View],
    };
    Caller::without_session(principal, Origin::default())
}

pub(crate) async fn bearer(test: &TestApp, token: &Secret) -> Result<Caller, Error> {
    let credentials = Some(Credentials::Bearer(token.clone()));
    test.app
        .authenticate(credentials, origin("198.51.100.7"), "test")
        .await
}

/// Every record of the audit, the oldest first.
pub(crate) async fn records(test: &TestApp) -> Vec<AuditRecord> {
    let filter = AuditFilter {
        after: None,
        limit: 1000,
        order: AuditOrder::Ascending,
        realm_id: None,
        action: None,
    };
    test.app
        .list_audit_records(&test.admin(), filter)
        .await
        .unwrap()
        .records
}

/// The records of one action.
pub(crate) async fn records_of(test: &TestApp, action: AuditAction) -> Vec<AuditRecord> {
    let mut found = records(test).await;
    found.retain(|record| record.event.action == action);
    found
}
