//! Token exchange (RFC 8693): a narrower copy of an access token.

use std::sync::Arc;

use breakglass_domain::access_token::MAX_DERIVATIONS;
use breakglass_domain::audit::{AuditAction, AuditEvent};
use breakglass_domain::{ActorClaim, Broker, CredentialRef, IamSettings, Secret, TokenId};
use breakglass_ports::UnitOfWork;

use crate::access_token::record_use;
use crate::app::App;
use crate::caller::{Caller, Origin};
use crate::client_secret::client_event;
use crate::error::Error;
use crate::held_roles::HeldRoles;
use crate::live_token::LiveToken;
use crate::possession::Held;
use crate::token_endpoint::{Basis, DEFAULT_TTL};
use crate::token_holder::Holder;

/// Who asks for an exchange.
pub(crate) struct Showing<'a> {
    /// The `client_id` of the client that proved who it is, if one did.
    pub(crate) client: Option<String>,
    /// What it was found to hold.
    pub(crate) held: Held,
    pub(crate) origin: &'a Origin,
}

impl App {
    /// The basis of a narrower copy of a token.
    pub(crate) async fn for_token(
        &self,
        unit: &mut dyn UnitOfWork,
        broker: &Broker,
        (subject, actor): (&Secret, Option<&Secret>),
        Showing {
            client,
            held: possession,
            origin,
        }: Showing<'_>,
        settings: &IamSettings,
    ) -> Result<Option<Basis>, Error> {
        let Some(live) = self.live_in(unit, broker, subject).await? else {
            return Ok(None);
        };
        let claims = live.claims();
        let derived_from = claims.lineage();
        if derived_from.len() > MAX_DERIVATIONS {
            return Ok(None);
        }
        // Who acts is who shows a token of its own, or else the client that asks.
        let acting = match actor {
            Some(token) => match self.live_in(unit, broker, token).await? {
                Some(acting) if possession.check(acting.claims().confirmation).is_ok() => {
                    Some(acting.claims().subject.clone())
                }
                Some(_) | None => return Ok(None),
            },
            None => client,
        };
        let previous = claims.actor.clone();
        let actor = match acting.filter(|acting| *acting != claims.subject) {
            Some(subject) => Some(ActorClaim {
                subject,
                actor: previous.map(Box::new),
            }),
            None => previous,
        };
        let found = self.exchanged(unit, &live, claims.token_id, origin).await?;
        let (Some((held, credential, event)), Some(status)) = (found, &claims.status) else {
            return Ok(None);
        };
        Ok(Some(Basis {
            credential,
            status_index: status.index,
            subject: claims.subject.clone(),
            client_id: claims.client_id.clone(),
            scope: Some(live.scope().to_vec()),
            held,
            audience: claims.audience.clone(),
            beside: Vec::new(),
            ttl: DEFAULT_TTL.min(settings.access_token_ttl()),
            ends_at: Some(claims.expires_at),
            actor,
            confirmation: claims.confirmation,
            derived_from,
            event: event.with("derived_from", claims.token_id.to_string()),
        }))
    }

    /// What the copy of a token may carry, and the record of its making; `None` when there can be no copy. For an emergency token that is a use of it.
    async fn exchanged(
        &self,
        unit: &mut dyn UnitOfWork,
        live: &LiveToken,
        token_id: TokenId,
        origin: &Origin,
    ) -> Result<Option<(Arc<HeldRoles>, CredentialRef, AuditEvent)>, Error> {
        let now = self.now();
        let caller = Caller::without_session(live.principal(now), origin.clone());
        let action = AuditAction::AccessTokenIssued;
        let credential = live.claims().credential;
        let credential = credential.unwrap_or(CredentialRef::EmergencyToken(token_id));
        match &live.holder {
            Holder::Client(client, roles) => {
                let event = client_event(&caller, action, client, now);
                Ok(Some((Arc::clone(roles), credential, event)))
            }
            // A session gets a token for each service by itself.
            Holder::Account(_) => Ok(None),
            Holder::Emergency(client) => {
                if !record_use(unit, client, now).await? {
                    return Ok(None);
                }
                let event = self.client_event(&caller, action, client);
                let held = self.whole_realm(unit, live.scope()).await?;
                Ok(Some((Arc::new(HeldRoles::new(held)), credential, event)))
            }
        }
    }

    async fn live_in(
        &self,
        unit: &mut dyn UnitOfWork,
        broker: &Broker,
        token: &Secret,
    ) -> Result<Option<LiveToken>, Error> {
        let Some(verified) = self.verify(unit, token).await? else {
            return Ok(None);
        };
        if verified.broker_id != broker.id {
            return Ok(None);
        }
        self.live(unit, verified).await
    }
}
