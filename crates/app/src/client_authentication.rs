//! Clients that prove who they are with credentials of their own (RFC 6749, section 2.3).

use breakglass_domain::{Client, ClientSecret, PrincipalId, RealmId, Secret, TokenDigest};

use crate::app::App;
use crate::caller::{Caller, Origin};
use crate::error::{Error, GrantFault, Refusal};

/// What a client shows.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    /// Its `client_id`.
    pub client_id: String,
    /// Its secret.
    pub secret: Secret,
}

/// A client that proved who it is.
pub(crate) struct AuthenticatedClient {
    pub(crate) client: Client,
    /// The secret that it showed.
    pub(crate) secret: ClientSecret,
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
        let (_, realm_id) = self.broker_with_realm(tenant).await?;
        let proven = self
            .check_client(realm_id, client, origin, operation)
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
                Ok((_, realm_id)) => {
                    if let Some(proven) = self.find_proven(realm_id, client).await? {
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

    /// The client that showed this, with the secret that it showed.
    pub(crate) async fn check_client(
        &self,
        realm_id: RealmId,
        shown: &ClientCredentials,
        origin: &Origin,
        operation: &str,
    ) -> Result<AuthenticatedClient, Error> {
        match self.find_proven(realm_id, shown).await? {
            Some(proven) => Ok(proven),
            None => Err(self
                .refuse_client(origin, operation, Some((realm_id, &shown.client_id)))
                .await),
        }
    }

    /// An unknown client costs what a wrong secret costs: the same reads, and a comparison.
    async fn find_proven(
        &self,
        realm_id: RealmId,
        shown: &ClientCredentials,
    ) -> Result<Option<AuthenticatedClient>, Error> {
        let digest = TokenDigest::of(shown.secret.expose());
        let now = self.now();
        let mut view = self.ports.store.read().await?;
        let client = view.find_client(realm_id, &shown.client_id).await?;
        let nobody = PrincipalId::from_bytes([0; 16]);
        let id = client.as_ref().map_or(nobody, |client| client.id);
        let secrets = view.list_client_secrets(realm_id, id).await?;
        let right = secrets
            .into_iter()
            .find(|secret| secret.digest == digest && secret.is_alive(now));
        Ok(client
            .zip(right)
            .map(|(client, secret)| AuthenticatedClient { client, secret }))
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
}
