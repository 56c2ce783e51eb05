//! Which access tokens are alive, and who holds them.
//!
//! A token is believed because a broker of ours signed it, and alive because what it was issued for still is. The first is
//! remembered; the second is kept until anything is changed that it may depend on, or its time is over.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use breakglass_domain::access_token::MAX_TOKEN_BYTES;
use breakglass_domain::role_assignment::privileges_within;
use breakglass_domain::{
    AccessTokenClaims, BrokerId, KeyId, Principal, Privilege, RealmId, RoleName, Secret, Tenant,
    Timestamp, TokenDigest, scope,
};
use breakglass_ports::{FullRevision, ReadView};

use crate::app::{App, lock};
use crate::error::Error;
use crate::overflow::Withheld;
use crate::token_holder::Holder;

/// A token that a broker of ours signed.
#[derive(Debug)]
pub(crate) struct VerifiedToken {
    /// Its digest.
    pub(crate) digest: TokenDigest,
    /// The key that signed it.
    key_id: KeyId,
    /// The revision of the store at which that key was last seen to be in use.
    key_seen_at: AtomicU64,
    /// The broker.
    pub(crate) broker_id: BrokerId,
    /// The realm on it.
    pub(crate) realm_id: RealmId,
    /// The tenant of the broker, which is never another.
    pub(crate) tenant: Tenant,
    /// The public URL under which the token was issued: the issuer without its path.
    pub(crate) installation: String,
    /// What the token says.
    pub(crate) claims: AccessTokenClaims,
    /// The roles that it says it carries, in order.
    scope: Vec<RoleName>,
}

/// A token that is alive.
#[derive(Clone, Debug)]
pub(crate) struct LiveToken {
    pub(crate) verified: Arc<VerifiedToken>,
    pub(crate) holder: Holder,
    /// What it leaves out, if anything.
    pub(crate) withheld: Option<Arc<Withheld>>,
    /// The first instant at which it may be alive no longer, though nothing is changed.
    until: Timestamp,
}

/// The most tokens that are kept as they were found alive.
pub(crate) const LIVE_CAPACITY: usize = 2048;

/// A token that was found alive, at a revision of the store.
#[derive(Clone)]
pub(crate) struct KeptLive {
    revision: FullRevision,
    live: Arc<LiveToken>,
}

impl LiveToken {
    /// What the token says.
    pub(crate) fn claims(&self) -> &AccessTokenClaims {
        &self.verified.claims
    }

    /// The roles that the token carries. An emergency token carries the administrator role without saying so in a scope.
    pub(crate) fn scope(&self) -> &[RoleName] {
        match &self.withheld {
            Some(withheld) => &withheld.names,
            None => &self.verified.scope,
        }
    }

    /// What the token would say if it left nothing out.
    pub(crate) fn full_claims(&self) -> Cow<'_, AccessTokenClaims> {
        let claims = self.claims();
        match &self.withheld {
            Some(withheld) => Cow::Owned(claims.clone().with(withheld.claims.clone())),
            None => Cow::Borrowed(claims),
        }
    }

    /// The name of its holder for people.
    pub(crate) fn holder_name(&self) -> &str {
        match &self.holder {
            Holder::Client(client, _) => &client.name,
            Holder::Emergency(client) => &client.client_name,
            Holder::Account(account) => account.username.as_str(),
        }
    }

    /// Whether it is an emergency token itself, and not a narrower copy of one.
    pub(crate) fn is_emergency_token(&self) -> bool {
        self.claims().credential.is_none()
    }

    /// Whether its holder is an emergency client.
    pub(crate) fn is_emergency(&self) -> bool {
        matches!(self.holder, Holder::Emergency(_))
    }

    /// The holder as it acts with this token.
    pub(crate) fn principal(&self, now: Timestamp) -> Principal {
        let realm_id = self.verified.realm_id;
        match &self.holder {
            Holder::Client(client, roles) => {
                let held = roles.roles.iter().map(|held| &held.assignment);
                Principal::Client {
                    realm_id,
                    id: client.id,
                    client_id: client.client_id.clone(),
                    kind: client.kind,
                    privileges: privileges_within(&held, self.scope(), now),
                }
            }
            Holder::Emergency(client) => Principal::EmergencyClient {
                realm_id,
                client_id: client.client_id.clone(),
                token_id: self.claims().token_id,
                privileges: self.carried_privileges(),
            },
            Holder::Account(account) => {
                let mut privileges = self.carried_privileges();
                privileges.retain(|privilege| account.privileges.contains(privilege));
                Principal::Account {
                    username: account.username.clone(),
                    privileges,
                }
            }
        }
    }

    /// What the roles that the token carries let its holder do.
    fn carried_privileges(&self) -> Vec<Privilege> {
        let carried = self.scope().iter().flat_map(RoleName::privileges);
        let mut privileges: Vec<Privilege> = carried.copied().collect();
        privileges.sort_unstable();
        privileges.dedup();
        privileges
    }
}

impl App {
    /// The token with its holder, when it is alive and truly signed by the broker of its realm.
    ///
    /// The signature is checked once per token and process, and that the store says of the token what it says of itself at each
    /// revision of the store: a row written into the store by a stranger opens nothing.
    pub(crate) async fn find_live_token(
        &self,
        token: &Secret,
    ) -> Result<Option<Arc<LiveToken>>, Error> {
        let mut view = self.ports.store.check().await?;
        let digest = TokenDigest::of(token.expose());
        let revision = view.full_revision();
        if let Some(live) = self.kept_live(&digest, revision) {
            return Ok(Some(live));
        }
        let Some(verified) = self.verify(view.as_mut(), token).await? else {
            return Ok(None);
        };
        let Some(live) = self.live(view.as_mut(), verified).await? else {
            return Ok(None);
        };
        let live = Arc::new(live);
        if let Some(revision) = revision.filter(|_| token.expose().len() <= MAX_TOKEN_BYTES) {
            let live = Arc::clone(&live);
            lock(&self.live_tokens).insert(digest, KeptLive { revision, live });
        }
        Ok(Some(live))
    }

    /// The same, as far as it was found before.
    pub(crate) async fn kept_live_token(
        &self,
        token: &Secret,
    ) -> Result<Option<Arc<LiveToken>>, Error> {
        let revision = self.ports.store.check().await?.full_revision();
        Ok(self.kept_live(&TokenDigest::of(token.expose()), revision))
    }

    fn kept_live(
        &self,
        digest: &TokenDigest,
        revision: Option<FullRevision>,
    ) -> Option<Arc<LiveToken>> {
        let kept = lock(&self.live_tokens).get(digest)?;
        let is_current = Some(kept.revision) == revision && self.now() < kept.live.until;
        is_current.then_some(kept.live)
    }

    /// What a token says, when one of our brokers signed it.
    pub(crate) async fn verify(
        &self,
        view: &mut dyn ReadView,
        token: &Secret,
    ) -> Result<Option<Arc<VerifiedToken>>, Error> {
        let digest = TokenDigest::of(token.expose());
        let revision = view.revision();
        let kept = lock(&self.verified).get(&digest);
        if let Some(kept) = kept {
            // What was signed with a key that has been retired since is believed no longer, whatever it was issued for.
            let is_published = is_published(view, &kept, revision).await?;
            return Ok(is_published.then_some(kept));
        }
        let Some(key_id) = self.ports.signer.claimed_key(token) else {
            return Ok(None);
        };
        let key = view.find_signing_key(&key_id).await?;
        let Some(key) = key.filter(|key| key.retired_at.is_none()) else {
            return Ok(None);
        };
        let Some(broker_id) = key.broker_id else {
            return Ok(None);
        };
        let broker = view.find_broker(broker_id).await?;
        let realm = view.find_realm_of_broker(broker_id).await?;
        let (Some(broker), Some(realm)) = (broker, realm) else {
            return Ok(None);
        };
        let path = broker.issuer_path();
        let (signer, keys) = (&self.ports.signer, [key]);
        let claims = if token.expose().len() > MAX_TOKEN_BYTES {
            // What is longer than any token but an expanded one is good as nothing else.
            let claims = signer.verify_own_expanded_token(&keys, &path, token);
            claims.ok().filter(|claims| claims.expands.is_some())
        } else {
            signer.verify_access_token(&keys, &path, token).ok()
        };
        let Some(claims) = claims else {
            return Ok(None);
        };
        let installation = claims.issuer.strip_suffix(&path);
        let verified = Arc::new(VerifiedToken {
            digest,
            key_id,
            key_seen_at: AtomicU64::new(revision.unwrap_or_default()),
            broker_id,
            realm_id: realm.id,
            tenant: broker.tenant,
            installation: installation.unwrap_or_default().to_owned(),
            scope: scope_of(&claims),
            claims,
        });
        if token.expose().len() <= MAX_TOKEN_BYTES {
            lock(&self.verified).insert(digest, Arc::clone(&verified));
        }
        Ok(Some(verified))
    }

    /// The holder of a verified token, when it is alive.
    pub(crate) async fn live(
        &self,
        view: &mut dyn ReadView,
        verified: Arc<VerifiedToken>,
    ) -> Result<Option<LiveToken>, Error> {
        let now = self.now();
        let claims = &verified.claims;
        if now >= claims.expires_at {
            return Ok(None);
        }
        let holder = self.holder(view, &verified, now).await?;
        let Some((holder, ends_at)) = holder else {
            return Ok(None);
        };
        let expires_at = claims.expires_at;
        if claims.credential.is_some()
            && view
                .is_any_access_token_revoked(verified.realm_id, &claims.lineage())
                .await?
        {
            return Ok(None);
        }
        let withheld = self.withheld(view, &verified).await?;
        if withheld.is_none() && verified.claims.overflow.is_some() {
            return Ok(None);
        }
        Ok(Some(LiveToken {
            verified,
            holder,
            withheld,
            until: ends_at.map_or(expires_at, |end| end.min(expires_at)),
        }))
    }
}

/// Whether the key of a token that was verified before is still published. That is asked once for each revision of the store.
async fn is_published(
    view: &mut dyn ReadView,
    verified: &VerifiedToken,
    revision: Option<u64>,
) -> Result<bool, Error> {
    let seen_at = verified.key_seen_at.load(Ordering::Relaxed);
    if revision.is_some_and(|revision| revision == seen_at) {
        return Ok(true);
    }
    let key = view.find_signing_key(&verified.key_id).await?;
    let is_published = key.is_some_and(|key| key.retired_at.is_none());
    if let Some(revision) = revision.filter(|_| is_published) {
        verified.key_seen_at.store(revision, Ordering::Relaxed);
    }
    Ok(is_published)
}

/// The roles that a token says it carries. An emergency token carries the administrator role without saying so in a scope.
fn scope_of(claims: &AccessTokenClaims) -> Vec<RoleName> {
    let roles = claims.roles.iter();
    match claims.credential {
        None => roles.filter_map(|role| role.name.parse().ok()).collect(),
        Some(_) => scope::roles(claims.scope.as_deref()),
    }
}
