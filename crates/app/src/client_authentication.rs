//! Clients that prove who they are with credentials of their own (RFC 6749, section 2.3).

use std::sync::Arc;

use breakglass_domain::{
    Broker, Client, ClientSecret, CredentialRef, PrincipalId, RealmId, Secret, Timestamp,
    TokenDigest,
};
use breakglass_ports::UnitOfWork;

use crate::app::{App, lock};
use crate::caller::{Caller, Origin};
use crate::error::{Error, GrantFault, Refusal};
use crate::watch::Remembered;

/// What a client shows.
#[derive(Clone, Debug)]
pub enum ClientCredentials {
    /// A JWT that it signed with a key that it registered (RFC 7523).
    Assertion(Secret),
    /// Its id and its secret (RFC 6749, section 2.3.1).
    Secret {
        /// Its `client_id`.
        client_id: String,
        /// Its secret.
        secret: Secret,
    },
}

/// The most secrets that are kept as they were found to be right.
pub(crate) const PROVEN_CAPACITY: usize = 1024;

/// A secret, by its client and its digest.
type ShownSecret = (RealmId, String, TokenDigest);

/// Secrets that were right.
pub(crate) type ProvenSecrets = Remembered<ShownSecret, Arc<ProvenSecret>>;

/// A secret that was right, at a revision of the store.
pub(crate) struct ProvenSecret {
    revision: u64,
    client: Client,
    secret: ClientSecret,
}

impl ProvenSecret {
    fn authenticated(&self) -> AuthenticatedClient {
        AuthenticatedClient {
            client: self.client.clone(),
            credential: CredentialRef::ClientSecret(self.secret.id),
        }
    }
}

/// A client that proved who it is.
pub(crate) struct AuthenticatedClient {
    pub(crate) client: Client,
    /// What it showed.
    pub(crate) credential: CredentialRef,
}

impl App {
    /// Proves who a client is.
    ///
    /// # Errors
    /// [`GrantFault::InvalidClient`], whether the client is unknown or the secret wrong; [`Error::RateLimited`] instead when
    /// this source, or somebody in the name of this client, failed too often: right credentials are never limited.
    /// [`Resource::Broker`](crate::Resource::Broker) is not found for an unknown tenant.
    pub async fn authenticate_client(
        &self,
        tenant: &str,
        client: &ClientCredentials,
        origin: &Origin,
        operation: &str,
    ) -> Result<Caller, Error> {
        let (broker, realm_id) = self.broker_with_realm(tenant).await?;
        let proven = self
            .check_client((&broker, realm_id), client, origin, operation)
            .await?;
        Ok(Caller::of_client(proven.client, origin.clone()))
    }

    /// Proves who sent a name and a password: a client of the tenant, or else a local account.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when it is neither; [`Error::RateLimited`] after too many such attempts.
    pub async fn authenticate_basic_client(
        &self,
        tenant: &str,
        (username, password, client): (&str, &Secret, Option<&ClientCredentials>),
        origin: &Origin,
        operation: &str,
    ) -> Result<Caller, Error> {
        if let Some(client) = client {
            // An unknown tenant is told once it is known who asks.
            match self.broker_with_realm(tenant).await {
                Ok((broker, realm_id)) => {
                    if let Some(proven) = self.find_proven(&broker, realm_id, client).await? {
                        return Ok(Caller::of_client(proven.client, origin.clone()));
                    }
                }
                Err(Error::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let account = self
            .check_password(username, password, origin, operation)
            .await?;
        Ok(Caller::without_session(account.principal(), origin.clone()))
    }

    /// The client that showed this, with what it showed.
    pub(crate) async fn check_client(
        &self,
        (broker, realm_id): (&Broker, RealmId),
        shown: &ClientCredentials,
        origin: &Origin,
        operation: &str,
    ) -> Result<AuthenticatedClient, Error> {
        if let Some(proven) = self.find_proven(broker, realm_id, shown).await? {
            return Ok(proven);
        }
        let claimed = match shown {
            ClientCredentials::Assertion(assertion) => self.ports.signer.claimed_client(assertion),
            ClientCredentials::Secret { client_id, .. } => Some(client_id.clone()),
        };
        let claimed = claimed.as_deref().map(|client_id| (realm_id, client_id));
        Err(self.refuse_client(origin, operation, claimed).await)
    }

    async fn find_proven(
        &self,
        broker: &Broker,
        realm_id: RealmId,
        shown: &ClientCredentials,
    ) -> Result<Option<AuthenticatedClient>, Error> {
        match shown {
            ClientCredentials::Assertion(assertion) => {
                self.find_by_assertion(broker, realm_id, assertion).await
            }
            ClientCredentials::Secret { client_id, secret } => {
                self.find_by_secret(realm_id, client_id, secret).await
            }
        }
    }

    /// A secret that was right is so until anything is changed that says so. An unknown client costs what a wrong secret costs:
    /// the same reads, and a comparison.
    async fn find_by_secret(
        &self,
        realm_id: RealmId,
        client_id: &str,
        secret: &Secret,
    ) -> Result<Option<AuthenticatedClient>, Error> {
        let digest = TokenDigest::of(secret.expose());
        let now = self.now();
        let mut view = self.ports.store.check().await?;
        let revision = view.revision();
        let shown = (realm_id, client_id.to_owned(), digest);
        let kept = lock(&self.proven_secrets).get(&shown);
        if let Some(kept) = kept.filter(|kept| Some(kept.revision) == revision) {
            return Ok(kept.secret.is_alive(now).then(|| kept.authenticated()));
        }
        let client = view.find_client(realm_id, client_id).await?;
        let nobody = PrincipalId::from_bytes([0; 16]);
        let id = client.as_ref().map_or(nobody, |client| client.id);
        let secrets = view.list_client_secrets(realm_id, id).await?;
        let right = secrets
            .into_iter()
            .find(|secret| secret.digest == digest && secret.is_alive(now));
        let Some((client, secret)) = client.zip(right) else {
            return Ok(None);
        };
        let proven = Arc::new(ProvenSecret {
            revision: revision.unwrap_or_default(),
            client,
            secret,
        });
        if revision.is_some() {
            lock(&self.proven_secrets).insert(shown, Arc::clone(&proven));
        }
        Ok(Some(proven.authenticated()))
    }

    /// An assertion is for the issuer, its token endpoint or the endpoint that it is shown to (RFC 7523, section 3), and good for
    /// one use: that it was used is durable before this returns.
    async fn find_by_assertion(
        &self,
        broker: &Broker,
        realm_id: RealmId,
        assertion: &Secret,
    ) -> Result<Option<AuthenticatedClient>, Error> {
        let signer = &self.ports.signer;
        let Some(client_id) = signer.claimed_client(assertion) else {
            return Ok(None);
        };
        let mut view = self.ports.store.read().await?;
        let Some(client) = view.find_client(realm_id, &client_id).await? else {
            return Ok(None);
        };
        let keys = view.list_client_keys(realm_id, client.id).await?;
        drop(view);
        let verified = keys.iter().find_map(|key| {
            let read = signer.verify_client_assertion(&key.key, assertion).ok()?;
            Some((key.id, read))
        });
        let Some((key_id, read)) = verified else {
            return Ok(None);
        };
        let now = self.now();
        let issuer = broker.issuer(self.public_url());
        let endpoints = ["token", "introspect", "revoke"];
        let mut audiences: Vec<String> = endpoints
            .iter()
            .map(|endpoint| format!("{issuer}/{endpoint}"))
            .collect();
        audiences.push(issuer);
        if !read.proves(&client.client_id, &audiences, now) {
            return Ok(None);
        }
        let digest = TokenDigest::of(&format!("{}\n{}", client.client_id, read.id));
        if !self
            .ports
            .store
            .use_assertion(realm_id, &digest, read.expires_at)
            .await?
        {
            return Ok(None);
        }
        Ok(Some(AuthenticatedClient {
            client,
            credential: CredentialRef::ClientKey(key_id),
        }))
    }

    /// Records that a client was not believed, and gives the error for it. What was shown is tried before it is counted, so
    /// that right credentials are never held back.
    pub(crate) async fn refuse_client(
        &self,
        origin: &Origin,
        operation: &str,
        claimed: Option<(RealmId, &str)>,
    ) -> Error {
        let mut limited = self.admit_attempt(origin).err();
        if let Some((realm_id, client_id)) = claimed {
            let client = format!("client {realm_id}/{client_id}");
            limited = limited.or(self.admit_attempt_of(client).err());
        }
        self.record_refusal(origin, operation, Refusal::Client, None)
            .await;
        limited.unwrap_or(Error::Grant(GrantFault::InvalidClient))
    }

    /// Records that the token endpoint did not believe a token, and gives the error for it.
    pub(crate) async fn refuse_grant(&self, origin: &Origin, operation: &str) -> Error {
        let limited = self.admit_attempt(origin).err();
        self.record_refusal(origin, operation, Refusal::Token, None)
            .await;
        limited.unwrap_or(Error::Grant(GrantFault::InvalidGrant))
    }

    /// Notes the use of what a client showed, and gives its place in the status list and its end; `None` when it was taken away
    /// since it was looked at.
    pub(crate) async fn use_credential(
        &self,
        unit: &mut dyn UnitOfWork,
        realm_id: RealmId,
        credential: CredentialRef,
    ) -> Result<Option<(u64, Option<Timestamp>)>, Error> {
        let now = self.now();
        match credential {
            CredentialRef::ClientKey(id) => {
                let Some(key) = unit.find_client_key(realm_id, id).await? else {
                    return Ok(None);
                };
                unit.record_client_key_use(realm_id, id, now).await?;
                Ok(Some((key.status_index, None)))
            }
            CredentialRef::ClientSecret(id) => {
                let present = unit.find_client_secret(realm_id, id).await?;
                let Some(secret) = present.filter(|secret| secret.is_alive(now)) else {
                    return Ok(None);
                };
                unit.record_client_secret_use(realm_id, id, now).await?;
                Ok(Some((secret.status_index, secret.expires_at)))
            }
            // None of them is what a client shows.
            CredentialRef::ApiToken(_)
            | CredentialRef::EmergencyToken(_)
            | CredentialRef::SessionGrant(_) => Ok(None),
        }
    }
}
