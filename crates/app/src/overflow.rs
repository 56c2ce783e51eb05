//! Overflow tokens: issued without the claims that would make them too long, and expanded on request.

use std::sync::Arc;

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditTarget, TargetKind};
use breakglass_domain::{
    AccessTokenClaims, AuthorizationClaims, Broker, OverflowThreshold, Privilege, RealmId,
    RoleName, Secret, SigningKey, Timestamp, TokenPolicyDraft, ValidationReport, scope,
};
use breakglass_ports::{ReadView, UnitOfWork};

use crate::app::{App, lock};
use crate::authentication::Credentials;
use crate::caller::{Caller, Origin};
use crate::emergency_client::broker_of;
use crate::error::{Error, GrantFault, Refusal};
use crate::held_roles::Carried;
use crate::live_token::{LiveToken, VerifiedToken};
use crate::signing_key::{active, key_ring, of_realm};
use crate::watch::Happening;

/// The most sets of claims that are kept which tokens leave out.
pub(crate) const WITHHELD_CAPACITY: usize = 64;

/// What the audit calls the operation.
const OPERATION: &str = "expandAccessToken";

/// Claims that tokens leave out.
#[derive(Debug)]
pub(crate) struct Withheld {
    pub(crate) claims: AuthorizationClaims,
    /// The names of the roles, in order.
    pub(crate) names: Vec<RoleName>,
}

/// A token that was just signed.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) token: Secret,
    pub(crate) claims: AccessTokenClaims,
    /// Whether nobody has been told yet which roles it carries.
    pub(crate) is_said_first: bool,
}

impl Signed {
    /// The record of its issue with the roles that it carries. Hundreds of names are told once, and by their digest from then on.
    pub(crate) fn noted_in(&self, event: AuditEvent, carried: &Carried) -> AuditEvent {
        let event = match &self.claims.overflow {
            Some(overflow) => event.with("left_out", overflow.digest.to_string()),
            None => event,
        };
        if !self.is_said_first {
            return event;
        }
        event.with("scope", carried.claims.scope.as_deref().unwrap_or_default())
    }
}

/// How an overflow token is to be expanded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExpansionFormat {
    /// The expanded token, signed.
    Jwt,
    /// The claims alone.
    Raw,
}

/// An overflow token with what it leaves out.
#[derive(Clone, Debug)]
pub enum Expansion {
    /// The expanded token.
    Jwt(Secret),
    /// What the token would say if it left nothing out.
    Raw(Box<AccessTokenClaims>),
}

impl App {
    /// How long the access tokens of a realm may be.
    ///
    /// # Errors
    /// [`Resource::Realm`](crate::Resource::Realm) is not found when there is none of that id in the caller's reach.
    pub async fn token_policy(
        &self,
        caller: &Caller,
        realm_id: RealmId,
    ) -> Result<OverflowThreshold, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let broker = broker_of(view.as_mut(), caller, realm_id).await?;
        Ok(broker.token_overflow_threshold)
    }

    /// Changes how long the access tokens of a realm may be. Those that there are stay as they are.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the faulty field.
    pub async fn update_token_policy(
        &self,
        caller: &Caller,
        realm_id: RealmId,
        draft: TokenPolicyDraft,
    ) -> Result<OverflowThreshold, Error> {
        caller.require(Privilege::Manage)?;
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let broker = broker_of(unit.as_mut(), caller, realm_id).await?;
        let threshold = draft
            .accept(broker.token_overflow_threshold)
            .map_err(Error::Invalid)?;
        let target = AuditTarget::new(TargetKind::Broker, &broker.id);
        let event = caller
            .event(AuditAction::TokenPolicyUpdated, target, now)
            .with("token_overflow_threshold", threshold.get().to_string());
        let broker = Broker {
            token_overflow_threshold: threshold,
            updated_at: now,
            ..broker
        };
        unit.update_broker(&broker).await?;
        self.commit(unit, of_realm(event, realm_id)).await?;
        Ok(threshold)
    }

    /// Signs a token that carries roles, or, where that would be too long, one that leaves them out and says where they are.
    pub(crate) async fn sign_within(
        &self,
        unit: &mut dyn UnitOfWork,
        (broker, realm_id): (&Broker, RealmId),
        key: &SigningKey,
        bare: AccessTokenClaims,
        carried: &Carried,
    ) -> Result<Signed, Error> {
        let threshold = broker.token_overflow_threshold;
        let signer = &self.ports.signer;
        let fits = |token: &Secret| !threshold.is_passed_by(token.expose().len());
        let mut claims = bare;
        if !carried.claims.surely_pass(threshold) {
            let full = claims.with(carried.claims.clone());
            let token = signer.sign_access_token(key, &full)?;
            if fits(&token) {
                return Ok(Signed {
                    token,
                    is_said_first: true,
                    claims: full,
                });
            }
            claims = full;
        }
        let expansion = format!("{}/expand-access-token?format=jwt", claims.issuer);
        let left_out = carried.left_out(expansion);
        let withheld = (left_out.digest, &carried.claims);
        let small = claims.without(left_out);
        let token = signer.sign_access_token(key, &small)?;
        if carried.names.is_empty() || !fits(&token) {
            let rule = "makes the token longer than the realm's token_overflow_threshold";
            return Err(Error::Invalid(ValidationReport::of("audience", rule)));
        }
        let is_new = unit
            .keep_withheld_claims(realm_id, withheld, small.expires_at)
            .await?;
        Ok(Signed {
            token,
            is_said_first: is_new,
            claims: small,
        })
    }

    /// What a token leaves out, if it leaves anything out. `None` as well when that is lost, which happens to none that is alive.
    pub(crate) async fn withheld(
        &self,
        view: &mut dyn ReadView,
        verified: &VerifiedToken,
    ) -> Result<Option<Arc<Withheld>>, Error> {
        let Some(overflow) = &verified.claims.overflow else {
            return Ok(None);
        };
        let kept = lock(&self.withheld).get(&overflow.digest);
        if kept.is_some() {
            return Ok(kept);
        }
        let found = view
            .find_withheld_claims(verified.realm_id, overflow.digest)
            .await?;
        // Whoever can write the store must not be able to put others in their place.
        let Some(claims) = found.filter(|claims| claims.digest() == overflow.digest) else {
            let token_id = verified.claims.token_id;
            tracing::error!(%token_id, "what an access token leaves out is lost or was changed");
            return Ok(None);
        };
        let withheld = Arc::new(Withheld {
            names: scope::roles(claims.scope.as_deref()),
            claims,
        });
        lock(&self.withheld).insert(overflow.digest, Arc::clone(&withheld));
        Ok(Some(withheld))
    }

    /// Gives an overflow token with what it leaves out, to whoever shows it with what it is bound to.
    ///
    /// # Errors
    /// [`Resource::Broker`](crate::Resource::Broker) is not found for an unknown tenant; [`Error::Unauthenticated`] without a
    /// token; [`GrantFault::InvalidToken`] for one that is dead or another issuer's, [`GrantFault::NotOverflowing`] for one that
    /// leaves nothing out.
    pub async fn expand_access_token(
        &self,
        tenant: &str,
        credentials: Option<Credentials>,
        format: ExpansionFormat,
        origin: &Origin,
    ) -> Result<Expansion, Error> {
        let (broker, realm_id) = self.broker_with_realm(tenant).await?;
        let (token, proof) = match credentials {
            Some(Credentials::Bearer(token)) => (token, None),
            Some(Credentials::Dpop { token, proof }) => (token, Some(proof)),
            _ => return Err(Error::Unauthenticated(Refusal::NoToken)),
        };
        let found = self.find_live_token(&token).await?;
        let Some(live) = found.filter(|live| live.verified.broker_id == broker.id) else {
            return Err(match self.refuse_token(origin, OPERATION).await {
                Error::Unauthenticated(_) => Error::Grant(GrantFault::InvalidToken),
                other => other,
            });
        };
        if let Err(unproven) = self.prove_possession(&live, &token, proof.as_ref(), origin) {
            return Err(self
                .refuse_possession(unproven, &live.claims().client_id, origin, OPERATION)
                .await);
        }
        let Some(withheld) = &live.withheld else {
            return Err(Error::Grant(GrantFault::NotOverflowing));
        };
        let claims = &live.verified.claims;
        let expansion = match format {
            ExpansionFormat::Raw => {
                Expansion::Raw(Box::new(claims.clone().with(withheld.claims.clone())))
            }
            ExpansionFormat::Jwt => {
                let twin = claims.expanded(withheld.claims.clone());
                let twin = twin.ok_or(Error::Grant(GrantFault::NotOverflowing))?;
                let key = self.key_until(&broker, realm_id, twin.expires_at).await?;
                Expansion::Jwt(self.ports.signer.sign_access_token(&key, &twin)?)
            }
        };
        self.record_expansion(&live, realm_id, origin).await;
        Ok(expansion)
    }

    /// The key that signs for a broker now. That it is needed until this instant is noted, where it was not before.
    async fn key_until(
        &self,
        broker: &Broker,
        realm_id: RealmId,
        until: Timestamp,
    ) -> Result<SigningKey, Error> {
        let now = self.now();
        let mut view = self.ports.store.read().await?;
        let ring = key_ring(view.as_mut(), broker.id).await?;
        drop(view);
        let key = active(&ring, now)?.clone();
        if key.extension(until).is_none() {
            return Ok(key);
        }
        let mut unit = self.ports.store.begin().await?;
        let key = self.signing_key(unit.as_mut(), broker.id, until).await?;
        let target = AuditTarget::new(TargetKind::SigningKey, &key.id);
        let event = Caller::system().event(AuditAction::SigningKeyExtended, target, now);
        self.commit(unit, of_realm(event, realm_id)).await?;
        Ok(key)
    }

    /// Repeats within a minute are folded: expanding a token twice makes no second twin.
    async fn record_expansion(&self, live: &LiveToken, realm_id: RealmId, origin: &Origin) {
        let action = AuditAction::AccessTokenExpanded;
        let token_id = live.claims().token_id;
        let event = || {
            let now = self.now();
            let caller = Caller::without_session(live.principal(now), origin.clone());
            let target = AuditTarget::new(TargetKind::Realm, &realm_id);
            let event = caller
                .event(action, target, now)
                .with("token_id", token_id.to_string());
            of_realm(event, realm_id)
        };
        let subject = token_id.to_string();
        self.record_folded(Happening { action, subject }, event)
            .await;
    }
}
