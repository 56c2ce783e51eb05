//! The master key and the file it stands in.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use breakglass_ports::Entropy;
use zeroize::Zeroizing;

/// Bytes of the key.
const KEY_BYTES: usize = 32;

/// The mode of the file: its owner reads and writes, nobody else does anything.
const FILE_MODE: u32 = 0o600;

/// The mode bits that let the group or others at the file.
const EXPOSED_BITS: u32 = 0o077;

/// The longest content that is read: the 43 characters of a key with room for a line end, and one more to notice excess.
const MAX_FILE_BYTES: usize = 64;

/// The key under which all other keys are sealed: 32 random bytes, wiped when dropped, never printed.
///
/// Its file holds the bytes in base64url without padding (RFC 4648, section 5) and a line end, and has mode 0600.
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

impl MasterKey {
    /// Takes 32 random bytes as the key.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads the key from its file.
    ///
    /// # Errors
    /// When there is no such file, when group or others may do anything with it, when it does not hold 32 bytes in
    /// base64url, and when it cannot be read.
    pub fn load(path: &Path) -> Result<Self, MasterKeyError> {
        let file = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => MasterKeyError::Missing {
                path: path.to_owned(),
            },
            _ => failed(path, error),
        })?;
        // The mode is asked of the open file, so that no other file can be put in its place in between.
        let metadata = file.metadata().map_err(|error| failed(path, error))?;
        if !metadata.is_file() {
            return Err(malformed(path));
        }
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & EXPOSED_BITS != 0 {
            return Err(MasterKeyError::Exposed {
                path: path.to_owned(),
                mode,
            });
        }
        read_key(file, path)
    }

    /// Makes a new key and its file, or reads the one that another process made first: whoever calls this at the same
    /// time gets the same key. The file and its name are on disk when this returns.
    ///
    /// # Errors
    /// As [`MasterKey::load`]; when randomness fails, and when the folder cannot be written.
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, MasterKeyError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        let mut suffix = [0; 8];
        entropy
            .fill(bytes.as_mut_slice())
            .and_then(|()| entropy.fill(&mut suffix))
            .map_err(|_| MasterKeyError::Randomness)?;

        let draft = draft_path(path, u64::from_ne_bytes(suffix));
        let linked = write_draft(&draft, &bytes).and_then(|()| fs::hard_link(&draft, path));
        let removed = fs::remove_file(&draft);
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Self::load(path),
            Err(error) => return Err(failed(path, error)),
        }
        removed
            .and_then(|()| sync_folder(path))
            .map_err(|error| failed(path, error))?;
        Ok(Self(bytes))
    }

    /// The bytes of the key, to seal under.
    pub(crate) fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// Why there is no master key to work with. Never holds anything of the file's content.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The group or others may read, write or run the file.
    #[error("{path:?} must be its owner's alone (mode 0600), but has mode {mode:04o}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode bits.
        mode: u32,
    },
    /// The file could not be read or written.
    #[error("{path:?} could not be read or written")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The file is not a regular one that holds 32 bytes in base64url and nothing else.
    #[error("{path:?} does not hold a master key: 32 bytes in base64url on one line")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("{path:?} does not exist")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The random source failed.
    #[error("the random source failed")]
    Randomness,
}

fn failed(path: &Path, source: io::Error) -> MasterKeyError {
    MasterKeyError::Io {
        path: path.to_owned(),
        source,
    }
}

fn malformed(path: &Path) -> MasterKeyError {
    MasterKeyError::Malformed {
        path: path.to_owned(),
    }
}

fn read_key(file: File, path: &Path) -> Result<MasterKey, MasterKeyError> {
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES));
    file.take(MAX_FILE_BYTES as u64)
        .read_to_end(&mut text)
        .map_err(|error| failed(path, error))?;
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    match URL_SAFE_NO_PAD.decode_slice(text.trim_ascii_end(), bytes.as_mut_slice()) {
        Ok(KEY_BYTES) => Ok(MasterKey(bytes)),
        _ => Err(malformed(path)),
    }
}

/// The key is written under a name of its own first and gets its real name when it is whole, so that nobody ever reads
/// half a key.
fn draft_path(path: &Path, suffix: u64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{suffix:016x}"));
    PathBuf::from(name)
}

fn write_draft(draft: &Path, bytes: &[u8; KEY_BYTES]) -> io::Result<()> {
    let mut text = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes));
    text.push('\n');
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A new name is durable only once its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
