//! The file of a copy of the store.
//!
//! A first line says what it is, a second what it holds (a JSON object), then come the bytes of the store, and at the end a
//! MAC over all of it: 32 bytes, under the key of the audit. It is no database itself, so that nobody takes it for one: whoever
//! puts it back goes by `breakglass restore`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use breakglass_domain::audit::{AuditMac, Checkpoint};
use breakglass_domain::{BackupMac, BackupManifest, RecallHead, SealedBytes, Timestamp};
use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Failure};

/// The first line.
const MAGIC: &[u8] = b"breakglass backup 1\n";

/// The most bytes that the second line may have.
const MAX_MANIFEST: u64 = 64 * 1024;

/// The bytes of the MAC at the end.
const MAC_BYTES: u64 = 32;

/// How many bytes are read at once.
const PIECE: usize = 64 * 1024;

/// What a copy says of itself, as the file has it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Written {
    installation: String,
    created_at: i64,
    audit_sequence: u64,
    audit_mac: String,
    audit_time: i64,
    recall_epoch: u64,
    recall_mac: String,
    schema: i64,
    sealed_audit_key: String,
}

impl From<&BackupManifest> for Written {
    fn from(manifest: &BackupManifest) -> Self {
        Self {
            installation: manifest.installation.to_string(),
            created_at: manifest.created_at.millis(),
            audit_sequence: manifest.audit_head.sequence,
            audit_mac: manifest.audit_head.mac.to_string(),
            audit_time: manifest.audit_head.time.millis(),
            recall_epoch: manifest.recall_head.number,
            recall_mac: manifest.recall_head.mac.to_string(),
            schema: manifest.schema,
            sealed_audit_key: STANDARD.encode(manifest.sealed_audit_key.as_bytes()),
        }
    }
}

impl Written {
    fn read(self) -> Option<BackupManifest> {
        Some(BackupManifest {
            installation: self.installation.parse().ok()?,
            created_at: Timestamp::from_millis(self.created_at),
            audit_head: Checkpoint {
                sequence: self.audit_sequence,
                mac: AuditMac::from_hex(&self.audit_mac)?,
                time: Timestamp::from_millis(self.audit_time),
            },
            recall_head: RecallHead {
                number: self.recall_epoch,
                mac: AuditMac::from_hex(&self.recall_mac)?,
            },
            schema: self.schema,
            sealed_audit_key: SealedBytes::new(STANDARD.decode(self.sealed_audit_key).ok()?),
        })
    }
}

/// Writes a copy, and waits until it is on the disk.
///
/// # Errors
/// When the store cannot be read or the file not be written.
pub(crate) fn write(
    to: &mut File,
    manifest: &BackupManifest,
    store: &Path,
    mut mac: BackupMac,
) -> io::Result<()> {
    let mut line = serde_json::to_vec(&Written::from(manifest)).map_err(io::Error::other)?;
    line.push(b'\n');
    for piece in [MAGIC, &line] {
        mac.update(piece);
        to.write_all(piece)?;
    }
    let mut store = File::open(store)?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = store.read(&mut piece)?;
        let Some(bytes) = piece.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        mac.update(bytes);
        to.write_all(bytes)?;
    }
    to.write_all(mac.finish().as_bytes())?;
    to.sync_all()
}

/// A copy that is being read.
pub(crate) struct BackupFile {
    input: BufReader<File>,
    /// What it says of itself, which is believed once all of it was read.
    pub(crate) manifest: BackupManifest,
    line: Vec<u8>,
    /// How many bytes of the store follow.
    store_bytes: u64,
}

impl BackupFile {
    /// Reads what a copy says of itself.
    ///
    /// # Errors
    /// [`Exit::BackupTampered`] when it is none, [`Exit::Failed`] when it cannot be read.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| unreadable(path, &error))?;
        let length = file
            .metadata()
            .map_err(|error| unreadable(path, &error))?
            .len();
        let mut input = BufReader::new(file);
        let none = || {
            let message = format!(
                "{} is no copy of a store that this program made",
                path.display()
            );
            Failure::new(Exit::BackupTampered, message)
        };
        let mut magic = vec![0; MAGIC.len()];
        input.read_exact(&mut magic).map_err(|_| none())?;
        let mut line = Vec::new();
        let read = input
            .by_ref()
            .take(MAX_MANIFEST)
            .read_until(b'\n', &mut line);
        read.map_err(|error| unreadable(path, &error))?;
        let written: Option<Written> = serde_json::from_slice(&line).ok();
        let manifest = written.and_then(Written::read);
        let head = (MAGIC.len() + line.len()) as u64;
        let store_bytes = length.checked_sub(head + MAC_BYTES);
        match (magic == MAGIC, manifest, store_bytes) {
            (true, Some(manifest), Some(store_bytes)) => Ok(Self {
                input,
                manifest,
                line,
                store_bytes,
            }),
            _ => Err(none()),
        }
    }

    /// Writes the store that it holds to a file, while every byte is checked.
    ///
    /// # Errors
    /// [`Exit::BackupTampered`] when a byte was changed; then what was written is worth nothing.
    pub(crate) fn extract(
        mut self,
        path: &Path,
        to: &mut File,
        mut mac: BackupMac,
    ) -> Result<(), Failure> {
        let failed = |error: &io::Error| {
            Failure::caused(Exit::Failed, "cannot write the copy's store", error)
        };
        mac.update(MAGIC);
        mac.update(&self.line);
        let mut left = self.store_bytes;
        let mut piece = vec![0; PIECE];
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let room = piece.get_mut(..most).unwrap_or_default();
            self.input
                .read_exact(room)
                .map_err(|error| unreadable(path, &error))?;
            mac.update(room);
            to.write_all(room).map_err(|error| failed(&error))?;
            left -= most as u64;
        }
        let mut kept = [0; 32];
        self.input
            .read_exact(&mut kept)
            .map_err(|error| unreadable(path, &error))?;
        if mac.finish() != AuditMac::from_bytes(kept) {
            let message = format!("{} was changed, or is not whole", path.display());
            return Err(Failure::new(Exit::BackupTampered, message));
        }
        to.sync_all().map_err(|error| failed(&error))
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::caused(
        Exit::Failed,
        format!("cannot read {}", path.display()),
        error,
    )
}
