//! How the installation stands, with what an operator should worry about.

use std::fmt;

use breakglass_domain::audit::Checkpoint;
use breakglass_domain::{InstanceId, Privilege, Realm, Timestamp};
use breakglass_ports::store::EmergencySummary;

use crate::app::App;
use crate::broker::BrokerView;
use crate::caller::Caller;
use crate::error::Error;

/// How far ahead an operator is warned, in milliseconds (14 days).
const WARNING_MILLIS: i64 = 14 * 24 * 60 * 60 * 1000;

/// The fewest live emergency clients of a realm: losing one must not lock everybody out.
const FEWEST_LIVE: u64 = 2;

/// The whole installation, as far as the caller can see it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerStatus {
    /// The installation.
    pub instance_id: InstanceId,
    /// The URL under which clients reach it.
    pub public_url: String,
    /// When this process started.
    pub started_at: Timestamp,
    /// The present instant of the server's clock.
    pub now: Timestamp,
    /// The realms, the oldest first.
    pub realms: Vec<RealmStatus>,
    /// The audit.
    pub audit: AuditState,
}

/// How far the audit goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AuditState {
    /// The head of the chain.
    pub head: Option<Checkpoint>,
    /// The newest signed checkpoint.
    pub last_checkpoint: Option<Checkpoint>,
}

/// A realm.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RealmStatus {
    /// The realm.
    pub realm: Realm,
    /// Its broker.
    pub broker: BrokerView,
    /// Its emergency clients.
    pub emergency: EmergencySummary,
    /// What to worry about.
    pub warnings: Vec<Warning>,
}

/// What an operator should worry about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Warning {
    /// Enough emergency clients are alive now, but not in 14 days.
    FewSoon {
        /// How many will be alive then.
        live: u64,
        /// When the first of the present tokens ends.
        at: Timestamp,
    },
    /// Fewer than two emergency clients are alive.
    FewLiveClients {
        /// How many.
        live: u64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FewSoon { live, .. } => {
                write!(
                    f,
                    "in 14 days only {live} of the emergency clients will be alive; regenerate those that end"
                )
            }
            Self::FewLiveClients { live: 0 } => {
                f.write_str("no emergency client is alive: nobody could get in")
            }
            Self::FewLiveClients { live } => {
                write!(
                    f,
                    "only {live} emergency client is alive; keep at least {FEWEST_LIVE}, held apart"
                )
            }
        }
    }
}

impl App {
    /// How the installation stands.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the view privilege.
    pub async fn status(&self, caller: &Caller) -> Result<ServerStatus, Error> {
        let now = self.now();
        let mut realms = Vec::new();
        for (realm, broker) in self.list_realms(caller).await? {
            let mut view = self.ports.store.read().await?;
            let later = now.plus_millis(WARNING_MILLIS);
            let emergency = view
                .summarize_emergency_clients(realm.id, now, later)
                .await?;
            let warnings = warnings(&emergency);
            realms.push(RealmStatus {
                realm,
                broker,
                emergency,
                warnings,
            });
        }
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let audit = AuditState {
            head: view.find_audit_head().await?,
            last_checkpoint: view
                .find_last_audit_checkpoint()
                .await?
                .map(|signed| signed.checkpoint),
        };
        Ok(ServerStatus {
            instance_id: self.installation.id,
            public_url: self.public_url().to_owned(),
            started_at: self.started_at,
            now,
            realms,
            audit,
        })
    }

    /// Whether the store answers.
    ///
    /// # Errors
    /// [`Error::Store`] when it does not.
    pub async fn check_ready(&self) -> Result<(), Error> {
        self.ports.store.read().await?.find_installation().await?;
        Ok(())
    }
}

fn warnings(emergency: &EmergencySummary) -> Vec<Warning> {
    let (live, live_later) = (emergency.live, emergency.live_later);
    if live < FEWEST_LIVE {
        return vec![Warning::FewLiveClients { live }];
    }
    match emergency.nearest_expiry {
        Some(at) if live_later < FEWEST_LIVE => vec![Warning::FewSoon {
            live: live_later,
            at,
        }],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_realm_is_warned_of_while_or_before_it_has_few_live_clients() {
        let at = Timestamp::from_millis(7);
        let summary = |live, live_later| EmergencySummary {
            total: 3,
            live,
            live_later,
            nearest_expiry: Some(at),
            last_used_at: None,
        };
        assert_eq!(warnings(&summary(3, 2)), []);
        assert_eq!(warnings(&summary(2, 1)), [Warning::FewSoon { live: 1, at }]);
        assert_eq!(
            warnings(&summary(1, 1)),
            [Warning::FewLiveClients { live: 1 }]
        );
        assert_eq!(
            warnings(&summary(0, 0)),
            [Warning::FewLiveClients { live: 0 }]
        );
    }
}
