//! The change of the master key.

use breakglass_domain::audit::{AuditAction, AuditTarget, TargetKind};
use breakglass_domain::{Installation, Privilege};
use breakglass_ports::StoreError;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;
use crate::installation::AUDIT_KEY_PURPOSE;

impl App {
    /// Seals every key of the store anew, under the master key that the vault seals with now. Either all of them are or none, and
    /// a key that another process makes meanwhile is sealed within its own unit of work. Gives the number of keys.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the manage privilege and for callers of one realm; [`Error::Crypto`] when a key does not open under the vault's keys.
    pub async fn reseal_keys(&self, caller: &Caller) -> Result<usize, Error> {
        caller.require(Privilege::Manage)?;
        caller.require_everywhere()?;
        let mut unit = self.ports.store.begin().await?;
        let present = unit.find_installation().await?;
        let present = present.ok_or(Error::Store(StoreError::Missing))?;
        let vault = &self.ports.vault;
        let audit_key = vault.unseal(AUDIT_KEY_PURPOSE, &present.sealed_audit_key)?;
        let installation = Installation {
            sealed_audit_key: vault.seal(AUDIT_KEY_PURPOSE, &audit_key)?,
            ..present
        };
        unit.update_installation(&installation).await?;
        let brokers = unit.list_brokers().await?;
        let owners = brokers.iter().map(|broker| Some(broker.id));
        let mut count = 1;
        for owner in owners.chain([None]) {
            for key in unit.list_signing_keys(owner).await? {
                // Of a retired key there is nothing left to seal.
                if key.retired_at.is_none() {
                    let key = self.ports.signer.reseal(&key)?;
                    unit.update_signing_key(&key).await?;
                    count += 1;
                }
            }
        }
        let target = AuditTarget::new(TargetKind::Server, &installation.id);
        let event = caller
            .event(AuditAction::MasterKeyRotated, target, self.now())
            .with("keys", count.to_string());
        self.commit(unit, event).await?;
        Ok(count)
    }
}
