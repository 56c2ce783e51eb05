//! Tokens of other issuers that a realm trusts, and what was registered with those that leave claims out.

use std::sync::Arc;

use breakglass_domain::decision::Holder;
use breakglass_domain::foreign_token::{VENDOR_AUDIENCE, is_expansion_url};
use breakglass_domain::{
    Decision, ForeignClaims, RealmId, Registration, Secret, Timestamp, TokenDigest, TokenIssuer,
};

use crate::app::{App, lock};
use crate::decision::{HostIdentity, Proof, Rules};
use crate::error::{Error, NeededRegistration};
use crate::host_authentication::Shown;

/// The most registered tokens of which it is kept who holds them.
pub(crate) const REGISTERED_CAPACITY: usize = 128;

/// Who holds a registered token, and may do what by these rules.
#[derive(Clone, Debug)]
pub(crate) struct RegisteredStanding {
    registration: Registration,
    rules: Arc<Rules>,
    known: Arc<Holder>,
    decision: Arc<Decision>,
}

/// A token of another issuer, once its signature, its audience and its times are verified.
pub(crate) struct ForeignBearer {
    pub(crate) realm_id: RealmId,
    pub(crate) issuer: TokenIssuer,
    pub(crate) claims: ForeignClaims,
    rules: Arc<Rules>,
}

impl App {
    /// The token of an issuer that the realm, or else the oldest, trusts, when who shows it holds what it is bound to. `None` when
    /// it is not good, for whatever reason.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when what it is bound to was not shown with it.
    pub(crate) async fn foreign_bearer(
        &self,
        shown: Shown<'_>,
        realm: Option<RealmId>,
    ) -> Result<Option<ForeignBearer>, Error> {
        let Some(bearer) = self.verified_bearer(shown.token, realm).await? else {
            return Ok(None);
        };
        let bound = (bearer.claims.confirmation, false);
        let proven = self.prove_possession_of(bound, shown.token, shown.proof, shown.origin);
        if let Err(unproven) = proven {
            let holder = bearer.claims.subject.as_str();
            return Err(self
                .refuse_possession(unproven, holder, shown.origin, shown.operation)
                .await);
        }
        Ok(Some(bearer))
    }

    async fn verified_bearer(
        &self,
        token: &Secret,
        realm: Option<RealmId>,
    ) -> Result<Option<ForeignBearer>, Error> {
        let Some(claimed) = self.ports.signer.claimed_issuer(token) else {
            return Ok(None);
        };
        let mut view = self.ports.store.check().await?;
        let realm = match self.realm_or_oldest(view.as_mut(), realm).await {
            Ok(realm) => realm,
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let rules = self.rules(view.as_mut(), realm.id).await?;
        drop(view);
        let trusted = rules.issuers.iter().find(|known| known.issuer == claimed);
        let Some(issuer) = trusted.cloned() else {
            return Ok(None);
        };
        let Some(claims) = self.verify_by_issuer(&issuer, token).await else {
            return Ok(None);
        };
        let now = self.now();
        let is_plain_allowed = self.options.allow_plain_http_key_sets;
        // What is registered ends without grace, and so does what it is registered for; without an id nothing can be.
        let has_id = claims.token_id.as_ref().is_some_and(|id| !id.is_empty());
        let is_whole = |url: &str| {
            has_id && is_expansion_url(url, is_plain_allowed) && now < claims.expires_at
        };
        let is_good = claims.issuer == issuer.issuer
            && claims.holds(&self.audiences(), now)
            && claims.expansion.as_deref().is_none_or(is_whole);
        Ok(is_good.then_some(ForeignBearer {
            realm_id: realm.id,
            issuer,
            claims,
            rules,
        }))
    }

    /// For whom tokens of other issuers may be.
    pub(crate) fn audiences(&self) -> [&str; 2] {
        [self.public_url(), VENDOR_AUDIENCE]
    }

    /// Who holds such a token, with what was registered with it.
    ///
    /// # Errors
    /// [`Error::RegistrationRequired`] when the token leaves claims out, and nothing is registered with it.
    pub(crate) async fn identity_by(
        &self,
        token: &Secret,
        bearer: ForeignBearer,
    ) -> Result<HostIdentity, Error> {
        let identity = |(known, decision)| HostIdentity {
            realm_id: bearer.realm_id,
            proof: Proof::ForeignToken,
            known,
            decision,
            vouched_since: Some(bearer.issuer.updated_at),
            account: None,
            is_bound: bearer.claims.confirmation.is_some(),
        };
        if bearer.claims.expansion.is_none() {
            return Ok(identity(bearer.standing(&bearer.claims)));
        }
        let digest = TokenDigest::of(token.expose());
        let mut view = self.ports.store.check().await?;
        let found = view.find_registration(bearer.realm_id, &digest).await?;
        let Some(registration) = found.filter(|found| bearer.takes(found, self.now())) else {
            return Err(self.registration_required(&bearer));
        };
        let kept = lock(&self.registered).get(&digest);
        let is_current = |kept: &RegisteredStanding| {
            kept.registration == registration && Arc::ptr_eq(&kept.rules, &bearer.rules)
        };
        if let Some(kept) = kept.filter(is_current) {
            return Ok(identity((kept.known, kept.decision)));
        }
        let found = view.find_registered_token(bearer.realm_id, &digest).await?;
        let found = found.filter(|found| bearer.takes(&found.registration(), self.now()));
        let Some(found) = found else {
            return Err(self.registration_required(&bearer));
        };
        let claims = bearer.claims.clone();
        let claims = claims.joined(&found.groups, &found.privileges);
        let (known, decision) = bearer.standing(&claims);
        let standing = RegisteredStanding {
            registration: found.registration(),
            rules: Arc::clone(&bearer.rules),
            known: Arc::clone(&known),
            decision: Arc::clone(&decision),
        };
        lock(&self.registered).insert(digest, standing);
        Ok(identity((known, decision)))
    }

    /// What the holder of a token that leaves claims out has to do before it is good for anything.
    fn registration_required(&self, bearer: &ForeignBearer) -> Error {
        let issuer = bearer.issuer.issuer.trim_end_matches('/');
        let configuration = format!("{issuer}/.well-known/openid-configuration");
        let is_plain_allowed = self.options.allow_plain_http_key_sets;
        let is_url = is_expansion_url(&configuration, is_plain_allowed);
        Error::RegistrationRequired(Box::new(NeededRegistration {
            expansion: bearer.claims.expansion.clone().unwrap_or_default(),
            configuration: is_url.then_some(configuration),
        }))
    }
}

impl ForeignBearer {
    /// Whether what was registered holds still: an alias may come to mean another issuer, and an issuer may get other keys.
    fn takes(&self, registration: &Registration, now: Timestamp) -> bool {
        registration.issuer_alias == self.issuer.alias
            && registration.vouched_since == self.issuer.updated_at
            && now < registration.expires_at
    }

    /// Who holds a token that says this, and what the profiles grant.
    fn standing(&self, claims: &ForeignClaims) -> (Arc<Holder>, Arc<Decision>) {
        let known = claims.holder(self.issuer.alias.clone());
        let decision = self.rules.profiles.decide(&known);
        (Arc::new(known), Arc::new(decision))
    }
}
