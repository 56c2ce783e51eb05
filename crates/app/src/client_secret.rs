//! Secrets of clients, whatever their kind.

use std::fmt::Write as _;

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditTarget};
use breakglass_domain::client_secret::accept_overlap;
use breakglass_domain::{
    Broker, Client, ClientSecret, ClientSecretId, Minutes, Privilege, RealmId, RetiredToken,
    Secret, Timestamp, TokenDigest, TokenId,
};
use breakglass_ports::{ReadView, UnitOfWork};

use crate::app::App;
use crate::caller::Caller;
use crate::emergency_client::broker_of;
use crate::error::{Error, Resource};

/// The longest that an access token lives; until then a recall has to be seen.
pub(crate) const MAX_ACCESS_TOKEN_TTL: Minutes = Minutes::new(480);

/// The most secrets that a client has: the newest, and those that still overlap with it.
const MAX_SECRETS: usize = 5;

/// A secret that was just made.
#[derive(Clone, Debug)]
pub struct IssuedClientSecret {
    /// Whose it is.
    pub client: Client,
    /// What is kept of it.
    pub secret: ClientSecret,
    /// The secret itself, shown this once.
    pub client_secret: Secret,
}

impl App {
    /// Makes a secret for a client. The old ones end at once, or after the overlap.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an overlap beyond its bounds; [`Resource::Realm`] or [`Resource::Client`] is not found.
    pub async fn create_client_secret(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        client_id: &str,
        overlap_minutes: Option<i64>,
    ) -> Result<IssuedClientSecret, Error> {
        caller.require(Privilege::Manage)?;
        let overlap = accept_overlap(overlap_minutes).map_err(Error::Invalid)?;
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let client = find(unit.as_mut(), realm_id, client_id).await?;
        let issued = self
            .replace_secret(unit.as_mut(), &broker, client, overlap)
            .await?;
        let event = secret_event(
            caller,
            AuditAction::ClientSecretCreated,
            &issued,
            self.now(),
        )
        .with("overlap_minutes", overlap.to_string());
        self.commit(unit, event).await?;
        Ok(issued)
    }

    /// The secrets of a client that are alive, the newest first.
    ///
    /// # Errors
    /// [`Resource::Realm`] or [`Resource::Client`] is not found.
    pub async fn list_client_secrets(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        client_id: &str,
    ) -> Result<Vec<ClientSecret>, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        broker_of(view.as_mut(), caller, realm_id).await?;
        let client = find(view.as_mut(), realm_id, client_id).await?;
        let mut secrets = view.list_client_secrets(realm_id, client.id).await?;
        let now = self.now();
        secrets.retain(|secret| secret.is_alive(now));
        Ok(secrets)
    }

    /// Deletes a secret of a client; its access tokens die in the same moment.
    ///
    /// # Errors
    /// [`Resource::Realm`], [`Resource::Client`] or [`Resource::ClientSecret`] is not found.
    pub async fn delete_client_secret(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        client_id: &str,
        id: ClientSecretId,
    ) -> Result<(), Error> {
        caller.require(Privilege::Manage)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let client = find(unit.as_mut(), realm_id, client_id).await?;
        let found = unit.find_client_secret(realm_id, id).await?;
        let secret = found
            .filter(|secret| secret.principal_id == client.id)
            .ok_or(Error::NotFound(Resource::ClientSecret))?;
        remove(unit.as_mut(), &broker, &secret, now).await?;
        let action = AuditAction::ClientSecretDeleted;
        let event = client_event(caller, action, &client, now).with("secret_id", id.to_string());
        self.commit(unit, event).await
    }

    /// Makes a secret and lets the old ones end.
    pub(crate) async fn replace_secret(
        &self,
        unit: &mut dyn UnitOfWork,
        broker: &Broker,
        client: Client,
        overlap: Minutes,
    ) -> Result<IssuedClientSecret, Error> {
        let now = self.now();
        let old = unit.list_client_secrets(client.realm_id, client.id).await?;
        for (place, secret) in old.into_iter().enumerate() {
            let secret = secret.superseded(overlap, now);
            match secret.expires_at {
                Some(end) if secret.is_alive(now) && place + 1 < MAX_SECRETS => {
                    unit.set_client_secret_end(secret.realm_id, secret.id, end)
                        .await?;
                }
                _ => remove(unit, broker, &secret, now).await?,
            }
        }
        let client_secret = self.random_secret()?;
        let secret = ClientSecret {
            realm_id: client.realm_id,
            principal_id: client.id,
            id: ClientSecretId::from_random(self.random()?),
            digest: TokenDigest::of(client_secret.expose()),
            status_index: unit.allocate_status_index(broker.id).await?,
            created_at: now,
            expires_at: None,
            last_used_at: None,
        };
        unit.insert_client_secret(&secret).await?;
        Ok(IssuedClientSecret {
            client,
            secret,
            client_secret,
        })
    }

    /// 256 random bits as 64 hexadecimal digits, which need no escape in a form or a header.
    fn random_secret(&self) -> Result<Secret, Error> {
        let bytes: [u8; 32] = self.random()?;
        let digits = bytes.iter().fold(String::new(), |mut digits, byte| {
            // Writing to a string cannot fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        Ok(Secret::new(digits))
    }
}

/// The client of this `client_id`.
pub(crate) async fn find<V: ReadView + ?Sized>(
    view: &mut V,
    realm_id: RealmId,
    client_id: &str,
) -> Result<Client, Error> {
    view.find_client(realm_id, client_id)
        .await?
        .ok_or(Error::NotFound(Resource::Client))
}

async fn remove(
    unit: &mut dyn UnitOfWork,
    broker: &Broker,
    secret: &ClientSecret,
    now: Timestamp,
) -> Result<(), Error> {
    unit.delete_client_secret(secret.realm_id, secret.id)
        .await?;
    let retired = retired(*secret.id.as_bytes(), secret.status_index, now);
    Ok(unit.recall_token(broker.id, &retired).await?)
}

/// What the status list needs to know of a credential that is taken away: its access tokens can be shown until the longest
/// of them is over.
pub(crate) fn retired(id: [u8; 16], status_index: u64, now: Timestamp) -> RetiredToken {
    RetiredToken {
        id: TokenId::from_bytes(id),
        status_index,
        expires_at: now.plus(MAX_ACCESS_TOKEN_TTL),
    }
}

pub(crate) fn client_event(
    caller: &Caller,
    action: AuditAction,
    client: &Client,
    now: Timestamp,
) -> AuditEvent {
    let target = AuditTarget::new(client.kind.target(), &client.client_id);
    let event = caller
        .event(action, target, now)
        .with("principal_id", client.id.to_string());
    AuditEvent {
        realm_id: Some(client.realm_id),
        ..event
    }
}

pub(crate) fn secret_event(
    caller: &Caller,
    action: AuditAction,
    issued: &IssuedClientSecret,
    now: Timestamp,
) -> AuditEvent {
    client_event(caller, action, &issued.client, now)
        .with("secret_id", issued.secret.id.to_string())
}
