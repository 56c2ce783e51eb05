//! How the installation stands, with what an operator should worry about.

use std::fmt;

use breakglass_domain::audit::Checkpoint;
use breakglass_domain::{InstanceId, Privilege, Realm, Timestamp};
use breakglass_ports::store::EmergencySummary;

use crate::app::App;
use crate::broker::BrokerView;
use crate::caller::Caller;
use crate::error::Error;

/// How long before its end the last token of a realm is worth a warning, in milliseconds (14 days).
const EXPIRY_WARNING_MILLIS: i64 = 14 * 24 * 60 * 60 * 1000;

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
    /// A live token ends within 14 days.
    ExpiresSoon {
        /// When.
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
            Self::ExpiresSoon { .. } => {
                f.write_str("the token of an emergency client ends within 14 days")
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
            let emergency = view.summarize_emergency_clients(realm.id, now).await?;
            let warnings = warnings(&emergency, now);
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

fn warnings(emergency: &EmergencySummary, now: Timestamp) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if emergency.live < FEWEST_LIVE {
        warnings.push(Warning::FewLiveClients {
            live: emergency.live,
        });
    }
    if let Some(at) = emergency.nearest_expiry
        && at.millis_since(now) < EXPIRY_WARNING_MILLIS
    {
        warnings.push(Warning::ExpiresSoon { at });
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lonely_client_and_a_near_end_are_warned_of() {
        let now = Timestamp::from_millis(0);
        let near = Timestamp::from_millis(EXPIRY_WARNING_MILLIS - 1);
        let far = Timestamp::from_millis(EXPIRY_WARNING_MILLIS);
        let summary = |live, nearest_expiry| EmergencySummary {
            total: 3,
            live,
            nearest_expiry,
            last_used_at: None,
        };
        assert_eq!(warnings(&summary(2, Some(far)), now), []);
        assert_eq!(
            warnings(&summary(1, Some(near)), now),
            [
                Warning::FewLiveClients { live: 1 },
                Warning::ExpiresSoon { at: near }
            ]
        );
        assert_eq!(
            warnings(&summary(0, None), now),
            [Warning::FewLiveClients { live: 0 }]
        );
    }
}
