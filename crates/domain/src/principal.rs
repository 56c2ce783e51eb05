//! Who is acting, what they may do, and how far they can see.

use std::fmt;

use crate::account::Username;
use crate::client::ClientKind;
use crate::emergency_client::ClientId;
use crate::id::{PrincipalId, RealmId, TokenId};

/// A privilege of the fleet contract.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Privilege {
    /// `identity.management.manage`: every write.
    Manage,
    /// `identity.management.view`: every read.
    View,
}

impl Privilege {
    /// Every privilege.
    pub const ALL: [Self; 2] = [Self::Manage, Self::View];

    /// The contract's name of the privilege.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Manage => "identity.management.manage",
            Self::View => "identity.management.view",
        }
    }

    /// The privilege of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|privilege| privilege.name() == name)
    }
}

impl fmt::Display for Privilege {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who is acting, once that is proven.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Principal {
    /// A local account with an OpsToken or its password.
    Account {
        /// Its name.
        username: Username,
        /// What it may do.
        privileges: Vec<Privilege>,
    },
    /// A client of a realm, with an access token or with its own credentials.
    Client {
        /// The realm of the client.
        realm_id: RealmId,
        /// The principal that roles are given to.
        id: PrincipalId,
        /// The client.
        client_id: String,
        /// What kind it is.
        kind: ClientKind,
        /// What it may do: what its roles carry now, as far as its token carries them.
        privileges: Vec<Privilege>,
    },
    /// The holder of an emergency token: the administrator of its realm, and of no other.
    EmergencyClient {
        /// The realm of the client.
        realm_id: RealmId,
        /// The client.
        client_id: ClientId,
        /// The token it came with.
        token_id: TokenId,
        /// What it may do: everything with the token itself, less with a narrower copy of it.
        privileges: Vec<Privilege>,
    },
    /// Somebody whom an issuer that the realm trusts vouches for. It holds no privilege of the fleet contract.
    External {
        /// The realm.
        realm_id: RealmId,
        /// The name, with its domain if it has one.
        subject: String,
    },
    /// A person with access to the data folder itself.
    LocalOperator {
        /// The operating system's name of the person.
        user: String,
    },
    /// The server itself, at its housekeeping.
    System,
}

impl Principal {
    /// Whether the principal holds the privilege.
    pub fn holds(&self, privilege: Privilege) -> bool {
        match self {
            Self::Account { privileges, .. }
            | Self::Client { privileges, .. }
            | Self::EmergencyClient { privileges, .. } => privileges.contains(&privilege),
            Self::External { .. } => false,
            Self::LocalOperator { .. } | Self::System => true,
        }
    }

    /// How far the principal can see.
    pub fn reach(&self) -> Reach {
        match self {
            Self::Client { realm_id, .. }
            | Self::EmergencyClient { realm_id, .. }
            | Self::External { realm_id, .. } => Reach::Realm(*realm_id),
            Self::Account { .. } | Self::LocalOperator { .. } | Self::System => Reach::Everywhere,
        }
    }

    /// Whether the principal acts under an emergency token.
    pub fn is_emergency(&self) -> bool {
        matches!(self, Self::EmergencyClient { .. })
    }

    /// The principal as the audit names it.
    pub fn actor(&self) -> Actor {
        match self {
            Self::Account { username, .. } => Actor::new(ActorKind::Account, username.as_str()),
            Self::Client {
                client_id, kind, ..
            } => Actor::new(kind.actor(), client_id),
            Self::EmergencyClient { client_id, .. } => {
                Actor::new(ActorKind::EmergencyClient, client_id.as_str())
            }
            Self::External { subject, .. } => Actor::new(ActorKind::External, subject),
            Self::LocalOperator { user } => Actor::new(ActorKind::LocalOperator, user),
            Self::System => Actor::new(ActorKind::System, "breakglass"),
        }
    }
}

/// How far a principal can see: no answer crosses it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reach {
    /// Every realm of the installation.
    Everywhere,
    /// One realm; the others do not exist for it.
    Realm(RealmId),
}

impl Reach {
    /// Whether the realm is within reach.
    pub fn covers(self, realm: RealmId) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Realm(own) => own == realm,
        }
    }
}

/// A principal as the audit names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Actor {
    /// What kind of principal.
    pub kind: ActorKind,
    /// Its id within its kind.
    pub id: String,
}

impl Actor {
    /// An actor of this kind and id.
    pub fn new(kind: ActorKind, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }

    /// Somebody who did not prove who they are.
    pub fn anonymous() -> Self {
        Self::new(ActorKind::Anonymous, "")
    }
}

impl fmt::Display for Actor {
    /// Kind and id: an emergency client called `admin` must not look like the account of that name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.id)
    }
}

/// The kinds of principals in the audit. The names are stored: they never change.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ActorKind {
    /// A local account.
    Account,
    /// Somebody who did not prove who they are.
    Anonymous,
    /// An API client.
    ApiClient,
    /// The holder of an emergency token.
    EmergencyClient,
    /// Somebody whom a trusted issuer vouches for.
    External,
    /// A person with access to the data folder.
    LocalOperator,
    /// An OAuth app.
    OauthApp,
    /// The server itself.
    System,
}

impl ActorKind {
    const ALL: [Self; 8] = [
        Self::Account,
        Self::Anonymous,
        Self::ApiClient,
        Self::EmergencyClient,
        Self::External,
        Self::LocalOperator,
        Self::OauthApp,
        Self::System,
    ];

    /// The stored name of the kind.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Anonymous => "anonymous",
            Self::ApiClient => "api_client",
            Self::EmergencyClient => "emergency_client",
            Self::External => "external",
            Self::LocalOperator => "local_operator",
            Self::OauthApp => "oauth_app",
            Self::System => "system",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emergency_client_is_the_administrator_of_its_own_realm_only() {
        let own = RealmId::from_random([1; 16]);
        let principal = Principal::EmergencyClient {
            realm_id: own,
            client_id: "c".parse().unwrap(),
            token_id: TokenId::from_random([2; 16]),
            privileges: Privilege::ALL.to_vec(),
        };
        assert!(principal.holds(Privilege::Manage));
        assert!(principal.reach().covers(own));
        assert!(!principal.reach().covers(RealmId::from_random([3; 16])));
    }

    #[test]
    fn an_account_holds_what_it_was_given() {
        let viewer = Principal::Account {
            username: "v".parse().unwrap(),
            privileges: vec![Privilege::View],
        };
        assert!(viewer.holds(Privilege::View));
        assert!(!viewer.holds(Privilege::Manage));
    }
}
