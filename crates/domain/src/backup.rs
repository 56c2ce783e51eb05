//! Copies of the store: what each says of itself, and the MAC over all of it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::audit::{AuditKey, AuditMac, Checkpoint};
use crate::id::InstanceId;
use crate::recall::RecallHead;
use crate::signing_key::SealedBytes;
use crate::timestamp::Timestamp;

/// What a copy of the store says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BackupManifest {
    /// Of which installation.
    pub installation: InstanceId,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last record of the audit in it.
    pub audit_head: Checkpoint,
    /// The last recall in it: its epoch.
    pub recall_head: RecallHead,
    /// The version of its schema.
    pub schema: i64,
    /// The key of the audit, sealed under the master key: it is what the MAC is made with.
    pub sealed_audit_key: SealedBytes,
}

/// The MAC over the bytes of a copy, taken in as they are written or read.
#[derive(Clone)]
pub struct BackupMac(Option<Hmac<Sha256>>);

impl BackupMac {
    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(hmac) = &mut self.0 {
            hmac.update(bytes);
        }
    }

    /// The MAC over everything that was taken in.
    pub fn finish(self) -> AuditMac {
        match self.0 {
            Some(hmac) => AuditMac::from_bytes(hmac.finalize().into_bytes().into()),
            None => AuditMac::GENESIS,
        }
    }
}

impl AuditKey {
    /// Begins the MAC of a copy.
    pub fn backup_mac(&self) -> BackupMac {
        // HMAC takes a key of any length (RFC 2104, section 2); were it to fail, the zero MAC would verify nothing but itself,
        // which no copy holds.
        let mut hmac = Hmac::<Sha256>::new_from_slice(self.expose()).ok();
        if let Some(hmac) = &mut hmac {
            hmac.update(b"breakglass-backup-1\0");
        }
        BackupMac(hmac)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mac_of_a_copy_depends_on_every_byte_and_on_the_key_and_not_on_the_pieces() {
        let mac = |key: u8, pieces: &[&[u8]]| {
            let mut mac = AuditKey::new([key; 32]).backup_mac();
            for piece in pieces {
                mac.update(piece);
            }
            mac.finish()
        };
        let whole = mac(1, &[b"abc"]);
        assert_eq!(mac(1, &[b"a", b"bc"]), whole);
        assert_ne!(mac(1, &[b"abd"]), whole);
        assert_ne!(mac(2, &[b"abc"]), whole);
        assert_ne!(whole, AuditMac::GENESIS);
    }
}
