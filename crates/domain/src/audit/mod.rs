//! The audit: what is recorded, and the keyed chain that shows any tampering.
//!
//! Each record carries a MAC over its content, its sequence and the MAC of its predecessor. Whoever can write the table
//! but has not the key can neither change, remove, insert nor reorder a record unseen. A tail that was cut off leaves no
//! trace in the table itself; it shows against a [`Checkpoint`] that was kept elsewhere.

mod action;
mod chain;
mod event;
#[cfg(test)]
mod tests;

pub use action::AuditAction;
pub use chain::{
    AuditKey, AuditMac, AuditRecord, ChainVerifier, Checkpoint, SignedCheckpoint, Tampering,
    TamperingKind,
};
pub use event::{AuditEvent, AuditEvents, AuditTarget, Outcome, TargetKind};
