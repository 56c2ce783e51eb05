//! Checkpoints in a file that lies elsewhere.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use breakglass_domain::audit::SignedCheckpoint;
use breakglass_ports::CheckpointAnchor;

use crate::exit::{Exit, Failure};

/// Appends checkpoints to a file, a compact JWS per line.
#[derive(Clone, Debug)]
pub(crate) struct FileAnchor(PathBuf);

impl FileAnchor {
    /// An anchor on this file, which is made with the first checkpoint.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

#[async_trait]
impl CheckpointAnchor for FileAnchor {
    async fn append(&self, checkpoint: &SignedCheckpoint) -> Result<(), String> {
        let (path, jws) = (self.0.clone(), checkpoint.jws.clone());
        let outcome = tokio::task::spawn_blocking(move || append_line(&path, &jws)).await;
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(format!("{}: {error}", self.0.display())),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Appends a line in one write, so that two processes do not mix theirs, and waits until it is on the disk.
///
/// # Errors
/// When the file cannot be opened or written.
pub(crate) fn append_line(path: &Path, line: &str) -> io::Result<()> {
    let mut file = open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_all()
}

/// Checks that checkpoints can go to a file, before anybody relies on it. Makes it when it is not there.
///
/// # Errors
/// [`Exit::Usage`] when it cannot be opened for appending.
pub(crate) fn ensure_writable(path: &Path) -> Result<(), Failure> {
    open(path).map(drop).map_err(|error| {
        let message = format!("checkpoint-file: cannot append to {}", path.display());
        Failure::caused(Exit::Usage, message, &error)
    })
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use breakglass_domain::Timestamp;
    use breakglass_domain::audit::{AuditMac, Checkpoint};

    use super::*;

    fn checkpoint(sequence: u64) -> SignedCheckpoint {
        SignedCheckpoint {
            checkpoint: Checkpoint {
                sequence,
                mac: AuditMac::from_bytes([0; 32]),
                time: Timestamp::from_millis(0),
            },
            jws: format!("jws-{sequence}"),
        }
    }

    #[tokio::test]
    async fn each_checkpoint_comes_after_those_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoints");
        for sequence in 1..=2 {
            let anchor = FileAnchor::new(path.clone());
            anchor.append(&checkpoint(sequence)).await.unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "jws-1\njws-2\n");
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_written_is_named() {
        let anchor = FileAnchor::new("/nowhere/checkpoints".into());
        let reason = anchor.append(&checkpoint(1)).await.unwrap_err();
        assert!(reason.contains("/nowhere/checkpoints"), "{reason}");
    }
}
