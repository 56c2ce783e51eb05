//! Sessions of callers of the hosts' APIs: an id in place of the credentials that it was given for.
//!
//! They live in this process alone. What a session lets its holder do is decided by its credentials at each use, so that it
//! ends with them.

use std::collections::HashMap;

use breakglass_domain::audit::{AuditAction, AuditTarget, TargetKind};
use breakglass_domain::{RealmId, Secret, Timestamp, TokenDigest, Username, VerifiedBy};

use crate::app::{App, lock};
use crate::authentication::Credentials;
use crate::caller::{Caller, Origin};
use crate::error::{Error, Refusal, Resource};
use crate::signing_key::of_realm;

/// How long a session lasts without use, in milliseconds (30 minutes).
const IDLE_MILLIS: i64 = 30 * 60_000;

/// The most sessions of one holder. The next one takes the place of the one that was used the longest ago.
const MOST_OF_HOLDER: usize = 32;

/// The most sessions of everybody.
const MOST: usize = 10_000;

/// A session.
#[derive(Clone, Debug)]
pub(crate) struct HostSession {
    pub(crate) kept: Kept,
    pub(crate) realm_id: RealmId,
    /// By whom it is known whose it is: another issuer's Alice is somebody else.
    verified_by: VerifiedBy,
    subject: String,
    created_at: Timestamp,
    used_at: Timestamp,
}

/// By what it is known whose session it is.
#[derive(Clone, Debug)]
pub(crate) enum Kept {
    /// A local account whose password was set at this instant.
    Account {
        username: Username,
        password_set_at: Timestamp,
    },
    /// A token, which is shown anew at each use.
    Token(Credentials),
}

/// What a session tells of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostSessionView {
    /// Whose it is.
    pub subject: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was used last.
    pub used_at: Timestamp,
}

/// The sessions of this process, by the digests of their ids.
#[derive(Debug, Default)]
pub(crate) struct HostSessions(HashMap<TokenDigest, HostSession>);

impl HostSession {
    fn is_of_holder_of(&self, other: &Self) -> bool {
        self.realm_id == other.realm_id
            && self.verified_by == other.verified_by
            && self.subject == other.subject
    }

    fn is_alive(&self, now: Timestamp) -> bool {
        now.millis_since(self.used_at) < IDLE_MILLIS
    }
}

impl HostSessions {
    /// Keeps a session, unless there are too many.
    fn insert(&mut self, digest: TokenDigest, session: HostSession) -> bool {
        let now = session.created_at;
        let of_holder = self
            .0
            .iter()
            .filter(|(_, other)| other.is_of_holder_of(&session));
        let idlest = of_holder.clone().min_by_key(|(_, other)| other.used_at);
        if of_holder.count() >= MOST_OF_HOLDER
            && let Some(idlest) = idlest.map(|(digest, _)| *digest)
        {
            self.0.remove(&idlest);
        }
        if self.0.len() >= MOST {
            self.0.retain(|_, session| session.is_alive(now));
        }
        let has_room = self.0.len() < MOST;
        if has_room {
            self.0.insert(digest, session);
        }
        has_room
    }

    /// The session, used now. One that was not used for too long is forgotten.
    fn take_up(&mut self, digest: &TokenDigest, now: Timestamp) -> Option<HostSession> {
        let session = self.0.get_mut(digest)?;
        if session.is_alive(now) {
            session.used_at = session.used_at.max(now);
            return Some(session.clone());
        }
        self.0.remove(digest);
        None
    }
}

impl App {
    /// Begins a session for the credentials by which the caller was just proven.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a token that is bound to a key, which a session would set free, and for a caller that came
    /// with a session; [`Error::NoRoom`] when there are too many sessions.
    pub async fn create_host_session(
        &self,
        caller: &Caller,
        credentials: Credentials,
    ) -> Result<Secret, Error> {
        let identity = caller.host_identity()?;
        let kept = match (credentials, &identity.account) {
            (Credentials::Basic { .. }, Some(account)) => Kept::Account {
                username: account.username.clone(),
                password_set_at: account.password_set_at,
            },
            (shown @ (Credentials::Bearer(_) | Credentials::OpsToken(_)), _) => Kept::Token(shown),
            _ => return Err(Error::Unauthenticated(Refusal::Possession)),
        };
        let now = self.now();
        let [first, second] = [self.random()?, self.random()?].map(u128::from_be_bytes);
        let id = Secret::new(format!("{first:032x}{second:032x}"));
        let session = HostSession {
            kept,
            realm_id: identity.realm_id,
            verified_by: identity.known.verified_by.clone(),
            subject: identity.subject(),
            created_at: now,
            used_at: now,
        };
        let digest = TokenDigest::of(id.expose());
        if !lock(&self.host_sessions).insert(digest, session) {
            return Err(Error::NoRoom);
        }
        let recorded = self
            .record_host_session(caller, AuditAction::HostSessionCreated)
            .await;
        if recorded.is_err() {
            lock(&self.host_sessions).0.remove(&digest);
        }
        recorded.map(|()| id)
    }

    /// What the session that the caller came with tells of itself.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when it came without one.
    pub fn get_host_session(&self, caller: &Caller) -> Result<HostSessionView, Error> {
        let session = caller
            .host_session
            .and_then(|digest| lock(&self.host_sessions).0.get(&digest).cloned());
        let session = session.ok_or(Error::Unauthenticated(Refusal::Missing))?;
        Ok(HostSessionView {
            subject: session.subject,
            created_at: session.created_at,
            used_at: session.used_at,
        })
    }

    /// Ends the session that the caller came with.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when it came without one.
    pub async fn delete_host_session(&self, caller: &Caller) -> Result<(), Error> {
        let missing = Error::Unauthenticated(Refusal::Missing);
        let digest = caller.host_session.ok_or(missing)?;
        // First, because a caller that goes away takes what is left to do with it.
        let ended = lock(&self.host_sessions).0.remove(&digest);
        let recorded = self.record_host_session(caller, AuditAction::HostSessionDeleted);
        let outcome = recorded.await;
        if let (Err(_), Some(session)) = (&outcome, ended) {
            lock(&self.host_sessions).0.insert(digest, session);
        }
        outcome
    }

    async fn record_host_session(&self, caller: &Caller, action: AuditAction) -> Result<(), Error> {
        let realm_id = caller.host_identity()?.realm_id;
        let target = AuditTarget::new(TargetKind::Realm, &realm_id);
        let event = caller.event(action, target, self.now());
        self.record(of_realm(event, realm_id)).await
    }

    /// The caller whose session this is. What its credentials are no longer good for, it is no longer good for either.
    pub(crate) async fn authenticate_host_session(
        &self,
        id: &Secret,
        realm: Option<RealmId>,
        origin: &Origin,
        operation: &str,
    ) -> Result<Caller, Error> {
        let digest = TokenDigest::of(id.expose());
        // A session is of the realm that it was begun in.
        let own = lock(&self.host_sessions)
            .0
            .get(&digest)
            .map(|session| session.realm_id);
        if own.is_some_and(|own| realm.is_some_and(|asked| asked != own)) {
            return Err(Error::NotFound(Resource::Realm));
        }
        let found = lock(&self.host_sessions).take_up(&digest, self.now());
        let Some(session) = found else {
            return Err(self.refuse_token(origin, operation).await);
        };
        let realm = Some(session.realm_id);
        let proven = match session.kept {
            Kept::Token(credentials) => {
                let shown = Some(credentials);
                let again = self.authenticate_host(shown, realm, origin.clone(), operation);
                Box::pin(again).await
            }
            Kept::Account {
                username,
                password_set_at,
            } => {
                let account = self
                    .ports
                    .store
                    .read()
                    .await?
                    .find_account(&username)
                    .await?;
                match account.filter(|account| account.password_set_at == password_set_at) {
                    Some(account) => {
                        let caller = Caller::without_session(account.principal(), origin.clone());
                        self.as_host_caller(caller, realm).await
                    }
                    None => Err(self.refuse_token(origin, operation).await),
                }
            }
        };
        proven.map(|caller| Caller {
            host_session: Some(digest),
            ..caller
        })
    }
}
