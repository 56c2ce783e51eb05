//! What the holder of a token may do on a realm's hosts.

use std::sync::Arc;

use breakglass_domain::decision::{Decision, Holder as Known, ProfileIndex};
use breakglass_domain::{
    Account, Entitlement, Principal, Privilege, Reach, Realm, RealmId, Secret, Timestamp,
    TokenIssuer,
};
use breakglass_ports::ReadView;

use crate::app::{App, lock};
use crate::authentication::Credentials;
use crate::caller::Caller;
use crate::error::{Error, Refusal, Resource};

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
    pub known: Arc<Known>,
    /// What it may do.
    pub decision: Arc<Decision>,
    /// When the password was set, or the trust in the issuer, by which it is known. Of tokens of ours: nothing.
    pub(crate) vouched_since: Option<Timestamp>,
    /// Of a local account: the account.
    pub(crate) account: Option<Account>,
    /// Whether it is known by a token that is good only with a key or a certificate.
    pub(crate) is_bound: bool,
}

impl HostIdentity {
    /// The name, with its domain if it has one.
    pub fn subject(&self) -> String {
        self.known.subject()
    }
}

/// The client profiles and trusted issuers of a realm, as they were at an epoch.
#[derive(Debug)]
pub(crate) struct Rules {
    epoch: u64,
    pub(crate) profiles: ProfileIndex,
    pub(crate) issuers: Vec<TokenIssuer>,
}

impl App {
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
        let mut view = self.ports.store.check().await?;
        let realm = self.host_realm(view.as_mut(), caller, realm).await?;
        let rules = self.rules(view.as_mut(), realm.id).await?;
        Ok(rules.profiles.decide(known))
    }

    /// Who holds a token, and what it lets the holder do, for a caller that was shown it. The use of an emergency token is counted
    /// and audited as a use. `None` when the token is not good, for whatever reason.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a caller that may not view; [`Error::RegistrationRequired`] when the token leaves claims out, and
    /// nothing is registered with it.
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

    pub(crate) async fn realm_or_oldest(
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

    /// The rules of a realm. They are read again whenever one was changed, and kept when what the view sees is certain to stay.
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
        if view.revision().is_some() {
            lock(&self.rules).insert(realm_id, Arc::clone(&rules));
        }
        Ok(rules)
    }
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
