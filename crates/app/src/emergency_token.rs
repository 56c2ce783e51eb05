//! Emergency tokens as a resource server sees them: introspection (RFC 7662) and revocation (RFC 7009).

use breakglass_domain::audit::AuditAction;
use breakglass_domain::{Broker, EmergencyClient, Privilege, Reach, Secret, Tenant};

use crate::app::App;
use crate::authentication::LiveClient;
use crate::caller::Caller;
use crate::error::{Error, Resource};
use crate::watch::Happening;

/// A token that is alive, and what it stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ActiveToken {
    /// The client it was issued to.
    pub client: EmergencyClient,
    /// Its issuer.
    pub issuer: String,
    /// Whom it is meant for.
    pub audience: String,
    /// The URI of the issuer's status list.
    pub status_list_uri: String,
}

impl App {
    /// What a token stands for, or `None` when it is not alive here, for whatever reason. A live one is audited, with repeats folded.
    ///
    /// # Errors
    /// [`Resource::Broker`] is not found for an unknown tenant; [`Error::Unauthenticated`] for a caller of another realm.
    pub async fn introspect(
        &self,
        caller: &Caller,
        tenant: &str,
        token: &Secret,
    ) -> Result<Option<ActiveToken>, Error> {
        caller.require(Privilege::View)?;
        let broker = self
            .broker_for_client(caller, tenant, "introspectToken")
            .await?;
        let Some(live) = self.find_live_client_of(&broker, token).await? else {
            return Ok(None);
        };
        let action = AuditAction::EmergencyTokenIntrospected;
        let token_id = live.client.token.id.to_string();
        let event = self
            .client_event(caller, action, &live.client)
            .with("token_id", token_id.as_str());
        self.record_folded(
            Happening {
                action,
                subject: token_id,
            },
            event,
        )
        .await;
        // What the token itself says: the server may have moved to another URL since it was issued.
        let issuer = live.claims.issuer.clone();
        let audience = issuer
            .strip_suffix(&broker.issuer_path())
            .unwrap_or(&issuer)
            .to_owned();
        Ok(Some(ActiveToken {
            client: live.client,
            audience,
            status_list_uri: format!("{issuer}/statuslist"),
            issuer,
        }))
    }

    /// Kills a token; its client stays and can be regenerated. A token that is not alive here is left as it is, and the
    /// caller is told nothing (RFC 7009, section 2.2).
    ///
    /// # Errors
    /// As [`App::introspect`], and [`Error::Forbidden`] without the manage privilege.
    pub async fn revoke(&self, caller: &Caller, tenant: &str, token: &Secret) -> Result<(), Error> {
        caller.require(Privilege::Manage)?;
        let broker = self
            .broker_for_client(caller, tenant, "revokeToken")
            .await?;
        let Some(LiveClient { client: found, .. }) =
            self.find_live_client_of(&broker, token).await?
        else {
            return Ok(());
        };
        let now = self.now();
        let mut unit = self.ports.store.begin().await?;
        let present = unit
            .find_emergency_client(found.realm_id, &found.client_id)
            .await?;
        let Some(client) = present.filter(|client| client.admits(&found.token.digest, now)) else {
            return Ok(());
        };
        let client = client.revoke(now);
        unit.update_emergency_client(&client).await?;
        unit.recall_token(broker.id, &client.token.retire()).await?;
        let event = self
            .client_event(caller, AuditAction::EmergencyTokenRevoked, &client)
            .with("token_id", client.token.id.to_string());
        self.commit(unit, event).await
    }

    async fn find_live_client_of(
        &self,
        broker: &Broker,
        token: &Secret,
    ) -> Result<Option<LiveClient>, Error> {
        let Some(live) = self.find_live_client(token).await? else {
            return Ok(None);
        };
        let mut view = self.ports.store.read().await?;
        let realm = view.find_realm(live.client.realm_id).await?;
        Ok(realm
            .filter(|realm| realm.broker_id == broker.id)
            .map(|_| live))
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
        let mut view = self.ports.store.read().await?;
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
