use breakglass_app::{BrokerFilter, Conflict, Error, Resource};
use breakglass_domain::audit::AuditAction;
use breakglass_domain::{BrokerDraft, DeploymentType, InstanceId};
use breakglass_test_support::TestApp;

use crate::support::{bearer, records_of};

fn draft(tenant: &str, algorithm: &str) -> BrokerDraft {
    BrokerDraft {
        tenant: Some(tenant.to_owned()),
        display_name: Some("Second".to_owned()),
        algorithm: Some(algorithm.to_owned()),
    }
}

#[tokio::test]
async fn a_broker_of_each_algorithm_issues_tokens_that_open_doors() {
    let test = TestApp::start().await;
    for algorithm in ["ES256", "EdDSA", "RS256"] {
        let broker = test
            .app
            .create_broker(&test.admin(), draft(algorithm, algorithm))
            .await
            .unwrap();
        let realm = test
            .app
            .create_realm(&test.admin(), broker.broker.id)
            .await
            .unwrap();
        let token = test.add_emergency_client(&realm, "fire").await;
        assert!(bearer(&test, &token).await.is_ok(), "{algorithm}");
    }
    assert_eq!(records_of(&test, AuditAction::BrokerCreated).await.len(), 4);
    assert_eq!(
        records_of(&test, AuditAction::SigningKeyCreated)
            .await
            .len(),
        5
    );
}

#[tokio::test]
async fn a_tenant_is_taken_once() {
    let test = TestApp::start().await;
    let taken = test
        .app
        .create_broker(&test.admin(), draft("CUSTOMER", "ES256"))
        .await;
    assert_eq!(taken.unwrap_err(), Error::Conflict(Conflict::TenantExists));
}

#[tokio::test]
async fn brokers_are_filtered_and_kept_within_reach() {
    let test = TestApp::start().await;
    test.add_realm("OTHER").await;
    let all = test
        .app
        .list_brokers(&test.admin(), BrokerFilter::default())
        .await
        .unwrap();
    assert_eq!(all.len(), 2);
    let external = BrokerFilter {
        deployment_type: Some(DeploymentType::External),
        ..BrokerFilter::default()
    };
    assert!(
        test.app
            .list_brokers(&test.admin(), external)
            .await
            .unwrap()
            .is_empty()
    );
    let elsewhere = BrokerFilter {
        instance_id: Some(InstanceId::from_random([1; 16])),
        ..BrokerFilter::default()
    };
    assert!(
        test.app
            .list_brokers(&test.admin(), elsewhere)
            .await
            .unwrap()
            .is_empty()
    );
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let caller = bearer(&test, &token).await.unwrap();
    let seen = test
        .app
        .list_brokers(&caller, BrokerFilter::default())
        .await
        .unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].broker.id, test.made.broker.id);
}

#[tokio::test]
async fn an_emergency_client_renames_its_own_broker_and_makes_none() {
    let test = TestApp::start().await;
    let other = test.add_realm("OTHER").await;
    let token = test.add_emergency_client(&test.made.realm, "fire").await;
    let caller = bearer(&test, &token).await.unwrap();
    let name = || "Renamed".parse().unwrap();
    test.app
        .rename_broker(&caller, test.made.broker.id, name())
        .await
        .unwrap();
    let refused = test
        .app
        .rename_broker(&caller, other.broker_id, name())
        .await;
    assert_eq!(refused, Err(Error::NotFound(Resource::Broker)));
    let made = test
        .app
        .create_broker(&caller, draft("MINE", "ES256"))
        .await;
    assert_eq!(made.unwrap_err(), Error::Forbidden { missing: None });
    let updated = records_of(&test, AuditAction::BrokerUpdated).await;
    assert!(updated[0].event.emergency);
    assert_eq!(updated[0].event.details["to"], "Renamed");
}
