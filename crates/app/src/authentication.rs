//! Who is asking.

use std::sync::Arc;

use breakglass_domain::audit::{AuditAction, AuditTarget, Outcome, TargetKind};
use breakglass_domain::{
    Account, EmergencyClient, Principal, Privilege, Secret, TokenDigest, Username,
};

use breakglass_ports::{ReadView, VerifiedToken};

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
            None => {
                let refusal = Refusal::Missing;
                self.record_refusal(&origin, operation, refusal, None).await;
                Err(Error::Unauthenticated(refusal))
            }
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
                    None => Err(self.refuse_token(&origin, operation).await),
                }
            }
            Some(Credentials::OpsToken(token)) => {
                match self.authenticate_session(&token, &origin).await? {
                    Some(caller) => Ok(caller),
                    None => Err(self.refuse_token(&origin, operation).await),
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
            event.outcome = Outcome::Denied;
            self.record_folded(Happening::at(&caller.origin, action), event)
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
        // Counted before the hash: many attempts at once must not pass together.
        self.admit_attempt(origin)?;
        let account = match username.parse::<Username>() {
            Ok(name) => self.ports.store.read().await?.find_account(&name).await?,
            Err(_) => None,
        };
        let hash = account.as_ref().map(|account| &account.password_hash);
        let right = self.ports.hasher.verify(password, hash).await?;
        if let Some(account) = account.clone().filter(|_| right) {
            self.forgive_attempt(origin);
            return Ok(account);
        }
        // A name that is no account's may be a password typed into the wrong field: it is not written down.
        let known = account.as_ref().map(|account| account.username.as_str());
        let refusal = Refusal::Password;
        self.record_refusal(origin, operation, refusal, known).await;
        Err(Error::Unauthenticated(refusal))
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
        let Some(LiveClient { client, .. }) = self.find_live_client(token).await? else {
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
    /// The digest alone says which token it is. So that a digest written into the store by a stranger opens nothing, the
    /// signature is checked as well, once per token and process, and each time that the store says of the token what it says
    /// of itself.
    pub(crate) async fn find_live_client(
        &self,
        token: &Secret,
    ) -> Result<Option<LiveClient>, Error> {
        let digest = TokenDigest::of(token.expose());
        let mut view = self.ports.store.read().await?;
        let found = view.find_emergency_client_by_digest(&digest).await?;
        let Some(client) = found.filter(|client| client.admits(&digest, self.now())) else {
            return Ok(None);
        };
        let kept = lock(&self.verified).get(&digest);
        let claims = match kept {
            Some(claims) => claims,
            None => match self.verify_signature(view.as_mut(), &client, token).await? {
                Some(claims) => claims,
                None => return Ok(None),
            },
        };
        lock(&self.verified).insert(digest, Arc::clone(&claims));
        Ok(agree(&claims, &client).then_some(LiveClient { client, claims }))
    }

    /// What the token says of itself, when the broker of the client's realm signed it.
    async fn verify_signature(
        &self,
        view: &mut dyn ReadView,
        client: &EmergencyClient,
        token: &Secret,
    ) -> Result<Option<Arc<VerifiedToken>>, Error> {
        let Some(realm) = view.find_realm(client.realm_id).await? else {
            return Ok(None);
        };
        let Some(broker) = view.find_broker(realm.broker_id).await? else {
            return Ok(None);
        };
        let keys = view.list_signing_keys(Some(broker.id)).await?;
        let verified = self
            .ports
            .signer
            .verify_access_token(&keys, &broker.issuer_path(), token);
        Ok(verified.ok().map(Arc::new))
    }
}

/// A client whose token is alive.
pub(crate) struct LiveClient {
    pub(crate) client: EmergencyClient,
    /// What the token says of itself.
    pub(crate) claims: Arc<VerifiedToken>,
}

/// Whether the store and the token say the same of the token.
fn agree(claims: &VerifiedToken, client: &EmergencyClient) -> bool {
    claims.client_id == client.client_id.as_str()
        && claims.token_id == client.token.id.to_string()
        && claims.expires_at_seconds == client.token.expires_at.seconds()
}
