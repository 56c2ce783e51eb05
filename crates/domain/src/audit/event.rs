//! What happened, before it is chained.

use std::collections::BTreeMap;

use super::AuditAction;
use crate::id::RealmId;
use crate::principal::Actor;
use crate::timestamp::Timestamp;

/// Something that happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditEvent {
    /// When.
    pub time: Timestamp,
    /// In which realm; `None` when it concerns the installation.
    pub realm_id: Option<RealmId>,
    /// Who did it.
    pub actor: Actor,
    /// What was done.
    pub action: AuditAction,
    /// To what.
    pub target: Option<AuditTarget>,
    /// How it ended.
    pub outcome: Outcome,
    /// The network address it came from.
    pub source_address: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
    /// Whether it was done under an emergency token.
    pub emergency: bool,
    /// What else is worth knowing. Never a secret.
    pub details: BTreeMap<String, String>,
}

impl AuditEvent {
    /// Adds a detail. Never a secret.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// What an action was done to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditTarget {
    /// The kind of thing.
    pub kind: TargetKind,
    /// Its id within its kind and realm.
    pub id: String,
}

impl AuditTarget {
    /// A target of this kind and id.
    pub fn new(kind: TargetKind, id: &impl ToString) -> Self {
        Self {
            kind,
            id: id.to_string(),
        }
    }
}

/// The kinds of things that actions are done to. The names are stored: they never change.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TargetKind {
    /// A local account.
    Account,
    /// An API client.
    ApiClient,
    /// An API token.
    ApiToken,
    /// The audit itself.
    Audit,
    /// A broker.
    Broker,
    /// A client profile.
    ClientProfile,
    /// An emergency client.
    EmergencyClient,
    /// An OAuth app.
    OauthApp,
    /// An operation of an API.
    Operation,
    /// A realm.
    Realm,
    /// A role.
    Role,
    /// The server.
    Server,
    /// The fleet-wide settings.
    Settings,
    /// A signing key.
    SigningKey,
    /// A trusted issuer.
    TokenIssuer,
}

impl TargetKind {
    const ALL: [Self; 15] = [
        Self::Account,
        Self::ApiClient,
        Self::ApiToken,
        Self::Audit,
        Self::Broker,
        Self::ClientProfile,
        Self::EmergencyClient,
        Self::OauthApp,
        Self::Operation,
        Self::Realm,
        Self::Role,
        Self::Server,
        Self::Settings,
        Self::SigningKey,
        Self::TokenIssuer,
    ];

    /// The stored name of the kind.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::ApiClient => "api_client",
            Self::ApiToken => "api_token",
            Self::Audit => "audit",
            Self::Broker => "broker",
            Self::ClientProfile => "client_profile",
            Self::EmergencyClient => "emergency_client",
            Self::OauthApp => "oauth_app",
            Self::Operation => "operation",
            Self::Realm => "realm",
            Self::Role => "role",
            Self::Server => "server",
            Self::Settings => "settings",
            Self::SigningKey => "signing_key",
            Self::TokenIssuer => "token_issuer",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How an action ended. The names are stored: they never change.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Outcome {
    /// The caller was not allowed or not believed.
    Denied,
    /// It was tried and did not succeed.
    Failure,
    /// It was done.
    Success,
}

impl Outcome {
    /// The stored name of the outcome.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denied => "DENIED",
            Self::Failure => "FAILURE",
            Self::Success => "SUCCESS",
        }
    }

    /// The outcome of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Denied, Self::Failure, Self::Success]
            .into_iter()
            .find(|outcome| outcome.name() == name)
    }
}

/// The events of one write: never none, so that a write without an audit record cannot be spelled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditEvents {
    first: AuditEvent,
    rest: Vec<AuditEvent>,
}

impl AuditEvents {
    /// These events, the first of them spelled out.
    pub fn new(first: AuditEvent, rest: Vec<AuditEvent>) -> Self {
        Self { first, rest }
    }

    /// These events in their order; `None` when there are none.
    pub fn of(events: impl IntoIterator<Item = AuditEvent>) -> Option<Self> {
        let mut events = events.into_iter();
        let first = events.next()?;
        Some(Self::new(first, events.collect()))
    }
}

impl From<AuditEvent> for AuditEvents {
    fn from(event: AuditEvent) -> Self {
        Self::new(event, Vec::new())
    }
}

impl IntoIterator for AuditEvents {
    type Item = AuditEvent;
    type IntoIter = std::iter::Chain<std::iter::Once<AuditEvent>, std::vec::IntoIter<AuditEvent>>;

    fn into_iter(self) -> Self::IntoIter {
        std::iter::once(self.first).chain(self.rest)
    }
}
