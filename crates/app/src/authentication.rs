//! Who is asking.

use breakglass_domain::audit::{AuditAction, AuditTarget, Outcome, TargetKind};
use breakglass_domain::{Account, Privilege, Secret, TokenDigest, Username};

use crate::app::App;
use crate::caller::{Caller, Origin};
use crate::error::{Error, Refusal};
use crate::host_authentication::Shown;
use crate::possession::ShownProof;
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
    /// An access token with a proof of the key that it is bound to (RFC 9449, section 7.1).
    Dpop {
        /// The token.
        token: Secret,
        /// The proof.
        proof: ShownProof,
    },
    /// The id of a session of the hosts' APIs.
    HostSession(Secret),
    /// A session token of the form `uuid::uuid`.
    OpsToken(Secret),
}

impl App {
    /// Proves who a caller is. The use of an emergency token is counted and audited, durably, before this returns; every
    /// refusal is audited, with repeats of one source folded. `operation` names what the caller wants.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when the credentials are missing, unknown, over, recalled or not ours, and
    /// [`Error::DpopNonceNeeded`] when a proof of possession is of another time, and
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
                self.authenticate_access_token(Shown {
                    token: &token,
                    proof: None,
                    origin: &origin,
                    operation,
                })
                .await
            }
            Some(Credentials::Dpop { token, proof }) => {
                self.authenticate_access_token(Shown {
                    token: &token,
                    proof: Some(&proof),
                    origin: &origin,
                    operation,
                })
                .await
            }
            Some(Credentials::HostSession(_)) => Err(self.refuse_token(&origin, operation).await),
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
            let missing = ("missing_privilege", privilege.name());
            self.record_denial(caller, missing, operation).await;
        }
        verdict
    }

    /// Records that a known caller may not do something, folded with the repeats of the same source.
    pub(crate) async fn record_denial(
        &self,
        caller: &Caller,
        (name, missing): (&str, &str),
        operation: &str,
    ) {
        let action = AuditAction::AuthorizationDenied;
        let event = || {
            let target = AuditTarget::new(TargetKind::Operation, &operation);
            let mut event = caller.event(action, target, self.now()).with(name, missing);
            event.outcome = Outcome::Denied;
            event
        };
        self.record_folded(Happening::at(&caller.origin, action), event)
            .await;
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
            Ok(name) => self.ports.store.check().await?.find_account(&name).await?,
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
        let mut view = self.ports.store.check().await?;
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
            is_client: false,
            host: None,
            host_session: None,
        }))
    }
}
