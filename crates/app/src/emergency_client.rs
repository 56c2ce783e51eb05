//! Emergency clients: made, read, regenerated, deleted.

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditEvents, AuditTarget, TargetKind};
use breakglass_domain::{
    AccessTokenClaims, Broker, BrokerId, ClientId, Confirmation, EmergencyClient,
    EmergencyClientDraft, Minutes, NewToken, Privilege, RealmId, RoleClaim, Secret, StatusClaim,
    Thumbprint, Timestamp, TokenDigest, TokenId, TokenStatus,
};
use breakglass_ports::{ReadView, StoreError, UnitOfWork};

use crate::app::App;
use crate::caller::Caller;
use crate::error::{Conflict, Error, Resource};

/// An emergency client with what is computed about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EmergencyClientView {
    /// The client.
    pub client: EmergencyClient,
    /// The issuer of its token.
    pub issuer: String,
    /// What its token is worth now.
    pub status: TokenStatus,
}

/// An emergency client with the token that was just issued to it.
#[derive(Clone, Debug)]
pub struct IssuedEmergencyClient {
    /// The client.
    pub view: EmergencyClientView,
    /// Its access token, shown this once.
    pub access_token: Secret,
}

impl App {
    /// The emergency clients of a realm, ordered by id.
    ///
    /// # Errors
    /// [`Resource::Realm`] is not found when there is none of that id in the caller's reach.
    pub async fn list_emergency_clients(
        &self,
        caller: &Caller,
        realm_id: RealmId,
    ) -> Result<Vec<EmergencyClientView>, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let broker = broker_of(view.as_mut(), caller, realm_id).await?;
        let clients = view.list_emergency_clients(realm_id).await?;
        Ok(clients
            .into_iter()
            .map(|client| self.emergency_view(client, &broker))
            .collect())
    }

    /// An emergency client.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::EmergencyClient`] is not found.
    pub async fn get_emergency_client(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        client_id: &str,
    ) -> Result<EmergencyClientView, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let broker = broker_of(view.as_mut(), caller, realm_id).await?;
        let client = find(view.as_mut(), realm_id, client_id).await?;
        Ok(self.emergency_view(client, &broker))
    }

    /// Makes an emergency client and issues its token.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every faulty field, [`Conflict::EmergencyClientExists`] when the realm has a client of
    /// that id.
    pub async fn create_emergency_client(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        draft: EmergencyClientDraft,
    ) -> Result<IssuedEmergencyClient, Error> {
        caller.require(Privilege::Manage)?;
        caller.require_reach(realm_id)?;
        let accepted = draft
            .accept(self.options.emergency_ttl_cap)
            .map_err(Error::Invalid)?;
        let now = self.now().whole_seconds();
        let mut unit = self.ports.store.begin_use().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let (access_token, token) = self
            .issue(
                unit.as_mut(),
                &broker,
                accepted.client_id(),
                (accepted.ttl(), accepted.dpop_key()),
                now,
            )
            .await?;
        let created_by = caller.principal.actor().to_string();
        let client = EmergencyClient::create(realm_id, accepted, token, &created_by, now);
        let event = self.client_event(caller, AuditAction::EmergencyClientCreated, &client);
        let inserted = match unit.insert_emergency_client(&client).await {
            Ok(()) => self.commit(unit, told(event, &client)).await,
            Err(error) => {
                drop(unit);
                Err(error.into())
            }
        };
        match inserted {
            Err(Error::Store(StoreError::Conflict)) => return Err(self.taken(&client).await),
            inserted => inserted?,
        }
        Ok(IssuedEmergencyClient {
            view: self.emergency_view(client, &broker),
            access_token,
        })
    }

    /// By what kind of client the id of this one is taken.
    async fn taken(&self, client: &EmergencyClient) -> Error {
        let find = async {
            let mut unit = self.ports.store.begin().await?;
            let same = unit.find_emergency_client(client.realm_id, &client.client_id);
            let same = same.await?;
            unit.leave().await.map(|()| same)
        };
        match find.await {
            Ok(Some(_)) => Error::Conflict(Conflict::EmergencyClientExists),
            Ok(None) => Error::Conflict(Conflict::ClientIdTaken),
            Err(error) => error.into(),
        }
    }

    /// Gives an emergency client a new token; the old one dies in the same moment.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::EmergencyClient`] is not found.
    pub async fn regenerate_emergency_client(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        client_id: &str,
    ) -> Result<IssuedEmergencyClient, Error> {
        caller.require(Privilege::Manage)?;
        let now = self.now().whole_seconds();
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let client = find(unit.as_mut(), realm_id, client_id).await?;
        let (access_token, token) = self
            .issue(
                unit.as_mut(),
                &broker,
                &client.client_id,
                (client.ttl, client.dpop_key),
                now,
            )
            .await?;
        let expired = self.unrecorded_expiry(&client);
        let (client, retired) = client.regenerate(token, now);
        unit.update_emergency_client(&client).await?;
        unit.recall_token(broker.id, &retired).await?;
        let event = self
            .client_event(caller, AuditAction::EmergencyClientRegenerated, &client)
            .with("recalled_token_id", retired.id.to_string());
        self.commit(unit, after(expired, told(event, &client)))
            .await?;
        Ok(IssuedEmergencyClient {
            view: self.emergency_view(client, &broker),
            access_token,
        })
    }

    /// Deletes an emergency client; its token dies in the same moment.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::EmergencyClient`] is not found.
    pub async fn delete_emergency_client(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        client_id: &str,
    ) -> Result<(), Error> {
        caller.require(Privilege::Manage)?;
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let client = find(unit.as_mut(), realm_id, client_id).await?;
        remove(unit.as_mut(), broker.id, &client).await?;
        let event = self
            .client_event(caller, AuditAction::EmergencyClientDeleted, &client)
            .with("recalled_token_id", client.token.id.to_string());
        self.commit(unit, after(self.unrecorded_expiry(&client), event))
            .await
    }

    /// Signs a new token for a client.
    async fn issue(
        &self,
        unit: &mut dyn UnitOfWork,
        broker: &Broker,
        client_id: &ClientId,
        (ttl, dpop_key): (Minutes, Option<Thumbprint>),
        now: Timestamp,
    ) -> Result<(Secret, NewToken), Error> {
        let key = self.signing_key(unit, broker.id, now.plus(ttl)).await?;
        let status_index = unit.allocate_status_index(broker.id).await?;
        let issuer = broker.issuer(self.public_url());
        let id = TokenId::from_random(self.random()?);
        let claims = AccessTokenClaims {
            subject: client_id.to_string(),
            client_id: client_id.to_string(),
            audience: vec![self.public_url().to_owned()],
            issued_at: now,
            expires_at: now.plus(ttl),
            token_id: id,
            roles: vec![RoleClaim::administrator()],
            scope: None,
            status: Some(StatusClaim {
                index: status_index,
                uri: format!("{issuer}/statuslist"),
            }),
            credential: None,
            actor: None,
            confirmation: dpop_key.map(Confirmation::Key),
            derived_from: Vec::new(),
            overflow: None,
            expands: None,
            issuer,
        };
        let token = self.ports.signer.sign_access_token(&key, &claims)?;
        let digest = TokenDigest::of(token.expose());
        Ok((
            token,
            NewToken {
                id,
                digest,
                key_id: key.id,
                status_index,
            },
        ))
    }

    pub(crate) fn emergency_view(
        &self,
        client: EmergencyClient,
        broker: &Broker,
    ) -> EmergencyClientView {
        let status = client.status(self.now());
        EmergencyClientView {
            client,
            issuer: broker.issuer(self.public_url()),
            status,
        }
    }

    pub(crate) fn client_event(
        &self,
        caller: &Caller,
        action: AuditAction,
        client: &EmergencyClient,
    ) -> AuditEvent {
        let target = AuditTarget::new(TargetKind::EmergencyClient, &client.client_id);
        let event = caller.event(action, target, self.now());
        AuditEvent {
            realm_id: Some(client.realm_id),
            ..event
        }
    }
}

/// The broker of a realm that the caller can see.
pub(crate) async fn broker_of<V: ReadView + ?Sized>(
    view: &mut V,
    caller: &Caller,
    realm_id: RealmId,
) -> Result<Broker, Error> {
    caller.require_reach(realm_id)?;
    let realm = view
        .find_realm(realm_id)
        .await?
        .ok_or(Error::NotFound(Resource::Realm))?;
    view.find_broker(realm.broker_id)
        .await?
        .ok_or(Error::NotFound(Resource::Realm))
}

async fn find<V: ReadView + ?Sized>(
    view: &mut V,
    realm_id: RealmId,
    client_id: &str,
) -> Result<EmergencyClient, Error> {
    // A text that is no id names no client.
    let absent = Error::NotFound(Resource::EmergencyClient);
    let Ok(client_id) = client_id.parse::<ClientId>() else {
        return Err(absent);
    };
    view.find_emergency_client(realm_id, &client_id)
        .await?
        .ok_or(absent)
}

/// Takes a client away and recalls its token.
pub(crate) async fn remove(
    unit: &mut dyn UnitOfWork,
    broker_id: BrokerId,
    client: &EmergencyClient,
) -> Result<(), Error> {
    unit.delete_emergency_client(client.realm_id, &client.client_id)
        .await?;
    Ok(unit.recall_token(broker_id, &client.token.retire()).await?)
}

/// An event, after the one that came before it by itself.
fn after(earlier: Option<AuditEvent>, event: AuditEvent) -> AuditEvents {
    match earlier {
        Some(earlier) => AuditEvents::new(earlier, vec![event]),
        None => event.into(),
    }
}

/// Adds what is worth knowing of the token that was issued.
fn told(event: AuditEvent, client: &EmergencyClient) -> AuditEvent {
    let event = match client.dpop_key {
        Some(key) => event.with("dpop_key_thumbprint", key.to_string()),
        None => event,
    };
    event
        .with("token_id", client.token.id.to_string())
        .with("ttl_minutes", client.ttl.to_string())
        .with("expires_at", client.token.expires_at.millis().to_string())
}
