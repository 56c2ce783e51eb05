//! Who is asking.

use breakglass_domain::audit::{AuditAction, AuditTarget, TargetKind};
use breakglass_domain::{
    Account, EmergencyClient, Principal, Privilege, Secret, TokenDigest, Username,
};

use crate::app::{App, lock};
use crate::caller::{Caller, Origin};
use crate::error::{Error, Refusal};
use crate::watch::Happening;

/// What a caller shows to prove who it is.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// The name and password of a local account.
    Basic {
        /// The name, as it was sent.
        username: String,
        /// The password.
        password: Secret,
    },
    /// An access token.
    Bearer(Secret),
    /// A session token of the form `uuid::uuid`.
    OpsToken(Secret),
}

impl App {
    /// Proves who a caller is. The use of an emergency token is counted and audited, durably, before this returns; every
    /// refusal is audited, with repeats of one source folded. `operation` names what the caller wants.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the credentials are missing, unknown, over, recalled or not ours, and
    /// [`Error::RateLimited`] instead when this source failed too often. Credentials that are right are never limited,
    /// but for passwords, which would cost a hash each.
    pub async fn authenticate(
        &self,
        credentials: Option<Credentials>,
        origin: Origin,
        operation: &str,
    ) -> Result<Caller, Error> {
        match credentials {
            None => Err(self.refuse(&origin, operation, Refusal::Missing, &[]).await),
            Some(Credentials::Basic { username, password }) => {
                let account = self
                    .check_password(&username, &password, &origin, operation)
                    .await?;
                Ok(Caller::without_session(account.principal(), origin))
            }
            Some(Credentials::Bearer(token)) => {
                match self
                    .authenticate_emergency_token(&token, &origin, operation)
                    .await?
                {
                    Some(caller) => Ok(caller),
                    None => Err(self.refuse(&origin, operation, Refusal::Token, &[]).await),
                }
            }
            Some(Credentials::OpsToken(token)) => {
                match self.authenticate_session(&token, &origin).await? {
                    Some(caller) => Ok(caller),
                    None => Err(self.refuse(&origin, operation, Refusal::Token, &[]).await),
                }
            }
        }
    }

    /// Lets a caller pass that holds the privilege; a refusal is audited, with repeats folded.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when it does not hold it.
    pub async fn authorize(
        &self,
        caller: &Caller,
        privilege: Privilege,
        operation: &str,
    ) -> Result<(), Error> {
        let verdict = caller.require(privilege);
        if verdict.is_err() {
            let action = AuditAction::AuthorizationDenied;
            let target = AuditTarget::new(TargetKind::Operation, &operation);
            let mut event = caller
                .event(action, target, self.now())
                .with("missing_privilege", privilege.name());
            event.outcome = breakglass_domain::audit::Outcome::Denied;
            let subject = caller.origin.source_address.clone().unwrap_or_default();
            self.record_folded(
                Happening {
                    action,
                    subject,
                    is_attempt: false,
                },
                event,
            )
            .await;
        }
        verdict
    }

    /// The account of this name and password. An unknown account costs what a wrong password costs.
    pub(crate) async fn check_password(
        &self,
        username: &str,
        password: &Secret,
        origin: &Origin,
        operation: &str,
    ) -> Result<Account, Error> {
        self.check_failure_limit(origin)?;
        let account = match username.parse::<Username>() {
            Ok(name) => self.ports.store.read().await?.find_account(&name).await?,
            Err(_) => None,
        };
        let hash = account.as_ref().map(|account| &account.password_hash);
        let right = self.ports.hasher.verify(password, hash).await?;
        match account {
            Some(account) if right => Ok(account),
            // A name that is no account's may be a password typed into the wrong field: it is not written down.
            Some(account) => {
                let details = [("username", account.username.as_str())];
                Err(self
                    .refuse(origin, operation, Refusal::Password, &details)
                    .await)
            }
            None => Err(self.refuse(origin, operation, Refusal::Password, &[]).await),
        }
    }

    async fn authenticate_session(
        &self,
        token: &Secret,
        origin: &Origin,
    ) -> Result<Option<Caller>, Error> {
        let digest = TokenDigest::of(token.expose());
        let now = self.now();
        let mut view = self.ports.store.read().await?;
        let Some(session) = view
            .find_session(&digest)
            .await?
            .filter(|session| session.is_alive(now))
        else {
            return Ok(None);
        };
        let Some(account) = view.find_account(&session.username).await? else {
            return Ok(None);
        };
        drop(view);
        if let Some(expires_at) = session.extension(now) {
            self.ports.store.extend_session(&digest, expires_at).await?;
        }
        Ok(Some(Caller {
            principal: account.principal(),
            origin: origin.clone(),
            session: Some(digest),
        }))
    }

    async fn authenticate_emergency_token(
        &self,
        token: &Secret,
        origin: &Origin,
        operation: &str,
    ) -> Result<Option<Caller>, Error> {
        let Some(client) = self.find_live_client(token).await? else {
            return Ok(None);
        };
        let principal = Principal::EmergencyClient {
            realm_id: client.realm_id,
            client_id: client.client_id.clone(),
            token_id: client.token.id,
        };
        let caller = Caller::without_session(principal, origin.clone());
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let digest = &client.token.digest;
        if !unit
            .record_emergency_use(client.realm_id, &client.client_id, digest, now)
            .await?
        {
            // It was recalled between the look and the count.
            return Ok(None);
        }
        let target = AuditTarget::new(TargetKind::EmergencyClient, &client.client_id);
        let mut event = caller
            .event(AuditAction::EmergencyTokenUsed, target, now)
            .with("operation", operation)
            .with("token_id", client.token.id.to_string());
        event.realm_id = Some(client.realm_id);
        self.commit(unit, event).await?;
        Ok(Some(caller))
    }

    /// The client whose present token this is, when the token is alive and truly signed by the broker of its realm.
    ///
    /// The digest alone says which token it is. The signature is checked as well, once per token and process, so that a
    /// digest written into the store by a stranger opens nothing.
    pub(crate) async fn find_live_client(
        &self,
        token: &Secret,
    ) -> Result<Option<EmergencyClient>, Error> {
        let digest = TokenDigest::of(token.expose());
        let mut view = self.ports.store.read().await?;
        let found = view.find_emergency_client_by_digest(&digest).await?;
        let Some(client) = found.filter(|client| client.admits(&digest, self.now())) else {
            return Ok(None);
        };
        if lock(&self.verified).contains(&digest) {
            return Ok(Some(client));
        }
        let Some(realm) = view.find_realm(client.realm_id).await? else {
            return Ok(None);
        };
        let Some(broker) = view.find_broker(realm.broker_id).await? else {
            return Ok(None);
        };
        let issuer_path = broker.issuer_path();
        let keys = view.list_signing_keys(Some(broker.id)).await?;
        if self
            .ports
            .signer
            .verify_access_token(&keys, &issuer_path, token)
            .is_err()
        {
            return Ok(None);
        }
        lock(&self.verified).insert(digest);
        Ok(Some(client))
    }
}
