//! Who asks, and from where.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditTarget, Outcome};
use breakglass_domain::{
    Actor, Client, Principal, Privilege, Reach, RealmId, Thumbprint, Timestamp, TokenDigest,
};

use crate::decision::HostIdentity;
use crate::error::{Error, Resource};

/// Where a request came from.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Origin {
    /// The network address of the peer, without its port.
    pub source_address: Option<IpAddr>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// The certificate that the client proved to hold when it connected, if it showed one (RFC 8705, section 3.1).
    pub client_certificate: Option<Thumbprint>,
}

/// A caller whose identity is proven.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Caller {
    /// Who it is.
    pub principal: Principal,
    /// Where its request came from.
    pub origin: Origin,
    /// The OpsToken session it came with, if it did.
    pub session: Option<TokenDigest>,
    /// Whether it is a client that came with its own credentials rather than with a token.
    pub is_client: bool,
    /// Who it is for a realm's hosts, where that was asked.
    pub host: Option<Arc<HostIdentity>>,
    /// The session of the hosts' APIs that it came with, if it did.
    pub host_session: Option<TokenDigest>,
}

impl Caller {
    /// The server itself, at its housekeeping.
    pub fn system() -> Self {
        Self::without_session(Principal::System, Origin::default())
    }

    /// A caller with another proof than an OpsToken.
    pub fn without_session(principal: Principal, origin: Origin) -> Self {
        Self {
            principal,
            origin,
            session: None,
            is_client: false,
            host: None,
            host_session: None,
        }
    }

    /// A client that came with its own credentials.
    pub(crate) fn of_client(client: Client, origin: Origin) -> Self {
        let principal = Principal::Client {
            realm_id: client.realm_id,
            id: client.id,
            client_id: client.client_id,
            kind: client.kind,
            privileges: Vec::new(),
        };
        Self {
            is_client: true,
            ..Self::without_session(principal, origin)
        }
    }

    /// Lets the caller pass when it holds the privilege.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when it does not.
    pub fn require(&self, privilege: Privilege) -> Result<(), Error> {
        if self.principal.holds(privilege) {
            return Ok(());
        }
        Err(Error::Forbidden {
            missing: Some(privilege),
        })
    }

    /// Lets the caller pass when it can see beyond one realm.
    pub(crate) fn require_everywhere(&self) -> Result<(), Error> {
        match self.principal.reach() {
            Reach::Everywhere => Ok(()),
            Reach::Realm(_) => Err(Error::Forbidden { missing: None }),
        }
    }

    /// Lets the caller pass when it can see the realm; another realm does not exist for it.
    pub(crate) fn require_reach(&self, realm: RealmId) -> Result<(), Error> {
        if self.principal.reach().covers(realm) {
            return Ok(());
        }
        Err(Error::NotFound(Resource::Realm))
    }

    /// An event of this caller, to be completed.
    pub(crate) fn event(
        &self,
        action: AuditAction,
        target: AuditTarget,
        now: Timestamp,
    ) -> AuditEvent {
        let emergency = self.principal.is_emergency();
        event_of(
            self.principal.actor(),
            emergency,
            &self.origin,
            action,
            target,
            now,
        )
    }
}

impl Origin {
    /// An event of somebody unknown at this origin, who was refused.
    pub(crate) fn refusal(
        &self,
        action: AuditAction,
        target: AuditTarget,
        now: Timestamp,
    ) -> AuditEvent {
        let event = event_of(Actor::anonymous(), false, self, action, target, now);
        AuditEvent {
            outcome: Outcome::Denied,
            ..event
        }
    }
}

fn event_of(
    actor: Actor,
    emergency: bool,
    origin: &Origin,
    action: AuditAction,
    target: AuditTarget,
    now: Timestamp,
) -> AuditEvent {
    AuditEvent {
        time: now,
        realm_id: None,
        actor,
        action,
        target: Some(target),
        outcome: Outcome::Success,
        source_address: origin.source_address.map(|address| address.to_string()),
        request_id: origin.request_id.clone(),
        emergency,
        details: BTreeMap::new(),
    }
}
