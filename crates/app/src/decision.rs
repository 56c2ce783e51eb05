//! What the holder of a token may do on a realm's hosts.

use std::collections::BTreeSet;
use std::sync::Arc;

use breakglass_domain::decision::{Decision, Holder as Known, ProfileIndex};
use breakglass_domain::foreign_token::VENDOR_AUDIENCE;
use breakglass_domain::host_token::HostTokenClaims;
use breakglass_domain::{
    Account, Broker, Entitlement, IssuerAlias, Principal, Privilege, Reach, Realm, RealmId, Secret,
    TokenIssuer, VerifiedBy,
};
use breakglass_ports::ReadView;

use crate::app::{App, lock};
use crate::authentication::Credentials;
use crate::caller::{Caller, Origin};
use crate::error::{Error, Refusal, Resource};
use crate::live_token::{Holder, LiveToken};
use crate::possession::ShownProof;

/// By what it is known who a caller is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Proof {
    /// An access token of a realm of ours.
    AccessToken,
    /// A token of another issuer that the realm trusts.
    ForeignToken,
    /// A host token.
    HostToken,
    /// The password or the session of a local account.
    Password,
}

/// Who a caller is for a realm's hosts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostIdentity {
    /// The realm.
    pub realm_id: RealmId,
    /// By what it is known.
    pub proof: Proof,
    /// What is known.
    pub known: Known,
    /// What it may do.
    pub decision: Decision,
    /// Of a local account: the account.
    pub(crate) account: Option<Account>,
}

impl HostIdentity {
    /// The name, with its domain if it has one.
    pub fn subject(&self) -> String {
        let known = &self.known;
        if known.domain.is_empty() {
            known.name.clone()
        } else {
            format!("{}@{}", known.name, known.domain)
        }
    }
}

/// The client profiles and trusted issuers of a realm, as they were at an epoch.
#[derive(Debug)]
pub(crate) struct Rules {
    epoch: u64,
    profiles: ProfileIndex,
    issuers: Vec<TokenIssuer>,
}

/// What shows a token, and where.
#[derive(Clone, Copy)]
struct Shown<'a> {
    token: &'a Secret,
    proof: Option<&'a ShownProof>,
    origin: &'a Origin,
    operation: &'a str,
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
        let caller = match self.own_broker(&token).await? {
            Some((broker, own)) => self.by_own_token(shown, &broker, &own).await?,
            None => self.by_foreign_token(shown, realm).await?,
        };
        let own = caller.host.as_ref().map(|host| host.realm_id);
        if realm.is_some_and(|asked| Some(asked) != own) {
            return Err(Error::NotFound(Resource::Realm));
        }
        Ok(caller)
    }

    /// Lets a caller pass that is entitled to one of these, or to everything; a refusal is audited, with repeats folded.
    ///
    /// # Errors
    /// [`Error::NotEntitled`].
    pub async fn authorize_entitled(
        &self,
        caller: &Caller,
        any: &[Entitlement],
        operation: &str,
    ) -> Result<(), Error> {
        let verdict = caller.require_entitlement(any);
        if verdict.is_err() {
            let names: Vec<&str> = any.iter().map(|one| one.name()).collect();
            self.record_denial(caller, ("missing_entitlement", &names.join(" ")), operation)
                .await;
        }
        verdict
    }

    /// What somebody may do on the hosts of a realm, whom the caller has identified itself.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a caller that may not view; [`Resource::Realm`] is not found.
    pub async fn decide(
        &self,
        caller: &Caller,
        realm: Option<RealmId>,
        known: &Known,
    ) -> Result<Decision, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let realm = self.host_realm(view.as_mut(), caller, realm).await?;
        let rules = self.rules(view.as_mut(), realm.id).await?;
        Ok(rules.profiles.decide(known))
    }

    /// Who holds a token, and what it lets the holder do, for a caller that was shown it. The use of an emergency token is counted
    /// and audited as a use. `None` when the token is not good, for whatever reason.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a caller that may not view.
    pub async fn decide_for_token(
        &self,
        caller: &Caller,
        realm: Option<RealmId>,
        token: &Secret,
        operation: &str,
    ) -> Result<Option<HostIdentity>, Error> {
        caller.require(Privilege::View)?;
        let shown = Some(Credentials::Bearer(token.clone()));
        let proven = self
            .authenticate_host(shown, realm, caller.origin.clone(), operation)
            .await;
        match proven {
            Ok(holder) => Ok(holder
                .host
                .filter(|host| caller.principal.reach().covers(host.realm_id))
                .map(|host| (*host).clone())),
            Err(Error::Unauthenticated(_) | Error::NotFound(_) | Error::RateLimited { .. }) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The realm that a caller's request about hosts is for.
    pub(crate) async fn host_realm(
        &self,
        view: &mut dyn ReadView,
        caller: &Caller,
        asked: Option<RealmId>,
    ) -> Result<Realm, Error> {
        let known = match caller.principal.reach() {
            Reach::Everywhere => caller.host.as_ref().map(|host| host.realm_id),
            Reach::Realm(own) => Some(own),
        };
        let realm = self.realm_or_oldest(view, asked.or(known)).await?;
        caller.require_reach(realm.id)?;
        Ok(realm)
    }

    async fn realm_or_oldest(
        &self,
        view: &mut dyn ReadView,
        asked: Option<RealmId>,
    ) -> Result<Realm, Error> {
        let found = if let Some(id) = asked {
            view.find_realm(id).await?
        } else {
            let realms = view.list_realms().await?;
            realms
                .into_iter()
                .min_by_key(|realm| (realm.created_at, *realm.id.as_bytes()))
        };
        found.ok_or(Error::NotFound(Resource::Realm))
    }

    /// The rules of a realm. They are read again whenever one was changed.
    pub(crate) async fn rules(
        &self,
        view: &mut dyn ReadView,
        realm_id: RealmId,
    ) -> Result<Arc<Rules>, Error> {
        // The epoch first: rules that are newer than their epoch are read once more, older ones never pass for new.
        let epoch = view.find_rules_epoch(realm_id).await?;
        let kept = lock(&self.rules).get(&realm_id).cloned();
        if let Some(kept) = kept.filter(|kept| kept.epoch == epoch) {
            return Ok(kept);
        }
        let rules = Arc::new(Rules {
            epoch,
            profiles: ProfileIndex::new(view.list_client_profiles(realm_id).await?),
            issuers: view.list_token_issuers(realm_id).await?,
        });
        lock(&self.rules).insert(realm_id, Arc::clone(&rules));
        Ok(rules)
    }

    /// The broker of ours whose key a token names, with its realm.
    async fn own_broker(&self, token: &Secret) -> Result<Option<(Broker, OwnKey)>, Error> {
        let Some(key_id) = self.ports.signer.claimed_key(token) else {
            return Ok(None);
        };
        let mut view = self.ports.store.read().await?;
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
        let (caller, live) = self
            .authenticate_live_token((shown.token, shown.proof), shown.origin, shown.operation)
            .await?;
        let known = known_by(&live, broker);
        let mut view = self.ports.store.read().await?;
        let decision = if caller.is_administrator() {
            Decision::everything()
        } else {
            let rules = self.rules(view.as_mut(), own.realm.id).await?;
            rules.profiles.decide(&known)
        };
        Ok(caller.on_host(HostIdentity {
            realm_id: own.realm.id,
            proof: Proof::AccessToken,
            known,
            decision,
            account: None,
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
        let mut view = self.ports.store.read().await?;
        let rules = self.rules(view.as_mut(), own.realm.id).await?;
        let mut account = None;
        let is_vouched = match &claims.holder.verified_by {
            VerifiedBy::Issuer(alias) => rules.issuers.iter().any(|known| known.alias == *alias),
            VerifiedBy::Local => {
                if let Ok(name) = claims.holder.name.parse() {
                    account = view.find_account(&name).await?;
                }
                let set_at = account.as_ref().map(|account| account.password_set_at);
                set_at.is_some() && set_at == claims.password_set_at
            }
        };
        drop(view);
        if !(is_alive && is_vouched) {
            return Err(self.refuse_token(shown.origin, shown.operation).await);
        }
        let decision = rules.profiles.decide(&claims.holder);
        let decision = decision.within(&claims.entitlements);
        let identity = HostIdentity {
            realm_id: own.realm.id,
            proof: Proof::HostToken,
            known: claims.holder,
            decision,
            account,
        };
        Ok(caller_of(identity, shown.origin))
    }

    async fn by_foreign_token(
        &self,
        shown: Shown<'_>,
        realm: Option<RealmId>,
    ) -> Result<Caller, Error> {
        match self.verify_foreign(shown, realm).await? {
            Some(identity) => Ok(caller_of(identity, shown.origin)),
            None => Err(self.refuse_token(shown.origin, shown.operation).await),
        }
    }

    async fn verify_foreign(
        &self,
        shown: Shown<'_>,
        realm: Option<RealmId>,
    ) -> Result<Option<HostIdentity>, Error> {
        let signer = &self.ports.signer;
        // Nobody's token is bound to a key that we could ask for.
        let claimed = signer.claimed_issuer(shown.token);
        let Some(claimed) = claimed.filter(|_| shown.proof.is_none()) else {
            return Ok(None);
        };
        let mut view = self.ports.store.read().await?;
        let realm = match self.realm_or_oldest(view.as_mut(), realm).await {
            Ok(realm) => realm,
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let rules = self.rules(view.as_mut(), realm.id).await?;
        drop(view);
        let trusted = rules.issuers.iter().find(|known| known.issuer == claimed);
        let Some(trusted) = trusted else {
            return Ok(None);
        };
        let Some(claims) = self.verify_by_issuer(trusted, shown.token).await else {
            return Ok(None);
        };
        let now = self.now();
        let audiences = [self.public_url(), VENDOR_AUDIENCE];
        if claims.issuer != trusted.issuer || !claims.holds(&audiences, now) {
            return Ok(None);
        }
        let known = claims.holder(trusted.alias.clone());
        Ok(Some(HostIdentity {
            realm_id: realm.id,
            proof: Proof::ForeignToken,
            decision: rules.profiles.decide(&known),
            known,
            account: None,
        }))
    }

    /// A local account, or somebody with the data folder, as a caller of the realm's hosts.
    async fn as_host_caller(
        &self,
        caller: Caller,
        realm: Option<RealmId>,
    ) -> Result<Caller, Error> {
        let Principal::Account { username, .. } = &caller.principal else {
            return Ok(caller);
        };
        let mut view = self.ports.store.read().await?;
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
            known,
            decision,
            account,
        }))
    }

    /// What the profiles of a realm grant somebody, whatever else they may do.
    pub(crate) async fn granted_by_profiles(
        &self,
        view: &mut dyn ReadView,
        identity: &HostIdentity,
    ) -> Result<BTreeSet<Entitlement>, Error> {
        let rules = self.rules(view, identity.realm_id).await?;
        Ok(rules.profiles.decide(&identity.known).entitlements())
    }
}

/// A key of ours, and the realm whose tokens it signs.
struct OwnKey {
    key: breakglass_domain::SigningKey,
    realm: Realm,
}

/// The holder of an access token of ours as the realm's own issuer names it: the client in the tenant's domain, with the
/// roles that the token carries as its groups.
fn known_by(live: &LiveToken, broker: &Broker) -> Known {
    let tenant = broker.tenant.as_str();
    let scope = live.scope();
    let name = match &live.holder {
        Holder::Account(account) => return Known::local(account.username.as_str()),
        Holder::Client(client, _) => client.client_id.clone(),
        Holder::Emergency(client) => client.client_id.to_string(),
    };
    let known = Known {
        verified_by: VerifiedBy::Issuer(IssuerAlias::own()),
        name,
        domain: tenant.to_owned(),
        ..Known::local("")
    };
    known.in_groups(scope.iter().map(breakglass_domain::RoleName::as_str))
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

impl Caller {
    /// The same caller, known to a realm's hosts.
    pub(crate) fn on_host(self, identity: HostIdentity) -> Self {
        Self {
            host: Some(Arc::new(identity)),
            ..self
        }
    }

    /// Whether the caller may do everything, whatever the profiles say: an emergency client with its whole token, the
    /// administrator, or somebody with the data folder.
    pub fn is_administrator(&self) -> bool {
        match &self.principal {
            Principal::Account { .. } | Principal::EmergencyClient { .. } => {
                self.principal.holds(Privilege::Manage)
            }
            Principal::LocalOperator { .. } | Principal::System => true,
            Principal::Client { .. } | Principal::External { .. } => false,
        }
    }

    /// Lets the caller pass when it is entitled to one of these, or to everything.
    ///
    /// # Errors
    /// [`Error::NotEntitled`].
    pub fn require_entitlement(&self, any: &[Entitlement]) -> Result<(), Error> {
        let granted = |host: &Arc<HostIdentity>| any.iter().any(|one| host.decision.grants(*one));
        if self.is_administrator() || self.host.as_ref().is_some_and(granted) {
            return Ok(());
        }
        Err(Error::NotEntitled)
    }

    /// Who the caller is for a realm's hosts.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when that is not known.
    pub fn host_identity(&self) -> Result<&HostIdentity, Error> {
        let absent = Error::Unauthenticated(Refusal::Missing);
        self.host.as_deref().ok_or(absent)
    }
}
