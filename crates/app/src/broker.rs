//! Identity brokers.

use breakglass_domain::audit::{AuditAction, AuditEvents, AuditTarget, TargetKind};
use breakglass_domain::{
    Broker, BrokerDraft, BrokerId, DeploymentType, DisplayName, InstanceId, KeyPolicy, NewBroker,
    OverflowThreshold, Principal, Privilege, Reach, Realm, SigningKey, Timestamp,
};
use breakglass_ports::{ReadView, StoreError, UnitOfWork};

use crate::app::App;
use crate::caller::Caller;
use crate::error::{Conflict, Error, Resource};

/// A broker with what is computed about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BrokerView {
    /// The broker.
    pub broker: Broker,
    /// Its issuer identifier.
    pub issuer: String,
    /// The installation it runs in; the fleet contract's `vcfInstanceId`.
    pub instance_id: InstanceId,
    /// The realm on it, if it has one.
    pub realm: Option<Realm>,
}

/// Which brokers to list.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct BrokerFilter {
    /// Only brokers of this installation.
    pub instance_id: Option<InstanceId>,
    /// Only brokers that run there.
    pub deployment_type: Option<DeploymentType>,
}

impl App {
    /// The brokers that the caller can see, the oldest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the view privilege.
    pub async fn list_brokers(
        &self,
        caller: &Caller,
        filter: BrokerFilter,
    ) -> Result<Vec<BrokerView>, Error> {
        caller.require(Privilege::View)?;
        if filter
            .instance_id
            .is_some_and(|id| id != self.installation.id)
        {
            return Ok(Vec::new());
        }
        let mut view = self.ports.store.read().await?;
        let mut brokers = Vec::new();
        for broker in view.list_brokers().await? {
            if filter
                .deployment_type
                .is_some_and(|wanted| wanted != broker.deployment_type)
            {
                continue;
            }
            let realm = view.find_realm_of_broker(broker.id).await?;
            if sees(&caller.principal, realm.as_ref()) {
                brokers.push(self.view_of(broker, realm));
            }
        }
        Ok(brokers)
    }

    /// Makes a broker with its first signing key.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for callers of one realm, [`Error::Invalid`] with every faulty field,
    /// [`Conflict::TenantExists`] when the tenant is taken.
    pub async fn create_broker(
        &self,
        caller: &Caller,
        draft: BrokerDraft,
    ) -> Result<BrokerView, Error> {
        caller.require(Privilege::Manage)?;
        caller.require_everywhere()?;
        let accepted = draft.accept().map_err(Error::Invalid)?;
        let now = self.now();
        let broker = new_broker(BrokerId::from_random(self.random()?), accepted, now);
        let key = self
            .ports
            .signer
            .generate(Some(broker.id), broker.algorithm, now)
            .await?;
        let mut unit = self.ports.store.begin().await?;
        let key = self.ports.signer.reseal(&key)?;
        insert_with_key(unit.as_mut(), &broker, &key).await?;
        let events = creation_events(caller, &broker, &key, now);
        self.commit(unit, events).await?;
        Ok(self.view_of(broker, None))
    }

    /// Renames a broker.
    ///
    /// # Errors
    /// [`Resource::Broker`] is not found when there is none of that id in the caller's reach.
    pub async fn rename_broker(
        &self,
        caller: &Caller,
        id: BrokerId,
        name: DisplayName,
    ) -> Result<(), Error> {
        caller.require(Privilege::Manage)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let (broker, realm) = visible(unit.as_mut(), caller, id).await?;
        let target = AuditTarget::new(TargetKind::Broker, &id);
        let mut event = caller
            .event(AuditAction::BrokerUpdated, target, now)
            .with("from", broker.display_name.as_str())
            .with("to", name.as_str());
        event.realm_id = realm.map(|realm| realm.id);
        unit.update_broker(&Broker {
            display_name: name,
            updated_at: now,
            ..broker
        })
        .await?;
        self.commit(unit, event).await
    }

    pub(crate) fn view_of(&self, broker: Broker, realm: Option<Realm>) -> BrokerView {
        let issuer = broker.issuer(self.public_url());
        BrokerView {
            broker,
            issuer,
            instance_id: self.installation.id,
            realm,
        }
    }
}

/// The broker of this id with its realm, when the caller can see it.
pub(crate) async fn visible<V: ReadView + ?Sized>(
    view: &mut V,
    caller: &Caller,
    id: BrokerId,
) -> Result<(Broker, Option<Realm>), Error> {
    let broker = view
        .find_broker(id)
        .await?
        .ok_or(Error::NotFound(Resource::Broker))?;
    let realm = view.find_realm_of_broker(id).await?;
    if sees(&caller.principal, realm.as_ref()) {
        return Ok((broker, realm));
    }
    Err(Error::NotFound(Resource::Broker))
}

fn sees(principal: &Principal, realm: Option<&Realm>) -> bool {
    match principal.reach() {
        Reach::Everywhere => true,
        Reach::Realm(own) => realm.is_some_and(|realm| realm.id == own),
    }
}

pub(crate) fn new_broker(id: BrokerId, accepted: NewBroker, now: Timestamp) -> Broker {
    Broker {
        id,
        tenant: accepted.tenant,
        display_name: accepted.display_name,
        deployment_type: DeploymentType::Embedded,
        algorithm: accepted.algorithm,
        key_policy: KeyPolicy::default(),
        token_overflow_threshold: OverflowThreshold::default(),
        created_at: now,
        updated_at: now,
    }
}

pub(crate) async fn insert_with_key(
    unit: &mut dyn UnitOfWork,
    broker: &Broker,
    key: &SigningKey,
) -> Result<(), Error> {
    match unit.insert_broker(broker).await {
        Err(StoreError::Conflict) => return Err(Error::Conflict(Conflict::TenantExists)),
        outcome => outcome?,
    }
    Ok(unit.insert_signing_key(key).await?)
}

pub(crate) fn creation_events(
    caller: &Caller,
    broker: &Broker,
    key: &SigningKey,
    now: Timestamp,
) -> AuditEvents {
    let target = AuditTarget::new(TargetKind::Broker, &broker.id);
    let created = caller
        .event(AuditAction::BrokerCreated, target, now)
        .with("tenant", broker.tenant.as_str())
        .with("algorithm", broker.algorithm.name());
    AuditEvents::new(created, vec![key_event(caller, key, now)])
}

pub(crate) fn key_event(
    caller: &Caller,
    key: &SigningKey,
    now: Timestamp,
) -> breakglass_domain::audit::AuditEvent {
    let purpose = key.broker_id.map_or_else(
        || "audit checkpoints".to_owned(),
        |id| format!("broker {id}"),
    );
    let target = AuditTarget::new(TargetKind::SigningKey, &key.id);
    caller
        .event(AuditAction::SigningKeyCreated, target, now)
        .with("algorithm", key.algorithm.name())
        .with("purpose", purpose)
}
