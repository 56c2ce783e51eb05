//! The audit: read, verified, signed.

use breakglass_domain::audit::{
    AuditAction, AuditRecord, AuditTarget, ChainVerifier, Checkpoint, SignedCheckpoint, Tampering,
    TamperingKind, TargetKind,
};
use breakglass_domain::{Privilege, Reach, SigningKey, Timestamp, ValidationReport};
use breakglass_ports::store::{AuditFilter, AuditOrder};
use breakglass_ports::{CryptoError, ReadView, StoreError};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Error;

/// The most records of one page.
const MAX_PAGE: u32 = 1000;

/// A page of the audit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditPage {
    /// The records.
    pub records: Vec<AuditRecord>,
    /// The `after` of the next page; `None` when this is the last.
    pub next: Option<u64>,
}

/// What a verification found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Verification {
    /// How many records hold, from the first.
    pub records: u64,
    /// The head of what holds.
    pub head: Option<Checkpoint>,
    /// The first record that does not hold.
    pub tampering: Option<Tampering>,
}

impl App {
    /// A page of the audit. Callers of one realm see that realm's records.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a limit outside 1 to 1000.
    pub async fn list_audit_records(
        &self,
        caller: &Caller,
        filter: AuditFilter,
    ) -> Result<AuditPage, Error> {
        caller.require(Privilege::View)?;
        if !(1..=MAX_PAGE).contains(&filter.limit) {
            return Err(Error::Invalid(ValidationReport::of(
                "limit",
                "must be 1 to 1000",
            )));
        }
        let realm_id = match caller.principal.reach() {
            Reach::Everywhere => filter.realm_id,
            Reach::Realm(own) => {
                filter
                    .realm_id
                    .map_or(Ok(()), |asked| caller.require_reach(asked))?;
                Some(own)
            }
        };
        let filter = AuditFilter { realm_id, ..filter };
        let mut view = self.ports.store.read().await?;
        let records = page_of(view.as_mut(), &filter).await?;
        // The page ends before a record that cannot be read; that is not the end of the audit.
        let next = match records.last() {
            Some(last) => {
                let beyond = AuditFilter {
                    after: Some(last.sequence),
                    limit: 1,
                    ..filter
                };
                let more = page_of(view.as_mut(), &beyond).await;
                match more {
                    Ok(more) if more.is_empty() => None,
                    Ok(_) | Err(Error::AuditDamaged { .. }) => Some(last.sequence),
                    Err(error) => return Err(error),
                }
            }
            None => None,
        };
        Ok(AuditPage { records, next })
    }

    /// Walks the whole audit, against its MACs, the checkpoints signed by this installation, and a checkpoint that was
    /// kept elsewhere, if one is given.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the given checkpoint was not signed by this installation or was changed.
    pub async fn verify_audit(
        &self,
        caller: &Caller,
        checkpoint: Option<&str>,
    ) -> Result<Verification, Error> {
        caller.require(Privilege::View)?;
        let mut view = self.ports.store.read().await?;
        let keys = view.list_signing_keys(None).await?;
        let mut checkpoints = Vec::new();
        if let Some(jws) = checkpoint {
            let signed = self.read_checkpoint(&keys, jws).ok_or_else(|| {
                let message = "is no checkpoint signed by this installation";
                Error::Invalid(ValidationReport::of("checkpoint", message))
            })?;
            checkpoints.push(signed.checkpoint);
        }
        let mut forged = None;
        match view.list_audit_checkpoints().await {
            Ok(kept) => {
                for kept in kept {
                    let signed = self.read_checkpoint(&keys, &kept.jws);
                    if signed.is_some_and(|signed| signed == kept) {
                        checkpoints.push(kept.checkpoint);
                    } else {
                        forged = forged.or(Some(kept.checkpoint.sequence));
                    }
                }
            }
            // A checkpoint that cannot even be read is not one that was signed here.
            Err(StoreError::Corrupt { id, .. }) => forged = Some(id.parse().unwrap_or_default()),
            Err(error) => return Err(error.into()),
        }
        let walked = self.walk(view.as_mut(), checkpoints).await?;
        Ok(match (walked.tampering, forged) {
            (None, Some(sequence)) => Verification {
                tampering: Some(Tampering {
                    sequence,
                    kind: TamperingKind::Forked,
                }),
                ..walked
            },
            _ => walked,
        })
    }

    /// Signs the head of the audit as it stands, and appends it to the anchor.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the manage privilege.
    pub async fn create_audit_checkpoint(
        &self,
        caller: &Caller,
    ) -> Result<SignedCheckpoint, Error> {
        caller.require(Privilege::Manage)?;
        let mut unit = self.ports.store.begin().await?;
        let keys = unit.list_signing_keys(None).await?;
        let key = keys.first().ok_or(Error::Crypto(CryptoError::Failed))?;
        let now = self.now();
        let last = unit.find_last_audit_checkpoint().await?;
        let head = match unit.find_audit_head().await? {
            Some(head) => Checkpoint { time: now, ..head },
            None => return Err(Error::Crypto(CryptoError::Failed)),
        };
        if let Some(last) = last.filter(|last| last.checkpoint.sequence == head.sequence) {
            unit.leave().await?;
            return Ok(last);
        }
        let signed = self.ports.signer.sign_checkpoint(key, &head)?;
        unit.insert_audit_checkpoint(&signed).await?;
        let target = AuditTarget::new(TargetKind::Audit, &head.sequence);
        let event = caller.event(AuditAction::AuditCheckpointed, target, now);
        self.commit(unit, event).await?;
        self.anchor(&signed).await;
        Ok(signed)
    }

    /// Every signed checkpoint, the oldest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the view privilege.
    pub async fn list_audit_checkpoints(
        &self,
        caller: &Caller,
    ) -> Result<Vec<SignedCheckpoint>, Error> {
        caller.require(Privilege::View)?;
        Ok(self
            .ports
            .store
            .read()
            .await?
            .list_audit_checkpoints()
            .await?)
    }

    /// Signs a checkpoint when the audit has grown, beyond the record of the last checkpoint itself, and the last is
    /// older than the interval, or at once when asked.
    pub(crate) async fn checkpoint_if_due(&self, at_once: bool) -> Result<(), Error> {
        let mut view = self.ports.store.read().await?;
        let last = view
            .find_last_audit_checkpoint()
            .await?
            .map(|signed| signed.checkpoint);
        let head = view.find_audit_head().await?;
        drop(view);
        let grown = match (last, head) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(last), Some(head)) => head.sequence > last.sequence + 1,
        };
        let due = at_once || last.is_none_or(|last| self.is_old(last.time));
        if grown && due {
            self.create_audit_checkpoint(&Caller::system()).await?;
        }
        Ok(())
    }

    fn is_old(&self, time: Timestamp) -> bool {
        let age = self.now().millis_since(time);
        // A clock that was set back must not put checkpoints off.
        !(0..self.options.checkpoint_interval_millis).contains(&age)
    }

    async fn anchor(&self, signed: &SignedCheckpoint) {
        if let Some(anchor) = &self.ports.anchor
            && let Err(reason) = anchor.append(signed).await
        {
            tracing::error!(reason, "failed to append a checkpoint to its file");
        }
    }

    fn read_checkpoint(&self, keys: &[SigningKey], jws: &str) -> Option<SignedCheckpoint> {
        keys.iter()
            .find_map(|key| self.ports.signer.verify_checkpoint(key, jws).ok())
    }

    async fn walk(
        &self,
        view: &mut dyn ReadView,
        checkpoints: Vec<Checkpoint>,
    ) -> Result<Verification, Error> {
        let mut verifier = ChainVerifier::new(&self.audit_key, checkpoints);
        let mut held = Verification {
            records: 0,
            head: None,
            tampering: None,
        };
        let mut after = None;
        loop {
            let filter = AuditFilter {
                after,
                limit: MAX_PAGE,
                order: AuditOrder::Ascending,
                realm_id: None,
                action: None,
            };
            let page = match view.list_audit_records(&filter).await {
                Ok(page) => page,
                Err(StoreError::Corrupt { id, .. }) => {
                    held.tampering = Some(unreadable(&id, &held));
                    return Ok(held);
                }
                Err(error) => return Err(error.into()),
            };
            if page.is_empty() {
                break;
            }
            for record in &page {
                if let Err(tampering) = verifier.next(record).and_then(|()| founds(record)) {
                    held.tampering = Some(tampering);
                    return Ok(held);
                }
                held.records = record.sequence;
                held.head = Some(record.head());
                after = Some(record.sequence);
            }
        }
        held.tampering = match verifier.finish() {
            // An installation is never without the record that founded it.
            Ok(None) => Some(Tampering {
                sequence: 1,
                kind: TamperingKind::Truncated,
            }),
            ended => ended.err(),
        };
        Ok(held)
    }
}

/// Holds the first record against what it is in every installation: an audit that was emptied begins anew with another.
fn founds(record: &AuditRecord) -> Result<(), Tampering> {
    if record.sequence == 1 && record.event.action != AuditAction::ServerInitialized {
        return Err(Tampering {
            sequence: 1,
            kind: TamperingKind::Changed,
        });
    }
    Ok(())
}

async fn page_of(view: &mut dyn ReadView, filter: &AuditFilter) -> Result<Vec<AuditRecord>, Error> {
    match view.list_audit_records(filter).await {
        Err(StoreError::Corrupt { id, .. }) => Err(Error::AuditDamaged {
            sequence: id.parse().unwrap_or_default(),
        }),
        page => Ok(page?),
    }
}

/// A record that cannot even be read was changed; one before it may be missing as well, which comes first.
fn unreadable(id: &str, held: &Verification) -> Tampering {
    let expected = held.records + 1;
    let kind = match id.parse::<u64>() {
        Ok(sequence) if sequence > expected => TamperingKind::Missing,
        _ => TamperingKind::Changed,
    };
    Tampering {
        sequence: expected,
        kind,
    }
}
