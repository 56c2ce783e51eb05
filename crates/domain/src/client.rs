//! Clients: the programs of a realm that hold credentials and roles, of whatever kind.

use crate::audit::TargetKind;
use crate::id::{PrincipalId, RealmId};
use crate::principal::ActorKind;

/// What kind of client.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ClientKind {
    /// An API client; see [`ApiClient`](crate::ApiClient).
    ApiClient,
    /// An OAuth app; see [`OauthApp`](crate::OauthApp).
    OauthApp,
}

impl ClientKind {
    /// The stored name of the kind.
    pub const fn name(self) -> &'static str {
        self.actor().name()
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::ApiClient, Self::OauthApp]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// The kind as the audit names what is acted upon.
    pub const fn target(self) -> TargetKind {
        match self {
            Self::ApiClient => TargetKind::ApiClient,
            Self::OauthApp => TargetKind::OauthApp,
        }
    }

    /// The kind as the audit names who acts.
    pub const fn actor(self) -> ActorKind {
        match self {
            Self::ApiClient => ActorKind::ApiClient,
            Self::OauthApp => ActorKind::OauthApp,
        }
    }
}

/// A client as the token endpoint sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Client {
    /// The realm it belongs to.
    pub realm_id: RealmId,
    /// The principal that roles are given to.
    pub id: PrincipalId,
    /// Its `client_id` (RFC 6749, section 2.2): unique in the realm, over clients of all kinds.
    pub client_id: String,
    /// Its name for people.
    pub name: String,
    /// What kind it is.
    pub kind: ClientKind,
}
