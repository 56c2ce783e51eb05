//! Public keys of clients, whatever their kind.

use breakglass_domain::audit::AuditAction;
use breakglass_domain::client_key::MAX_KEYS;
use breakglass_domain::{
    ClientKey, ClientKeyId, FieldFailure, Privilege, PublicJwk, RealmId, ValidationReport,
};

use crate::app::App;
use crate::caller::Caller;
use crate::client_secret::{client_event, find, retired};
use crate::emergency_client::broker_of;
use crate::error::Error;

impl App {
    /// The public keys of a client, the newest first.
    ///
    /// # Errors
    /// [`Resource::Realm`](crate::Resource::Realm) or [`Resource::Client`](crate::Resource::Client) is not found.
    pub async fn list_client_keys(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        client_id: &str,
    ) -> Result<Vec<ClientKey>, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        broker_of(view.as_mut(), caller, realm_id).await?;
        let client = find(view.as_mut(), realm_id, client_id).await?;
        Ok(view.list_client_keys(realm_id, client.id).await?)
    }

    /// Replaces the public keys of a client by those of a JWK set, each of them as JSON. A key that is there already stays, with
    /// its access tokens; those of a key that is gone die in the same moment.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every key that is not taken; [`Resource::Realm`](crate::Resource::Realm) or
    /// [`Resource::Client`](crate::Resource::Client) is not found.
    pub async fn replace_client_keys(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        client_id: &str,
        keys: &[String],
    ) -> Result<Vec<ClientKey>, Error> {
        caller.require(Privilege::Manage)?;
        let wanted = self.accept_client_keys(keys).map_err(Error::Invalid)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let client = find(unit.as_mut(), realm_id, client_id).await?;
        let present = unit.list_client_keys(realm_id, client.id).await?;
        let is_among = |keys: &[PublicJwk], one: &PublicJwk| {
            keys.iter().any(|key| key.thumbprint == one.thumbprint)
        };
        for key in present.iter().filter(|key| !is_among(&wanted, &key.key)) {
            unit.delete_client_key(realm_id, key.id).await?;
            let retired = retired(*key.id.as_bytes(), key.status_index, now);
            unit.recall_token(broker.id, &retired).await?;
        }
        for key in &wanted {
            if present
                .iter()
                .any(|own| own.key.thumbprint == key.thumbprint)
            {
                continue;
            }
            let key = ClientKey {
                realm_id,
                principal_id: client.id,
                id: ClientKeyId::from_random(self.random()?),
                key: key.clone(),
                status_index: unit.allocate_status_index(broker.id).await?,
                created_at: now,
                last_used_at: None,
            };
            unit.insert_client_key(&key).await?;
        }
        let keys = unit.list_client_keys(realm_id, client.id).await?;
        let thumbprints: Vec<String> = keys
            .iter()
            .map(|key| key.key.thumbprint.to_string())
            .collect();
        let event = client_event(caller, AuditAction::ClientKeysReplaced, &client, now)
            .with("thumbprints", thumbprints.join(" "));
        self.commit(unit, event).await?;
        Ok(keys)
    }

    /// The keys of a JWK set, when each of them is taken.
    ///
    /// # Errors
    /// A report of every key that is not, with paths such as `keys[0]`.
    fn accept_client_keys(&self, keys: &[String]) -> Result<Vec<PublicJwk>, ValidationReport> {
        let mut failures = Vec::new();
        if keys.len() > MAX_KEYS {
            let message = format!("must have at most {MAX_KEYS} entries");
            failures.push(FieldFailure::new("keys", message));
        }
        let mut accepted: Vec<PublicJwk> = Vec::new();
        for (place, key) in keys.iter().enumerate() {
            let mut refuse = |message: &str| {
                failures.push(FieldFailure::new(format!("keys[{place}]"), message));
            };
            match self.ports.signer.read_public_jwk(key) {
                Ok(key) if accepted.iter().any(|one| one.thumbprint == key.thumbprint) => {
                    refuse("stands there twice");
                }
                Ok(key) => accepted.push(key),
                Err(_) => refuse(
                    "must be a public key for signatures: EC on P-256, OKP on Ed25519, or RSA of 2048 to 8192 bits",
                ),
            }
        }
        ValidationReport::from_failures(failures).map_or(Ok(accepted), Err)
    }
}
