//! What an issuer publishes: its metadata, its keys and its status list. Nobody is asked who they are.

use std::sync::Arc;

use breakglass_domain::{Broker, SignatureAlgorithm, SigningKey, StatusList, Tenant, Timestamp};
use breakglass_ports::{PublicKey, ReadView, StatusListToken};

use crate::app::{App, lock};
use crate::error::{Error, Resource};
use crate::signing_key::{active, key_ring};

/// A broker as the world sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issuer {
    /// Its issuer identifier.
    pub url: String,
    /// The algorithms of its published keys, ordered by name.
    pub algorithms: Vec<SignatureAlgorithm>,
    /// The broker.
    pub broker: Broker,
}

/// A signed status list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatusListAnswer {
    /// The JWT.
    pub jwt: Arc<str>,
    /// For how many seconds it may be kept.
    pub ttl_seconds: u32,
}

/// The last list that was signed for a broker, and what it was made from.
pub(crate) struct CachedStatusList {
    epoch: u64,
    places: u64,
    issued_at: Timestamp,
    jwt: Arc<str>,
}

impl App {
    /// The issuer of a tenant.
    ///
    /// # Errors
    /// [`Resource::Broker`] is not found.
    pub async fn issuer(&self, tenant: &str) -> Result<Issuer, Error> {
        let mut view = self.ports.store.check().await?;
        let broker = broker_of_tenant(view.as_mut(), tenant).await?;
        let ring = key_ring(view.as_mut(), broker.id).await?;
        let mut algorithms: Vec<_> = ring.published().map(|key| key.algorithm).collect();
        algorithms.sort_unstable();
        algorithms.dedup();
        Ok(Issuer {
            url: broker.issuer(self.public_url()),
            algorithms,
            broker,
        })
    }

    /// How often anything has been changed that an issuer's metadata and keys are made from. Whoever keeps what was made of them
    /// under this number, asked for before, may tell it again as long as it is the same. `None` where it is not known.
    ///
    /// # Errors
    /// [`Error::Store`] when the store does not answer.
    pub async fn revision(&self) -> Result<Option<u64>, Error> {
        Ok(self.ports.store.check().await?.revision())
    }

    /// The public keys of a tenant's issuer, the one that signs last first.
    ///
    /// # Errors
    /// [`Resource::Broker`] is not found.
    pub async fn public_keys(&self, tenant: &str) -> Result<Vec<PublicKey>, Error> {
        let mut view = self.ports.store.check().await?;
        let broker = broker_of_tenant(view.as_mut(), tenant).await?;
        let ring = key_ring(view.as_mut(), broker.id).await?;
        ring.published()
            .map(|key| Ok(self.ports.signer.public_key(key)?))
            .collect()
    }

    /// The status list of a tenant's issuer as it stands now. It is signed anew when a token was recalled, when it has
    /// become too short, and when half of its time is over.
    ///
    /// # Errors
    /// [`Resource::Broker`] is not found.
    pub async fn status_list(&self, tenant: &str) -> Result<StatusListAnswer, Error> {
        let mut view = self.ports.store.check().await?;
        let broker = broker_of_tenant(view.as_mut(), tenant).await?;
        let absent = Error::NotFound(Resource::Broker);
        let extent = view
            .find_status_list_extent(broker.id)
            .await?
            .ok_or(absent)?;
        let places = StatusList::places_for(extent.places);
        let ttl_seconds = self.options.status_list_ttl_seconds;
        let now = self.now();
        if let Some(jwt) = self.kept_status_list(&broker, extent.epoch, places, now) {
            return Ok(StatusListAnswer { jwt, ttl_seconds });
        }
        let recalled = view.list_recalled(broker.id).await?;
        let ring = key_ring(view.as_mut(), broker.id).await?;
        drop(view);
        let key = active(&ring, now)?;
        let list = StatusList::new(places, &recalled);
        let jwt: Arc<str> = self.sign_status_list(&broker, key, &list, now)?.into();
        let kept = CachedStatusList {
            epoch: extent.epoch,
            places,
            issued_at: now,
            jwt: Arc::clone(&jwt),
        };
        lock(&self.status_lists).insert(broker.id, kept);
        Ok(StatusListAnswer { jwt, ttl_seconds })
    }

    fn kept_status_list(
        &self,
        broker: &Broker,
        epoch: u64,
        places: u64,
        now: Timestamp,
    ) -> Option<Arc<str>> {
        let half = i64::from(self.options.status_list_ttl_seconds) * 500;
        lock(&self.status_lists)
            .get(&broker.id)
            .filter(|kept| kept.epoch == epoch && kept.places == places)
            .filter(|kept| (0..half).contains(&now.millis_since(kept.issued_at)))
            .map(|kept| Arc::clone(&kept.jwt))
    }

    fn sign_status_list(
        &self,
        broker: &Broker,
        key: &SigningKey,
        list: &StatusList,
        now: Timestamp,
    ) -> Result<String, Error> {
        let issuer = broker.issuer(self.public_url());
        let ttl_seconds = self.options.status_list_ttl_seconds;
        let token = StatusListToken {
            issuer: &issuer,
            subject: &format!("{issuer}/statuslist"),
            issued_at: now,
            expires_at: now.plus_millis(i64::from(ttl_seconds) * 2000),
            ttl_seconds,
            list,
        };
        Ok(self.ports.signer.sign_status_list(key, &token)?)
    }
}

async fn broker_of_tenant(view: &mut dyn ReadView, tenant: &str) -> Result<Broker, Error> {
    let absent = Error::NotFound(Resource::Broker);
    let tenant: Tenant = tenant.parse().map_err(|_| absent.clone())?;
    view.find_broker_by_tenant(&tenant).await?.ok_or(absent)
}
