//! `…/iam/ssorealms`: realms. Their instants are seconds, as the contract has them, unlike those of the clients in them.

use breakglass_api_types::fleet_iam::{
    IamTaskDetails, SsoRealm, SsoRealmCreationRequest, SsoRealms,
};
use breakglass_app::{BrokerView, Error, Resource};
use breakglass_domain::{BrokerId, Realm, RealmId};

use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `getSsoRealmList`.
pub(crate) async fn list(call: &Call) -> Result<Reply, Failure> {
    let realms = call.app().list_realms(call.caller()?).await?;
    let realms = realms.iter().map(|(realm, broker)| wire(realm, broker));
    Reply::json(&SsoRealms {
        sso_realms: Some(realms.collect()),
    })
}

/// `getSsoRealm`.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let id = id(call)?;
    let (realm, broker) = call.app().get_realm(call.caller()?, id).await?;
    Reply::json(&wire(&realm, &broker))
}

/// `createSsoRealm`. A broker that does not exist is a faulty field, not an absent path.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let parsed = call.json::<SsoRealmCreationRequest>()?;
    reject_faults(parsed.failures, None)?;
    let broker: BrokerId = parsed
        .value
        .vidb_resource_id
        .unwrap_or_default()
        .parse()
        .map_err(|_| Failure::of_field("vidbResourceId", "must be a UUID"))?;
    let realm = call.app().create_realm(call.caller()?, broker).await?;
    Reply::json(&bare(&realm))
}

/// `deleteSsoRealm`: starts a task that deletes the realm.
pub(crate) async fn delete(call: &Call) -> Result<Reply, Failure> {
    let mut query = call.query();
    let force = query.read("force", "must be true or false");
    query.finish()?;
    let id = id(call)?;
    let task = call
        .app()
        .delete_realm(call.caller()?, id, force.unwrap_or(false))
        .await?;
    Reply::json(&IamTaskDetails {
        task_id: Some(task.to_string()),
        ..IamTaskDetails::default()
    })
}

/// The realm of the path. A text that is no id names no realm: it is answered as an unknown one is.
pub(crate) fn id(call: &Call) -> Result<RealmId, Failure> {
    let absent = Error::NotFound(Resource::Realm);
    call.parameter("ssoRealmId")
        .parse()
        .map_err(|_| absent.into())
}

fn wire(realm: &Realm, view: &BrokerView) -> SsoRealm {
    SsoRealm {
        issues: Some(Vec::new()),
        name: Some(view.broker.display_name.to_string()),
        sso_realm_coverage: Some(Vec::new()),
        total_configured_components: Some(0),
        vcf_instance_id: Some(view.instance_id.to_string()),
        ..bare(realm)
    }
}

fn bare(realm: &Realm) -> SsoRealm {
    SsoRealm {
        created_at: Some(realm.created_at.seconds()),
        id: Some(realm.id.to_string()),
        updated_at: Some(realm.updated_at.seconds()),
        vidb_resource_id: Some(realm.broker_id.to_string()),
        ..SsoRealm::default()
    }
}
