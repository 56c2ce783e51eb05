//! The signing keys of brokers: which one signs, and how one follows another.

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditEvents, AuditTarget, TargetKind};
use breakglass_domain::settings::LONGEST_ACCESS_TOKEN;
use breakglass_domain::{
    Broker, BrokerId, KeyPolicy, KeyPolicyDraft, KeyRing, KeyState, Minutes, Privilege, RealmId,
    SealedBytes, SignatureAlgorithm, SigningKey, Timestamp,
};
use breakglass_ports::store::{SignedCount, SignedRecall};
use breakglass_ports::{CryptoError, ReadView, UnitOfWork};

use crate::app::App;
use crate::broker::key_event;
use crate::caller::Caller;
use crate::emergency_client::broker_of;
use crate::error::{Conflict, Error};

/// Allowed for clocks that were set while tokens lived, in milliseconds (a minute).
const SLACK_MILLIS: i64 = 60_000;

/// A signing key and what it is for now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SigningKeyView {
    /// The key.
    pub key: SigningKey,
    /// What it is for.
    pub state: KeyState,
}

/// When and how the signing keys of a realm follow one another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyPolicyView {
    /// What the next key is made for.
    pub algorithm: SignatureAlgorithm,
    /// When.
    pub policy: KeyPolicy,
}

/// What came of a rotation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rotation {
    /// The key that was made.
    pub made: SigningKeyView,
    /// What was recalled with the keys that were retired at once.
    pub recalled: SignedCount,
}

impl App {
    /// The signing keys of a realm, the one that signs last first.
    ///
    /// # Errors
    /// [`Resource::Realm`](crate::Resource::Realm) is not found when there is none of that id in the caller's reach.
    pub async fn list_signing_keys(
        &self,
        caller: &Caller,
        realm_id: RealmId,
    ) -> Result<Vec<SigningKeyView>, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let broker = broker_of(view.as_mut(), caller, realm_id).await?;
        let ring = key_ring(view.as_mut(), broker.id).await?;
        let now = self.now();
        let views = ring.keys().iter().map(|key| SigningKeyView {
            key: key.clone(),
            state: ring.state(key, now),
        });
        Ok(views.collect())
    }

    /// Makes the next signing key of a realm. It is published at once and signs once every copy of the published keys may be
    /// supposed to hold it; the key before it stays published until the last token that it signed has ended.
    ///
    /// # Errors
    /// [`Conflict::NextKeyExists`] while another key waits to sign.
    pub async fn rotate_signing_key(
        &self,
        caller: &Caller,
        realm_id: RealmId,
    ) -> Result<Rotation, Error> {
        let (broker, key) = self.new_key(caller, realm_id).await?;
        let mut unit = self.ports.store.begin().await?;
        let ring = key_ring(unit.as_mut(), broker.id).await?;
        if ring.next(key.created_at).is_some() {
            return Err(Error::Conflict(Conflict::NextKeyExists));
        }
        let key = self.publish(unit.as_mut(), &broker, key).await?;
        let event = of_realm(key_event(caller, &key, key.created_at), realm_id)
            .with("activates_at", key.activates_at.millis().to_string());
        self.commit(unit, event).await?;
        Ok(Rotation {
            made: SigningKeyView {
                key,
                state: KeyState::Next,
            },
            recalled: SignedCount::default(),
        })
    }

    /// Replaces the signing keys of a realm at once, as when one may have fallen into wrong hands: the new key signs from now on,
    /// the others are retired and their private halves destroyed, and every token that they may have signed is recalled.
    /// Credentials live on and get new tokens; emergency clients live on and need theirs regenerated.
    ///
    /// # Errors
    /// [`Resource::Realm`](crate::Resource::Realm) is not found when there is none of that id in the caller's reach.
    pub async fn replace_signing_keys(
        &self,
        caller: &Caller,
        realm_id: RealmId,
    ) -> Result<Rotation, Error> {
        let (broker, made) = self.new_key(caller, realm_id).await?;
        let now = made.created_at;
        let mut unit = self.ports.store.begin().await?;
        let ring = key_ring(unit.as_mut(), broker.id).await?;
        let key = self.ports.signer.reseal(&made)?;
        unit.insert_signing_key(&key).await?;
        let old: Vec<_> = ring.published().collect();
        let key_ids: Vec<_> = old.iter().map(|key| key.id.clone()).collect();
        let recalled = unit
            .recall_signed(&SignedRecall {
                realm_id,
                broker_id: broker.id,
                key_ids: &key_ids,
                used_since: now.plus_millis(-LONGEST_ACCESS_TOKEN.millis() - SLACK_MILLIS),
                now,
                ends_at: now.plus(LONGEST_ACCESS_TOKEN),
            })
            .await?;
        let mut events = Vec::new();
        for old in old {
            unit.update_signing_key(&retired(old, now)).await?;
            let action = AuditAction::SigningKeyRevoked;
            let target = AuditTarget::new(TargetKind::SigningKey, &old.id);
            events.push(of_realm(caller.event(action, target, now), realm_id));
        }
        let first = of_realm(key_event(caller, &key, now), realm_id)
            .with("activates_at", key.activates_at.millis().to_string())
            .with(
                "recalled_emergency_tokens",
                recalled.emergency_tokens.to_string(),
            )
            .with("recalled_credentials", recalled.credentials.to_string());
        self.commit(unit, AuditEvents::new(first, events)).await?;
        Ok(Rotation {
            made: SigningKeyView {
                key,
                state: KeyState::Active,
            },
            recalled,
        })
    }

    /// When and how the signing keys of a realm follow one another.
    ///
    /// # Errors
    /// [`Resource::Realm`](crate::Resource::Realm) is not found when there is none of that id in the caller's reach.
    pub async fn key_policy(
        &self,
        caller: &Caller,
        realm_id: RealmId,
    ) -> Result<KeyPolicyView, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let broker = broker_of(view.as_mut(), caller, realm_id).await?;
        Ok(policy_of(&broker))
    }

    /// Changes when and how the signing keys of a realm follow one another. The keys that there are stay as they are.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every faulty field.
    pub async fn update_key_policy(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        draft: KeyPolicyDraft,
    ) -> Result<KeyPolicyView, Error> {
        caller.require(Privilege::Manage)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let (algorithm, policy) = draft
            .accept(broker.algorithm, broker.key_policy)
            .map_err(Error::Invalid)?;
        let target = AuditTarget::new(TargetKind::Broker, &broker.id);
        let period = policy.rotation_period.map_or(0, Minutes::get);
        let event = caller
            .event(AuditAction::KeyPolicyUpdated, target, now)
            .with("algorithm", algorithm.name())
            .with("rotation_period_minutes", period.to_string())
            .with("overlap_minutes", policy.overlap.to_string());
        let broker = Broker {
            algorithm,
            key_policy: policy,
            updated_at: now,
            ..broker
        };
        unit.update_broker(&broker).await?;
        self.commit(unit, of_realm(event, realm_id)).await?;
        Ok(policy_of(&broker))
    }

    /// Makes the next keys that are due, and retires those whose last token has ended.
    pub(crate) async fn tend_signing_keys(&self) -> Result<(), Error> {
        let brokers = self.ports.store.read().await?.list_brokers().await?;
        for broker in brokers {
            self.rotate_if_due(&broker).await?;
            self.retire_outlived(broker.id).await?;
        }
        Ok(())
    }

    async fn rotate_if_due(&self, broker: &Broker) -> Result<(), Error> {
        let now = self.now();
        let mut view = self.ports.store.read().await?;
        let ring = key_ring(view.as_mut(), broker.id).await?;
        drop(view);
        if !ring.is_rotation_due(broker.key_policy, now) {
            return Ok(());
        }
        let key = self.generate(broker).await?;
        let mut unit = self.ports.store.begin().await?;
        // Another process may have been quicker.
        let ring = key_ring(unit.as_mut(), broker.id).await?;
        if !ring.is_rotation_due(broker.key_policy, now) {
            return Ok(());
        }
        let key = self.publish(unit.as_mut(), broker, key).await?;
        let event = key_event(&Caller::system(), &key, now)
            .with("activates_at", key.activates_at.millis().to_string());
        self.commit(unit, event).await
    }

    async fn retire_outlived(&self, broker_id: BrokerId) -> Result<(), Error> {
        let now = self.now();
        let mut view = self.ports.store.read().await?;
        let ring = key_ring(view.as_mut(), broker_id).await?;
        drop(view);
        if ring.outlived(now).next().is_none() {
            return Ok(());
        }
        let mut unit = self.ports.store.begin().await?;
        let ring = key_ring(unit.as_mut(), broker_id).await?;
        let realm = unit.find_realm_of_broker(broker_id).await?;
        let mut events = Vec::new();
        for old in ring.outlived(now) {
            unit.update_signing_key(&retired(old, now)).await?;
            let target = AuditTarget::new(TargetKind::SigningKey, &old.id);
            let mut event = Caller::system().event(AuditAction::SigningKeyRetired, target, now);
            event.realm_id = realm.as_ref().map(|realm| realm.id);
            events.push(event);
        }
        let Some(events) = AuditEvents::of(events) else {
            return Ok(());
        };
        self.commit(unit, events).await
    }

    /// A new key for the broker of a realm that the caller may manage.
    async fn new_key(
        &self,
        caller: &Caller,
        realm_id: RealmId,
    ) -> Result<(Broker, SigningKey), Error> {
        caller.require(Privilege::Manage)?;
        let mut view = self.ports.store.read().await?;
        let broker = broker_of(view.as_mut(), caller, realm_id).await?;
        drop(view);
        let key = self.generate(&broker).await?;
        Ok((broker, key))
    }

    pub(crate) async fn generate(&self, broker: &Broker) -> Result<SigningKey, Error> {
        let signer = &self.ports.signer;
        let made = signer.generate(Some(broker.id), broker.algorithm, self.now());
        Ok(made.await?)
    }

    /// Lets a new key be published, and sign after the overlap. It is sealed within the unit of work, so that no change of the
    /// master key passes it by.
    async fn publish(
        &self,
        unit: &mut dyn UnitOfWork,
        broker: &Broker,
        key: SigningKey,
    ) -> Result<SigningKey, Error> {
        let kept = i64::from(self.options.status_list_ttl_seconds) * 1000;
        let ahead = broker.key_policy.overlap.millis().max(kept);
        let activates_at = key.created_at.plus_millis(ahead);
        let key = SigningKey {
            activates_at,
            signs_until: activates_at,
            ..self.ports.signer.reseal(&key)?
        };
        unit.insert_signing_key(&key).await?;
        Ok(key)
    }

    /// The key that signs for a broker now, for a token that ends at this instant: that it is needed until then is noted.
    pub(crate) async fn signing_key(
        &self,
        unit: &mut dyn UnitOfWork,
        broker_id: BrokerId,
        token_ends_at: Timestamp,
    ) -> Result<SigningKey, Error> {
        let ring = key_ring(unit, broker_id).await?;
        let mut key = active(&ring, self.now())?.clone();
        if let Some(until) = key.extension(token_ends_at) {
            key.signs_until = until;
            unit.update_signing_key(&key).await?;
        }
        Ok(key)
    }
}

/// The keys of a broker.
pub(crate) async fn key_ring<V: ReadView + ?Sized>(
    view: &mut V,
    broker_id: BrokerId,
) -> Result<KeyRing, Error> {
    Ok(KeyRing::new(view.list_signing_keys(Some(broker_id)).await?))
}

/// The key that signs now.
pub(crate) fn active(ring: &KeyRing, now: Timestamp) -> Result<&SigningKey, Error> {
    ring.active(now).ok_or(Error::Crypto(CryptoError::Failed))
}

/// The key with nothing private left.
pub(crate) fn retired(key: &SigningKey, now: Timestamp) -> SigningKey {
    SigningKey {
        sealed_private_key: SealedBytes::new(Vec::new()),
        retired_at: Some(now),
        ..key.clone()
    }
}

fn policy_of(broker: &Broker) -> KeyPolicyView {
    KeyPolicyView {
        algorithm: broker.algorithm,
        policy: broker.key_policy,
    }
}

pub(crate) fn of_realm(event: AuditEvent, realm_id: RealmId) -> AuditEvent {
    AuditEvent {
        realm_id: Some(realm_id),
        ..event
    }
}
