//! Registration of expanded tokens: the rights that an overflow token leaves out, told once by its expanded twin.

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditTarget, TargetKind};
use breakglass_domain::registered_token::{
    MAX_EXPANDED_BYTES, MAX_OF_SUBJECT, MAX_REGISTERED, PairingFault, pair,
};
use breakglass_domain::{
    Broker, ForeignClaims, Principal, RealmId, RegisteredToken, Secret, Timestamp, TokenDigest,
    TokenIssuer, ValidationReport,
};

use crate::app::App;
use crate::authentication::Credentials;
use crate::caller::{Caller, Origin};
use crate::error::{Error, Refusal, Resource};
use crate::host_authentication::Shown;
use crate::signing_key::of_realm;
use crate::watch::Happening;

/// A caller that came with a token by which it wants another one registered.
#[derive(Debug)]
pub struct Registrant {
    caller: Caller,
    realm_id: RealmId,
    digest: TokenDigest,
    claims: ForeignClaims,
    issuer: BearerIssuer,
}

/// Who signed the token.
#[derive(Debug)]
enum BearerIssuer {
    /// A broker of ours. What its tokens leave out is known here.
    Own(Box<Broker>),
    /// An issuer that the realm trusts.
    Trusted(Box<TokenIssuer>),
}

impl App {
    /// Proves who wants to register an expanded token. That is for the overflow token itself to show, registered or not: a
    /// password or a session cannot say which token is meant.
    ///
    /// # Errors
    /// As [`App::authenticate_host`], but for [`Error::RegistrationRequired`].
    pub async fn authenticate_registrant(
        &self,
        credentials: Option<Credentials>,
        realm: Option<RealmId>,
        origin: Origin,
        operation: &str,
    ) -> Result<Registrant, Error> {
        let (token, proof) = match credentials {
            Some(Credentials::Bearer(token)) => (token, None),
            Some(Credentials::Dpop { token, proof }) => (token, Some(proof)),
            other => {
                let refusal = match other {
                    None => Refusal::Missing,
                    Some(_) => Refusal::Token,
                };
                self.record_refusal(&origin, operation, refusal, None).await;
                return Err(Error::Unauthenticated(refusal));
            }
        };
        let digest = TokenDigest::of(token.expose());
        let shown = Shown {
            token: &token,
            proof: proof.as_ref(),
            origin: &origin,
            operation,
        };
        if let Some((broker, own)) = self.own_broker(&token).await? {
            let found = self.find_live_token(&token).await?;
            let (caller, live) = self.prove_live_token(shown, found).await?;
            if realm.is_some_and(|asked| asked != own.realm.id) {
                return Err(Error::NotFound(Resource::Realm));
            }
            return Ok(Registrant {
                caller,
                realm_id: own.realm.id,
                digest,
                claims: live.claims().into(),
                issuer: BearerIssuer::Own(Box::new(broker)),
            });
        }
        let Some(bearer) = self.foreign_bearer(shown, realm).await? else {
            return Err(self.refuse_token(&origin, operation).await);
        };
        let holder = bearer.claims.holder(bearer.issuer.alias.clone());
        let principal = Principal::External {
            realm_id: bearer.realm_id,
            subject: holder.subject(),
        };
        Ok(Registrant {
            caller: Caller::without_session(principal, origin),
            realm_id: bearer.realm_id,
            digest,
            claims: bearer.claims,
            issuer: BearerIssuer::Trusted(Box::new(bearer.issuer)),
        })
    }

    /// Registers an expanded token with the overflow token that the caller came with. From now on that one stands for what both
    /// say, until the first of them ends. What a later twin says takes the place of what an earlier one said; without a token
    /// nothing happens. Of a token of ours nothing has to be kept: what it leaves out is known here.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the caller's token leaves nothing out, and with the first check that the pair fails;
    /// [`Error::NoRoom`] when too many tokens are registered.
    pub async fn register_token(
        &self,
        registrant: &Registrant,
        expanded: Option<&Secret>,
        operation: &str,
    ) -> Result<(), Error> {
        if registrant.claims.expansion.is_none() {
            let rule = "must hold an overflow token; this one leaves no claims out";
            return Err(Error::Invalid(ValidationReport::of("Authorization", rule)));
        }
        let Some(expanded) = expanded else {
            return Ok(());
        };
        let now = self.now();
        let paired = match self.verify_twin(registrant, expanded).await? {
            Err(fault) => Err(fault),
            Ok(twin) => {
                let ends_at = pair(&registrant.claims, &twin, &self.audiences(), now);
                ends_at.map(|ends_at| (twin, ends_at))
            }
        };
        let (twin, expires_at) = match paired {
            Ok(paired) => paired,
            Err(fault) => return Err(self.refuse_twin(registrant, fault, operation).await),
        };
        let event = || self.registration_event(registrant, expires_at);
        let BearerIssuer::Trusted(issuer) = &registrant.issuer else {
            let action = AuditAction::TokenRegistered;
            let subject = registrant.claims.token_id.clone().unwrap_or_default();
            self.record_folded(Happening { action, subject }, event)
                .await;
            return Ok(());
        };
        let token = RegisteredToken {
            realm_id: registrant.realm_id,
            digest: registrant.digest,
            issuer_alias: issuer.alias.clone(),
            vouched_since: issuer.updated_at,
            subject: twin.subject.clone(),
            twin: TokenDigest::of(expanded.expose()),
            groups: twin.groups.iter().chain(&twin.roles).cloned().collect(),
            privileges: twin.privileges.clone(),
            registered_at: now,
            expires_at,
        };
        let mut unit = self.ports.store.begin().await?;
        let known = unit
            .find_registered_token(token.realm_id, &token.digest)
            .await?;
        // The same words signed anew are no news.
        if known.is_some_and(|known| known.says_the_same(&token)) {
            return Ok(unit.leave().await?);
        }
        // The trust may have ended while the twin was verified.
        let trusted = unit.list_token_issuers(token.realm_id).await?;
        if !trusted.contains(issuer) {
            drop(unit);
            let origin = &registrant.caller.origin;
            return Err(self.refuse_token(origin, operation).await);
        }
        unit.put_registered_token(&token, MAX_OF_SUBJECT).await?;
        if unit.count_registered_tokens(now).await? > MAX_REGISTERED {
            return Err(Error::NoRoom);
        }
        self.commit(unit, event()).await
    }

    fn registration_event(&self, registrant: &Registrant, expires_at: Timestamp) -> AuditEvent {
        let Registrant {
            caller,
            realm_id,
            claims,
            ..
        } = registrant;
        let target = AuditTarget::new(TargetKind::Realm, realm_id);
        let event = caller
            .event(AuditAction::TokenRegistered, target, self.now())
            .with("issuer", claims.issuer.as_str())
            .with("token_id", claims.token_id.as_deref().unwrap_or_default())
            .with("expires_at", expires_at.millis().to_string());
        of_realm(event, *realm_id)
    }

    /// What an expanded token says, when the issuer of the caller's token signed it.
    async fn verify_twin(
        &self,
        registrant: &Registrant,
        expanded: &Secret,
    ) -> Result<Result<ForeignClaims, PairingFault>, Error> {
        if expanded.expose().len() > MAX_EXPANDED_BYTES {
            return Ok(Err(PairingFault::TooLong));
        }
        let twin = match &registrant.issuer {
            BearerIssuer::Trusted(issuer) => self.verify_expanded_by_issuer(issuer, expanded).await,
            BearerIssuer::Own(broker) => {
                let mut view = self.ports.store.read().await?;
                let verified = self.verify(view.as_mut(), expanded).await?;
                let Some(verified) = verified.filter(|twin| twin.broker_id == broker.id) else {
                    return Ok(Err(PairingFault::Signature));
                };
                let live = self.live(view.as_mut(), verified).await?;
                let Some(live) = live else {
                    return Ok(Err(PairingFault::Dead));
                };
                Some(ForeignClaims::from(live.claims()))
            }
        };
        Ok(twin.ok_or(PairingFault::Signature))
    }

    /// Somebody who registers what is not a twin may try to borrow rights: it is recorded.
    async fn refuse_twin(
        &self,
        registrant: &Registrant,
        fault: PairingFault,
        operation: &str,
    ) -> Error {
        let failed = ("failed_check", fault.name());
        self.record_denial(&registrant.caller, failed, operation)
            .await;
        let report = ValidationReport::of("expanded_access_token", fault.to_string());
        Error::Invalid(report)
    }
}
