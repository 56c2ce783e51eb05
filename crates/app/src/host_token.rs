//! Tokens that hosts take, for whoever proves who they are by a password or by a token of a trusted issuer.

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditTarget, TargetKind};
use breakglass_domain::host_token::{HostTokenClaims, LIFETIME};
use breakglass_domain::{Secret, TokenId};

use crate::app::App;
use crate::caller::Caller;
use crate::decision::Proof;
use crate::error::{Error, Refusal, Resource};

impl App {
    /// Issues a host token to a caller. It carries what the client profiles grant, and nothing when none matches: that is no
    /// failure. That a caller may do everything here does not stand in it.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a caller with a token of ours: hosts take that as it is; and for one with a token that is bound
    /// to a key or a certificate.
    pub async fn issue_host_token(
        &self,
        caller: &Caller,
        operation: &str,
    ) -> Result<Secret, Error> {
        let identity = caller.host_identity()?;
        match identity.proof {
            Proof::ForeignToken | Proof::Password => {}
            Proof::AccessToken | Proof::HostToken => {
                return Err(self.refuse_token(&caller.origin, operation).await);
            }
        }
        // A host token is good for whoever has it, and would set a bound one free.
        if identity.is_bound {
            return Err(Error::Unauthenticated(Refusal::Possession));
        }
        let now = self.now().whole_seconds();
        let mut unit = self.ports.store.begin().await?;
        let realm = self
            .host_realm(unit.as_mut(), caller, Some(identity.realm_id))
            .await?;
        let broker = unit.find_broker(realm.broker_id).await?;
        let broker = broker.ok_or(Error::NotFound(Resource::Realm))?;
        let expires_at = now.plus(LIFETIME);
        let key = self
            .signing_key(unit.as_mut(), broker.id, expires_at)
            .await?;
        let rules = self.rules(unit.as_mut(), realm.id).await?;
        let claims = HostTokenClaims {
            issuer: broker.issuer(self.public_url()),
            audience: vec![self.public_url().to_owned()],
            issued_at: now,
            expires_at,
            token_id: TokenId::from_random(self.random()?),
            holder: rules.profiles.pertinent(&identity.known),
            entitlements: rules.profiles.decide(&identity.known).entitlements(),
            vouched_since: identity.vouched_since,
        };
        let token = self.ports.signer.sign_host_token(&key, &claims)?;
        let target = AuditTarget::new(TargetKind::Realm, &realm.id);
        let granted: Vec<&str> = claims.entitlements.iter().map(|one| one.name()).collect();
        let event = caller
            .event(AuditAction::HostTokenIssued, target, now)
            .with("token_id", claims.token_id.to_string())
            .with("entitlements", granted.join(" "));
        let event = AuditEvent {
            realm_id: Some(realm.id),
            ..event
        };
        self.commit(unit, event).await?;
        Ok(token)
    }
}
