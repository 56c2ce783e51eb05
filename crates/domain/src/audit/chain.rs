//! The keyed chain over the records, and its verification.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{AuditEvent, AuditTarget};
use crate::timestamp::Timestamp;

/// The key of the chain. Wiped when dropped, never printed.
#[derive(Clone)]
pub struct AuditKey(Zeroizing<[u8; 32]>);

impl AuditKey {
    /// Takes 32 random bytes as the key.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes of the key, to be sealed.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Chains an event to the record before it; `None` stands before the first record.
    pub fn seal(&self, previous: Option<&Checkpoint>, event: AuditEvent) -> AuditRecord {
        let sequence = previous.map_or(1, |head| head.sequence.saturating_add(1));
        let before = previous.map_or(AuditMac::GENESIS, |head| head.mac);
        let mac = self.mac(sequence, before, &event);
        AuditRecord {
            sequence,
            event,
            mac,
        }
    }

    fn mac(&self, sequence: u64, previous: AuditMac, event: &AuditEvent) -> AuditMac {
        // HMAC takes a key of any length (RFC 2104, section 2), so the error of `new_from_slice` cannot occur; were it
        // to, the zero MAC would never verify.
        let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            return AuditMac::GENESIS;
        };
        hmac.update(&canonical(sequence, previous, event));
        AuditMac(hmac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey(..)")
    }
}

/// The MAC of a record.
#[derive(Clone, Copy, Eq)]
pub struct AuditMac([u8; 32]);

impl AuditMac {
    /// What stands before the first record.
    pub const GENESIS: Self = Self([0; 32]);

    /// The MAC of these bytes, as a store kept them.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the MAC.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the 64 hexadecimal digits that [`fmt::Display`] writes.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (position, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(position * 2..position * 2 + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl PartialEq for AuditMac {
    /// Compares in constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Display for AuditMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for AuditMac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuditMac({self})")
    }
}

/// A record of the audit: an event at its place in the chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuditRecord {
    /// Its place: 1, 2, 3, ... without a gap.
    pub sequence: u64,
    /// What happened.
    pub event: AuditEvent,
    /// The MAC over sequence, event and the MAC of the record before.
    pub mac: AuditMac,
}

impl AuditRecord {
    /// The head of the chain once this record is its last.
    pub fn head(&self) -> Checkpoint {
        Checkpoint {
            sequence: self.sequence,
            mac: self.mac,
            time: self.event.time,
        }
    }
}

/// A point of the chain, to be signed and kept elsewhere.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The sequence of the last record.
    pub sequence: u64,
    /// The MAC of that record.
    pub mac: AuditMac,
    /// When the point was taken.
    pub time: Timestamp,
}

/// A checkpoint with the signature of the installation over it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedCheckpoint {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The JWS in compact form (RFC 7515, section 7.1) that says so.
    pub jws: String,
}

/// The first place at which the chain does not hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("record {sequence} {kind}")]
pub struct Tampering {
    /// The sequence of the first bad record.
    pub sequence: u64,
    /// What is wrong with it.
    pub kind: TamperingKind,
}

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum TamperingKind {
    /// Its MAC does not fit: it was changed, inserted or moved here, or the record before it was.
    #[error("was changed, inserted or moved")]
    Changed,
    /// It fits its place, but a signed checkpoint says that another record stood there.
    #[error("is not the one that was signed in a checkpoint")]
    Forked,
    /// There is no such record, though later ones exist.
    #[error("was removed")]
    Missing,
    /// There is no such record, though a signed checkpoint says that there was.
    #[error("was cut off with everything after it")]
    Truncated,
}

/// Walks the chain record by record and stops at the first that does not hold.
#[derive(Debug)]
pub struct ChainVerifier<'a> {
    key: &'a AuditKey,
    checkpoints: Vec<Checkpoint>,
    head: Option<Checkpoint>,
}

impl<'a> ChainVerifier<'a> {
    /// A verifier that also holds the chain against these checkpoints, whose signatures the caller has checked.
    pub fn new(key: &'a AuditKey, mut checkpoints: Vec<Checkpoint>) -> Self {
        checkpoints.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.sequence));
        Self {
            key,
            checkpoints,
            head: None,
        }
    }

    /// Takes the next record, in the order of the store.
    ///
    /// # Errors
    /// The record that is missing before this one, or this one when it does not fit.
    pub fn next(&mut self, record: &AuditRecord) -> Result<(), Tampering> {
        let expected = self.head.map_or(1, |head| head.sequence.saturating_add(1));
        if record.sequence != expected {
            let kind = if record.sequence > expected {
                TamperingKind::Missing
            } else {
                TamperingKind::Changed
            };
            return Err(Tampering {
                sequence: expected.min(record.sequence),
                kind,
            });
        }
        let before = self.head.map_or(AuditMac::GENESIS, |head| head.mac);
        if self.key.mac(expected, before, &record.event) != record.mac {
            return Err(Tampering {
                sequence: expected,
                kind: TamperingKind::Changed,
            });
        }
        self.compare(record)?;
        self.head = Some(record.head());
        Ok(())
    }

    /// Ends the walk: there are no more records.
    ///
    /// # Errors
    /// The first record that a checkpoint promises and the store no longer has.
    pub fn finish(self) -> Result<Option<Checkpoint>, Tampering> {
        if self.checkpoints.is_empty() {
            return Ok(self.head);
        }
        let sequence = self.head.map_or(1, |head| head.sequence.saturating_add(1));
        Err(Tampering {
            sequence,
            kind: TamperingKind::Truncated,
        })
    }

    /// Holds the record against the checkpoints taken at it.
    fn compare(&mut self, record: &AuditRecord) -> Result<(), Tampering> {
        while let Some(checkpoint) = self.checkpoints.last().copied() {
            if checkpoint.sequence > record.sequence {
                break;
            }
            self.checkpoints.pop();
            if checkpoint.sequence == record.sequence && checkpoint.mac != record.mac {
                return Err(Tampering {
                    sequence: record.sequence,
                    kind: TamperingKind::Forked,
                });
            }
        }
        Ok(())
    }
}

/// Room for the bytes of most events.
const USUAL_BYTES: usize = 768;

/// The bytes under the MAC: every field with its length before it, so that no two events have the same bytes.
fn canonical(sequence: u64, previous: AuditMac, event: &AuditEvent) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    bytes.extend_from_slice(b"breakglass-audit-1\0");
    bytes.extend_from_slice(&sequence.to_be_bytes());
    bytes.extend_from_slice(previous.as_bytes());
    bytes.extend_from_slice(&event.time.millis().to_be_bytes());
    optional(
        &mut bytes,
        event
            .realm_id
            .as_ref()
            .map(|realm| realm.as_bytes().as_slice()),
    );
    field(&mut bytes, event.actor.kind.name().as_bytes());
    field(&mut bytes, event.actor.id.as_bytes());
    field(&mut bytes, event.action.name().as_bytes());
    target(&mut bytes, event.target.as_ref());
    field(&mut bytes, event.outcome.name().as_bytes());
    optional(
        &mut bytes,
        event.source_address.as_deref().map(str::as_bytes),
    );
    optional(&mut bytes, event.request_id.as_deref().map(str::as_bytes));
    bytes.push(u8::from(event.emergency));
    for (name, value) in &event.details {
        field(&mut bytes, name.as_bytes());
        field(&mut bytes, value.as_bytes());
    }
    bytes
}

fn target(bytes: &mut Vec<u8>, target: Option<&AuditTarget>) {
    optional(bytes, target.map(|target| target.kind.name().as_bytes()));
    optional(bytes, target.map(|target| target.id.as_bytes()));
}

fn optional(bytes: &mut Vec<u8>, value: Option<&[u8]>) {
    bytes.push(u8::from(value.is_some()));
    field(bytes, value.unwrap_or_default());
}

fn field(bytes: &mut Vec<u8>, value: &[u8]) {
    bytes.extend_from_slice(&(value.len() as u64).to_be_bytes());
    bytes.extend_from_slice(value);
}
