//! Copies of the store: that one was made, and what has to happen to one that is put back.

use std::collections::BTreeMap;

use breakglass_domain::audit::{AuditAction, AuditEvent, AuditEvents, AuditTarget, TargetKind};
use breakglass_domain::{
    Account, BackupMac, BackupManifest, PasswordHash, Privilege, RecallFault, RecallHead,
    RecallRecord, Secret, Timestamp, TokenId, Username,
};
use breakglass_ports::{CryptoError, KeyVault, UnitOfWork};

use crate::app::App;
use crate::broker::key_event;
use crate::caller::Caller;
use crate::error::Error;
use crate::installation::AUDIT_KEY_PURPOSE;
use crate::signing_key::{key_ring, of_realm, retired};

/// How many places of each status list are left free when nobody knows how many were given out.
const SKIPPED_PLACES: u32 = 1 << 20;

/// How many recalls are read at once.
const RECALL_PAGE: u32 = 4096;

/// What is known of what has ended since a copy was made.
#[derive(Clone, Debug)]
pub enum KnownRecalls {
    /// All of it.
    All(Vec<RecallRecord>),
    /// Nothing; whatever is alive in the copy is to live on.
    LostAccepted,
    /// Nothing; so everything that is alive in the copy is to end.
    LostEndEverything,
}

/// A copy that is put back.
#[derive(Clone, Debug)]
pub struct Restoration<'a> {
    /// The name of its file.
    pub file: &'a str,
    /// What it says of itself.
    pub manifest: &'a BackupManifest,
    /// What is known of what has ended since.
    pub recalls: KnownRecalls,
}

/// What became of a copy that was put back.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Restored {
    /// How many recalls came after it was made.
    pub recalls: u64,
    /// How many things they ended in it.
    pub ended: u64,
    /// The accounts that have no password until one is set.
    pub without_password: Vec<Username>,
    /// How many realms got a new signing key, because theirs had ended.
    pub new_keys: u64,
}

/// What begins the MAC of a copy, from the audit's key as the copy has it.
///
/// # Errors
/// [`CryptoError::NotOpened`] when it was made under another master key.
pub fn backup_mac(
    vault: &dyn KeyVault,
    manifest: &BackupManifest,
) -> Result<BackupMac, CryptoError> {
    let bytes = vault.unseal(AUDIT_KEY_PURPOSE, &manifest.sealed_audit_key)?;
    let bytes = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| CryptoError::Failed)?;
    Ok(breakglass_domain::audit::AuditKey::new(bytes).backup_mac())
}

impl App {
    /// Begins the MAC of a copy of this store.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the manage privilege, and for callers of one realm.
    pub fn begin_backup(&self, caller: &Caller) -> Result<BackupMac, Error> {
        caller.require(Privilege::Manage)?;
        caller.require_everywhere()?;
        Ok(self.audit_key.backup_mac())
    }

    /// Records that a copy of the store was made.
    ///
    /// # Errors
    /// As [`App::begin_backup`]; [`Error::Store`] when it cannot be recorded.
    pub async fn record_backup(
        &self,
        caller: &Caller,
        file: &str,
        manifest: &BackupManifest,
    ) -> Result<(), Error> {
        caller.require(Privilege::Manage)?;
        caller.require_everywhere()?;
        let event = self.backup_event(caller, AuditAction::BackupCreated, file, manifest);
        let unit = self.ports.store.begin().await?;
        self.commit(unit, event).await
    }

    /// Checks that records of recalls are those that followed the last recall of this store.
    ///
    /// # Errors
    /// The first that is not.
    pub fn verify_recalls(
        &self,
        before: RecallHead,
        records: &[RecallRecord],
    ) -> Result<(), RecallFault> {
        self.audit_key.verify_recalls(before, records).map(|_| ())
    }

    /// Makes this store, which is a copy, one that can take the place of the store that it was made of: what has ended since
    /// ends here too, no place of a status list is given out twice, and every realm has a key that signs.
    ///
    /// # Errors
    /// [`Error::Forbidden`] as [`App::begin_backup`]; [`Error::Store`] when the recalls are not those that followed.
    pub async fn restore(
        &self,
        caller: &Caller,
        restoration: &Restoration<'_>,
    ) -> Result<Restored, Error> {
        caller.require(Privilege::Manage)?;
        caller.require_everywhere()?;
        let mut unit = self.ports.store.begin().await?;
        let mut restored = Restored::default();
        let choice = match &restoration.recalls {
            KnownRecalls::All(records) => {
                restored = self.take_over(unit.as_mut(), records).await?;
                "known"
            }
            KnownRecalls::LostAccepted => {
                unit.skip_places(SKIPPED_PLACES).await?;
                "lost, accepted"
            }
            KnownRecalls::LostEndEverything => {
                restored.ended = unit.recall_everything(self.now()).await?;
                unit.skip_places(SKIPPED_PLACES).await?;
                self.retire_every_key(unit.as_mut()).await?;
                restored.without_password = self.void_every_password(unit.as_mut()).await?;
                "lost, everything ended"
            }
        };
        let keys = self.replace_missing_keys(unit.as_mut(), caller).await?;
        restored.new_keys = keys.len() as u64;
        let (file, manifest) = (restoration.file, restoration.manifest);
        let event = self
            .backup_event(caller, AuditAction::BackupRestored, file, manifest)
            .with("recalls", choice);
        let events = AuditEvents::new(counted(event, &restored), keys);
        self.commit(unit, events).await?;
        Ok(restored)
    }

    /// Ends here what the record of recalls says has ended: this store is a copy that was put back by hand.
    ///
    /// # Errors
    /// [`Error::Crypto`] when the record is not that of this store.
    pub async fn take_over_recalls(&self, records: &[RecallRecord]) -> Result<Restored, Error> {
        let caller = Caller::system();
        let mut unit = self.ports.store.begin().await?;
        let head = unit.find_recall_head().await?;
        // Another process may have been quicker.
        let rest: Vec<_> = records
            .iter()
            .filter(|record| record.number > head.number)
            .cloned()
            .collect();
        if rest.is_empty() {
            return Ok(Restored::default());
        }
        self.verify_recalls(head, &rest)
            .map_err(|_| Error::Crypto(CryptoError::NotVerified))?;
        let mut restored = self.take_over(unit.as_mut(), &rest).await?;
        let keys = self.replace_missing_keys(unit.as_mut(), &caller).await?;
        restored.new_keys = keys.len() as u64;
        let target = AuditTarget::new(TargetKind::Server, &self.installation.id);
        let event = caller.event(AuditAction::RecallsTakenOver, target, self.now());
        let events = AuditEvents::new(counted(event, &restored), keys);
        self.commit(unit, events).await?;
        Ok(restored)
    }

    /// What granted less since a recall, and grants again in a copy from before: a name of its kind and what it is, without
    /// repeats.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn notes_since(
        &self,
        after: u64,
    ) -> Result<BTreeMap<&'static str, Vec<String>>, Error> {
        let mut view = self.ports.store.read().await?;
        let mut notes: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        let mut last = after;
        loop {
            let page = view.list_recalls(last, RECALL_PAGE).await?;
            let Some(end) = page.last() else {
                return Ok(notes);
            };
            last = end.number;
            for record in page.iter().filter(|record| record.recall.kind.is_note()) {
                let told = notes.entry(record.recall.kind.name()).or_default();
                let name = record.recall.to_string();
                if !told.contains(&name) {
                    told.push(name);
                }
            }
        }
    }

    async fn take_over(
        &self,
        unit: &mut dyn UnitOfWork,
        records: &[RecallRecord],
    ) -> Result<Restored, Error> {
        if let Some(last) = records.iter().map(|record| record.time).max() {
            self.reach(last);
        }
        let now = self.now();
        // No token that was given out lives longer.
        let until = now.plus(self.options.emergency_ttl_cap);
        let taken = unit.take_over_recalls(records, now, until).await?;
        for username in &taken.outdated_passwords {
            let account = unit.find_account(username).await?;
            if let Some(account) = account {
                let set_at = account.password_set_at;
                self.void_password(unit, account, set_at).await?;
            }
        }
        Ok(Restored {
            recalls: records.len() as u64,
            ended: taken.ended,
            without_password: taken.outdated_passwords,
            new_keys: 0,
        })
    }

    /// Lets no password be the right one until another is set.
    async fn void_password(
        &self,
        unit: &mut dyn UnitOfWork,
        account: Account,
        password_set_at: Timestamp,
    ) -> Result<(), Error> {
        let account = Account {
            password_hash: self.unknown_password().await?,
            password_set_at,
            ..account
        };
        Ok(unit.update_account(&account).await?)
    }

    async fn void_every_password(&self, unit: &mut dyn UnitOfWork) -> Result<Vec<Username>, Error> {
        let accounts = unit.list_accounts().await?;
        let mut names = Vec::new();
        for account in accounts {
            names.push(account.username.clone());
            self.void_password(unit, account, self.now()).await?;
        }
        Ok(names)
    }

    async fn unknown_password(&self) -> Result<PasswordHash, Error> {
        let halves = [self.random()?, self.random()?].map(TokenId::from_random);
        let text = halves.map(|half| half.to_string()).concat();
        Ok(self.ports.hasher.hash(&Secret::new(text)).await?)
    }

    async fn retire_every_key(&self, unit: &mut dyn UnitOfWork) -> Result<(), Error> {
        let now = self.now();
        for broker in unit.list_brokers().await? {
            for key in key_ring(unit, broker.id).await?.published() {
                let key = retired(key, now);
                unit.update_signing_key(&key).await?;
            }
        }
        Ok(())
    }

    /// Makes a signing key for each broker that has none left, and gives what is to be recorded of them.
    async fn replace_missing_keys(
        &self,
        unit: &mut dyn UnitOfWork,
        caller: &Caller,
    ) -> Result<Vec<AuditEvent>, Error> {
        let mut events = Vec::new();
        for broker in unit.list_brokers().await? {
            if key_ring(unit, broker.id)
                .await?
                .published()
                .next()
                .is_some()
            {
                continue;
            }
            let key = self.generate(&broker).await?;
            unit.insert_signing_key(&key).await?;
            let event = key_event(caller, &key, self.now());
            let realm = unit.find_realm_of_broker(broker.id).await?;
            events.push(match realm {
                Some(realm) => of_realm(event, realm.id),
                None => event,
            });
        }
        Ok(events)
    }

    fn backup_event(
        &self,
        caller: &Caller,
        action: AuditAction,
        file: &str,
        manifest: &BackupManifest,
    ) -> AuditEvent {
        let target = AuditTarget::new(TargetKind::Server, &manifest.installation);
        caller
            .event(action, target, self.now())
            .with("file", file)
            .with("created_at", manifest.created_at.millis().to_string())
            .with("audit_sequence", manifest.audit_head.sequence.to_string())
            .with("audit_mac", manifest.audit_head.mac.to_string())
            .with("recall_epoch", manifest.recall_head.number.to_string())
    }
}

fn counted(event: AuditEvent, restored: &Restored) -> AuditEvent {
    event
        .with("recalls_since", restored.recalls.to_string())
        .with("ended", restored.ended.to_string())
        .with(
            "passwords_voided",
            restored.without_password.len().to_string(),
        )
        .with("keys_made", restored.new_keys.to_string())
}
