//! Who a caller is for the hosts of a realm.

use std::sync::Arc;

use breakglass_domain::decision::{Decision, Holder as Known};
use breakglass_domain::host_token::HostTokenClaims;
use breakglass_domain::{Broker, Principal, Realm, RealmId, Secret, VerifiedBy};

use crate::app::App;
use crate::authentication::Credentials;
use crate::caller::{Caller, Origin};
use crate::decision::{HostIdentity, Proof};
use crate::error::{Error, Resource};
use crate::live_token::LiveToken;
use crate::possession::ShownProof;

/// What shows a token, and where.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) token: &'a Secret,
    pub(crate) proof: Option<&'a ShownProof>,
    pub(crate) origin: &'a Origin,
    pub(crate) operation: &'a str,
}

impl App {
    /// Proves who a caller is for the hosts of a realm, and decides what it may do there: by an access token of the realm, by a
    /// host token, by a token of an issuer that the realm trusts, or by the name and password of a local account. A token of
    /// ours is of its own realm; for whatever else, `realm` says which, or else it is the oldest.
    ///
    /// # Errors
    /// As [`App::authenticate`]; [`Resource::Realm`] is not found when there is none, or the token is of another.
    pub async fn authenticate_host(
        &self,
        credentials: Option<Credentials>,
        realm: Option<RealmId>,
        origin: Origin,
        operation: &str,
    ) -> Result<Caller, Error> {
        let (token, proof) = match credentials {
            Some(Credentials::Bearer(token)) => (token, None),
            Some(Credentials::Dpop { token, proof }) => (token, Some(proof)),
            Some(Credentials::HostSession(id)) => {
                return self
                    .authenticate_host_session(&id, realm, &origin, operation)
                    .await;
            }
            other => {
                let caller = self.authenticate(other, origin, operation).await?;
                return self.as_host_caller(caller, realm).await;
            }
        };
        let shown = Shown {
            token: &token,
            proof: proof.as_ref(),
            origin: &origin,
            operation,
        };
        // Most tokens were seen before, and are access tokens of ours.
        let caller = match self.kept_live_token(&token).await? {
            Some(live) => self.by_access_token(shown, Some(live)).await?,
            None => match self.own_broker(&token).await? {
                Some((broker, own)) => self.by_own_token(shown, &broker, &own).await?,
                None => self.by_foreign_token(shown, realm).await?,
            },
        };
        let own = caller.host.as_ref().map(|host| host.realm_id);
        if realm.is_some_and(|asked| Some(asked) != own) {
            return Err(Error::NotFound(Resource::Realm));
        }
        Ok(caller)
    }

    /// The broker of ours whose key a token names, with its realm.
    pub(crate) async fn own_broker(
        &self,
        token: &Secret,
    ) -> Result<Option<(Broker, OwnKey)>, Error> {
        let Some(key_id) = self.ports.signer.claimed_key(token) else {
            return Ok(None);
        };
        let mut view = self.ports.store.check().await?;
        let Some(key) = view.find_signing_key(&key_id).await? else {
            return Ok(None);
        };
        let Some(broker_id) = key.broker_id else {
            return Ok(None);
        };
        let broker = view.find_broker(broker_id).await?;
        let realm = view.find_realm_of_broker(broker_id).await?;
        Ok(broker
            .zip(realm)
            .map(|(broker, realm)| (broker, OwnKey { key, realm })))
    }

    async fn by_own_token(
        &self,
        shown: Shown<'_>,
        broker: &Broker,
        own: &OwnKey,
    ) -> Result<Caller, Error> {
        let path = broker.issuer_path();
        let signer = &self.ports.signer;
        if let Ok(claims) = signer.verify_host_token(&own.key, &path, shown.token) {
            return self.by_host_token(shown, own, claims).await;
        }
        let found = self.find_live_token(shown.token).await?;
        self.by_access_token(shown, found).await
    }

    async fn by_access_token(
        &self,
        shown: Shown<'_>,
        found: Option<Arc<LiveToken>>,
    ) -> Result<Caller, Error> {
        let (caller, live) = self.prove_live_token(shown, found).await?;
        let realm_id = live.verified.realm_id;
        let mut view = self.ports.store.check().await?;
        let rules = self.rules(view.as_mut(), realm_id).await?;
        drop(view);
        let (known, decision) = self.standing(&live, &rules);
        let decision = if caller.is_administrator() {
            Arc::new(Decision::everything())
        } else {
            decision
        };
        Ok(caller.on_host(HostIdentity {
            realm_id,
            proof: Proof::AccessToken,
            known,
            decision,
            vouched_since: None,
            account: None,
            is_bound: live.claims().confirmation.is_some(),
        }))
    }

    /// A host token says who holds it. What the profiles say of the holder is looked up each time, and so is whether the account
    /// or the issuer is still there.
    async fn by_host_token(
        &self,
        shown: Shown<'_>,
        own: &OwnKey,
        claims: HostTokenClaims,
    ) -> Result<Caller, Error> {
        let now = self.now();
        let is_alive = own.key.retired_at.is_none()
            && now < claims.expires_at
            && claims.audience.iter().any(|one| one == self.public_url());
        let mut view = self.ports.store.check().await?;
        let rules = self.rules(view.as_mut(), own.realm.id).await?;
        let mut account = None;
        let vouched_since = match &claims.holder.verified_by {
            VerifiedBy::Issuer(alias) => {
                let mut known = rules.issuers.iter();
                known
                    .find(|known| known.alias == *alias)
                    .map(|known| known.updated_at)
            }
            VerifiedBy::Local => {
                if let Ok(name) = claims.holder.name.parse() {
                    account = view.find_account(&name).await?;
                }
                account.as_ref().map(|account| account.password_set_at)
            }
        };
        // An alias may come to mean another issuer, and an issuer may get other keys.
        let is_vouched = vouched_since.is_some() && vouched_since == claims.vouched_since;
        drop(view);
        if !(is_alive && is_vouched) {
            return Err(self.refuse_token(shown.origin, shown.operation).await);
        }
        let decision = rules.profiles.decide(&claims.holder);
        let decision = decision.within(&claims.entitlements);
        let identity = HostIdentity {
            realm_id: own.realm.id,
            proof: Proof::HostToken,
            known: Arc::new(claims.holder),
            decision: Arc::new(decision),
            vouched_since,
            account,
            is_bound: false,
        };
        Ok(caller_of(identity, shown.origin))
    }

    async fn by_foreign_token(
        &self,
        shown: Shown<'_>,
        realm: Option<RealmId>,
    ) -> Result<Caller, Error> {
        match self.foreign_bearer(shown, realm).await? {
            Some(bearer) => {
                let identity = self.identity_by(shown.token, bearer).await?;
                Ok(caller_of(identity, shown.origin))
            }
            None => Err(self.refuse_token(shown.origin, shown.operation).await),
        }
    }

    /// A local account, or somebody with the data folder, as a caller of the realm's hosts.
    pub(crate) async fn as_host_caller(
        &self,
        caller: Caller,
        realm: Option<RealmId>,
    ) -> Result<Caller, Error> {
        let Principal::Account { username, .. } = &caller.principal else {
            return Ok(caller);
        };
        let mut view = self.ports.store.check().await?;
        let realm = self.realm_or_oldest(view.as_mut(), realm).await?;
        let known = Known::local(username.as_str());
        let account = view.find_account(username).await?;
        let decision = if caller.is_administrator() {
            Decision::everything()
        } else {
            let rules = self.rules(view.as_mut(), realm.id).await?;
            rules.profiles.decide(&known)
        };
        Ok(caller.on_host(HostIdentity {
            realm_id: realm.id,
            proof: Proof::Password,
            known: Arc::new(known),
            decision: Arc::new(decision),
            vouched_since: account.as_ref().map(|account| account.password_set_at),
            account,
            is_bound: false,
        }))
    }
}

/// A key of ours, and the realm whose tokens it signs.
pub(crate) struct OwnKey {
    key: breakglass_domain::SigningKey,
    pub(crate) realm: Realm,
}

fn caller_of(identity: HostIdentity, origin: &Origin) -> Caller {
    let principal = match &identity.account {
        Some(account) => Principal::Account {
            username: account.username.clone(),
            privileges: Vec::new(),
        },
        None => Principal::External {
            realm_id: identity.realm_id,
            subject: identity.subject(),
        },
    };
    Caller::without_session(principal, origin.clone()).on_host(identity)
}
