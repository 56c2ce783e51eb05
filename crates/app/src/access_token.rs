//! Access tokens as a resource server sees them: as credentials of a request, at introspection (RFC 7662) and at revocation
//! (RFC 7009).

use std::borrow::Cow;
use std::sync::Arc;

use breakglass_domain::audit::{AuditAction, AuditEvent};
use breakglass_domain::{
    AccessTokenClaims, Account, Broker, EmergencyClient, Principal, Privilege, Reach, RealmId,
    Secret, Tenant, Timestamp,
};
use breakglass_ports::UnitOfWork;

use crate::app::App;
use crate::caller::Caller;
use crate::client_secret::client_event;
use crate::error::{Error, GrantFault, Resource};
use crate::host_authentication::Shown;
use crate::live_token::LiveToken;
use crate::service::account_event;
use crate::token_holder::Holder;
use crate::watch::Happening;

/// A token that is alive, and what it stands for.
#[derive(Clone, Debug)]
pub struct ActiveToken(Arc<LiveToken>);

impl ActiveToken {
    /// What it says of itself, or would say if it left nothing out.
    pub fn claims(&self) -> Cow<'_, AccessTokenClaims> {
        self.0.full_claims()
    }

    /// The realm of its holder.
    pub fn realm_id(&self) -> RealmId {
        self.0.verified.realm_id
    }

    /// The name of its holder for people.
    pub fn username(&self) -> &str {
        self.0.holder_name()
    }
}

impl App {
    /// The caller that holds an access token which is meant for this server. The use of an emergency token, or of a narrower
    /// copy of one, is counted and audited, durably, before this returns. A token that is bound to a key or a certificate is
    /// believed only with what it is bound to.
    pub(crate) async fn authenticate_access_token(
        &self,
        shown: Shown<'_>,
    ) -> Result<Caller, Error> {
        let found = self.find_live_token(shown.token).await?;
        let proven = self.prove_live_token(shown, found).await;
        proven.map(|(caller, _)| caller)
    }

    /// The same of a token that was found, if it was.
    pub(crate) async fn prove_live_token(
        &self,
        shown: Shown<'_>,
        found: Option<Arc<LiveToken>>,
    ) -> Result<(Caller, Arc<LiveToken>), Error> {
        let Shown {
            token,
            proof,
            origin,
            operation,
        } = shown;
        // RFC 9068, section 4: a token for somebody else opens nothing here.
        let live =
            found.filter(|live| live.claims().audience.contains(&live.verified.installation));
        let Some(live) = live else {
            return Err(self.refuse_token(origin, operation).await);
        };
        if let Err(unproven) = self.prove_possession(&live, token, proof, origin) {
            return Err(self
                .refuse_possession(unproven, &live.claims().client_id, origin, operation)
                .await);
        }
        let principal = live.principal(self.now());
        let caller = Caller::without_session(principal, origin.clone());
        let caller = match &live.holder {
            Holder::Account(_) | Holder::Client(..) => caller,
            Holder::Emergency(client) => {
                self.record_emergency_use(caller, &live, client, operation)
                    .await?
            }
        };
        Ok((caller, live))
    }

    async fn record_emergency_use(
        &self,
        caller: Caller,
        live: &LiveToken,
        client: &EmergencyClient,
        operation: &str,
    ) -> Result<Caller, Error> {
        let now = self.now();
        let mut unit = self.ports.store.begin_use().await?;
        if !record_use(unit.as_mut(), client, now).await? {
            // It was recalled between the look and the count.
            drop(unit);
            return Err(self.refuse_token(&caller.origin, operation).await);
        }
        let event = self
            .client_event(&caller, AuditAction::EmergencyTokenUsed, client)
            .with("operation", operation)
            .with("token_id", live.claims().token_id.to_string());
        self.commit(unit, event).await?;
        Ok(caller)
    }

    /// What a token stands for, or `None` when it is not alive here, for whatever reason. A live one is audited, with repeats folded.
    ///
    /// # Errors
    /// [`Resource::Broker`] is not found for an unknown tenant; [`Error::Unauthenticated`] for a caller of another realm;
    /// [`Error::Forbidden`] for one that is neither a client with its own credentials nor holds the view privilege.
    pub async fn introspect(
        &self,
        caller: &Caller,
        tenant: &str,
        token: &Secret,
    ) -> Result<Option<ActiveToken>, Error> {
        if !caller.is_client {
            caller.require(Privilege::View)?;
        }
        let broker = self
            .broker_for_client(caller, tenant, "introspectToken")
            .await?;
        let Some(live) = self.find_live_token_of(&broker, token).await? else {
            return Ok(None);
        };
        let action = match &live.holder {
            Holder::Emergency(_) => AuditAction::EmergencyTokenIntrospected,
            Holder::Account(_) | Holder::Client(..) => AuditAction::AccessTokenIntrospected,
        };
        let token_id = live.claims().token_id;
        let event = || {
            let event = match &live.holder {
                Holder::Emergency(client) => self.client_event(caller, action, client),
                Holder::Client(client, _) => client_event(caller, action, client, self.now()),
                Holder::Account(account) => self.account_event(caller, action, account, &live),
            };
            event.with("token_id", token_id.to_string())
        };
        let subject = token_id.to_string();
        self.record_folded(Happening { action, subject }, event)
            .await;
        Ok(Some(ActiveToken(live)))
    }

    /// Kills a token, with the narrower copies of it; who holds it stays. A token that is not alive here is left as it is, and
    /// the caller is told nothing (RFC 7009, section 2.2).
    ///
    /// # Errors
    /// As [`App::introspect`], with the manage privilege; [`GrantFault::UnauthorizedClient`] for a client that came with its own
    /// credentials when the token was issued to another.
    pub async fn revoke(&self, caller: &Caller, tenant: &str, token: &Secret) -> Result<(), Error> {
        if !caller.is_client {
            caller.require(Privilege::Manage)?;
        }
        let broker = self
            .broker_for_client(caller, tenant, "revokeToken")
            .await?;
        let Some(live) = self.find_live_token_of(&broker, token).await? else {
            return Ok(());
        };
        if caller.is_client && !is_own(&caller.principal, &live) {
            return Err(Error::Grant(GrantFault::UnauthorizedClient));
        }
        match &live.holder {
            Holder::Emergency(client) if live.is_emergency_token() => {
                self.revoke_emergency_token(caller, &broker, client).await
            }
            Holder::Account(_) | Holder::Emergency(_) | Holder::Client(..) => {
                self.revoke_access_token(caller, &live).await
            }
        }
    }

    async fn revoke_emergency_token(
        &self,
        caller: &Caller,
        broker: &Broker,
        found: &EmergencyClient,
    ) -> Result<(), Error> {
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let present = unit
            .find_emergency_client(found.realm_id, &found.client_id)
            .await?;
        let Some(client) = present.filter(|client| client.admits(&found.token.digest, now)) else {
            return Ok(unit.leave().await?);
        };
        let client = client.revoke(now);
        unit.update_emergency_client(&client).await?;
        unit.recall_token(broker.id, &client.token.retire()).await?;
        let event = self
            .client_event(caller, AuditAction::EmergencyTokenRevoked, &client)
            .with("token_id", client.token.id.to_string());
        self.commit(unit, event).await
    }

    /// An expanded token has no life of its own: what it is the twin of dies, and it with that.
    async fn revoke_access_token(&self, caller: &Caller, live: &LiveToken) -> Result<(), Error> {
        let (claims, realm_id) = (live.claims(), live.verified.realm_id);
        let token_id = claims.expands.unwrap_or(claims.token_id);
        let mut unit = self.ports.store.begin().await?;
        if !unit
            .revoke_access_token(realm_id, token_id, claims.expires_at)
            .await?
        {
            return Ok(unit.leave().await?);
        }
        let action = AuditAction::AccessTokenRevoked;
        let event = match &live.holder {
            Holder::Client(client, _) => client_event(caller, action, client, self.now()),
            Holder::Emergency(client) => self.client_event(caller, action, client),
            Holder::Account(account) => self.account_event(caller, action, account, live),
        };
        let event = event.with("token_id", token_id.to_string());
        self.commit(unit, event).await
    }

    fn account_event(
        &self,
        caller: &Caller,
        action: AuditAction,
        account: &Account,
        live: &LiveToken,
    ) -> AuditEvent {
        let realm_id = live.verified.realm_id;
        account_event(caller, action, &account.username, realm_id, self.now())
    }

    async fn find_live_token_of(
        &self,
        broker: &Broker,
        token: &Secret,
    ) -> Result<Option<Arc<LiveToken>>, Error> {
        let live = self.find_live_token(token).await?;
        Ok(live.filter(|live| live.verified.broker_id == broker.id))
    }

    /// The broker of a tenant, for a caller that may act as a client of it.
    async fn broker_for_client(
        &self,
        caller: &Caller,
        tenant: &str,
        operation: &str,
    ) -> Result<Broker, Error> {
        let absent = Error::NotFound(Resource::Broker);
        let tenant: Tenant = tenant.parse().map_err(|_| absent.clone())?;
        let mut view = self.ports.store.check().await?;
        let broker = view.find_broker_by_tenant(&tenant).await?.ok_or(absent)?;
        let realm = view.find_realm_of_broker(broker.id).await?;
        let within = match caller.principal.reach() {
            Reach::Everywhere => true,
            Reach::Realm(own) => realm.is_some_and(|realm| realm.id == own),
        };
        drop(view);
        if within {
            return Ok(broker);
        }
        Err(self.refuse_token(&caller.origin, operation).await)
    }
}

/// Counts a use of an emergency token, and says whether it is alive.
pub(crate) async fn record_use(
    unit: &mut dyn UnitOfWork,
    seen: &EmergencyClient,
    now: Timestamp,
) -> Result<bool, Error> {
    let (realm_id, id, digest) = (seen.realm_id, &seen.client_id, &seen.token.digest);
    let present = unit.find_emergency_client(realm_id, id).await?;
    let is_alive = present.is_some_and(|client| client.admits(digest, now));
    if is_alive {
        unit.record_emergency_use(realm_id, id, digest, now).await?;
    }
    Ok(is_alive)
}

/// Whether a token was issued to the client that asks.
fn is_own(principal: &Principal, live: &LiveToken) -> bool {
    match (principal, &live.holder) {
        (Principal::Client { id, .. }, Holder::Client(client, _)) => *id == client.id,
        _ => false,
    }
}
