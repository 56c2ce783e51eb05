//! Tokens of other issuers that a realm trusts, and what was registered with those that leave claims out.

use std::sync::Arc;

use breakglass_domain::foreign_token::{VENDOR_AUDIENCE, is_expansion_url};
use breakglass_domain::{ForeignClaims, RealmId, Secret, TokenDigest, TokenIssuer};

use crate::app::App;
use crate::decision::{HostIdentity, Proof, Rules};
use crate::error::{Error, Registration};

/// A token of another issuer, once its signature, its audience and its times are verified.
pub(crate) struct ForeignBearer {
    pub(crate) realm_id: RealmId,
    pub(crate) issuer: TokenIssuer,
    pub(crate) claims: ForeignClaims,
    rules: Arc<Rules>,
}

impl App {
    /// The token of an issuer that the realm, or else the oldest, trusts. `None` when it is not good, for whatever reason.
    pub(crate) async fn foreign_bearer(
        &self,
        token: &Secret,
        realm: Option<RealmId>,
    ) -> Result<Option<ForeignBearer>, Error> {
        let Some(claimed) = self.ports.signer.claimed_issuer(token) else {
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
        let Some(issuer) = trusted.cloned() else {
            return Ok(None);
        };
        let Some(claims) = self.verify_by_issuer(&issuer, token).await else {
            return Ok(None);
        };
        let is_plain_allowed = self.options.allow_plain_http_key_sets;
        let expansion = claims.expansion.as_deref();
        let is_good = claims.issuer == issuer.issuer
            && claims.holds(&self.audiences(), self.now())
            && expansion.is_none_or(|url| is_expansion_url(url, is_plain_allowed));
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
        let required = bearer.registration();
        let ForeignBearer {
            realm_id,
            issuer,
            claims,
            rules,
        } = bearer;
        let claims = match required {
            None => claims,
            Some(required) => {
                let digest = TokenDigest::of(token.expose());
                let mut view = self.ports.store.read().await?;
                let found = view.find_registered_token(realm_id, &digest).await?;
                // An alias may come to mean another issuer, and an issuer may get other keys.
                let registered = found.filter(|registered| {
                    registered.issuer_alias == issuer.alias
                        && registered.vouched_since == issuer.updated_at
                        && self.now() < registered.expires_at
                });
                let Some(registered) = registered else {
                    return Err(Error::RegistrationRequired(Box::new(required)));
                };
                claims.joined(&registered.groups, &registered.privileges)
            }
        };
        let known = claims.holder(issuer.alias);
        Ok(HostIdentity {
            realm_id,
            proof: Proof::ForeignToken,
            decision: Arc::new(rules.profiles.decide(&known)),
            known: Arc::new(known),
            vouched_since: Some(issuer.updated_at),
            account: None,
        })
    }
}

impl ForeignBearer {
    /// What its holder has to do before it is good for anything, when it leaves claims out.
    fn registration(&self) -> Option<Registration> {
        let expansion = self.claims.expansion.clone()?;
        let issuer = self.issuer.issuer.trim_end_matches('/');
        Some(Registration {
            expansion,
            configuration: format!("{issuer}/.well-known/openid-configuration"),
        })
    }
}
