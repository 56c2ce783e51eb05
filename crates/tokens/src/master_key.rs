//! The master key and the file it stands in.

use std::fmt;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
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

/// The longest content that is read: two keys of 43 characters with room for line ends, and one more to notice excess.
const MAX_FILE_BYTES: usize = 128;

/// The key under which all other keys are sealed: 32 random bytes, wiped when dropped, never printed.
///
/// Its file holds the bytes in base64url without padding (RFC 4648, section 5) and a line end, and has mode 0600. While the
/// key is being replaced, a second line holds the one before it, which opens what is not sealed anew yet.
pub struct MasterKey {
    current: KeyBytes,
    previous: Option<KeyBytes>,
}

type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

impl MasterKey {
    /// Takes 32 random bytes as the key.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self {
            current: Zeroizing::new(bytes),
            previous: None,
        }
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
        let mut content = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES));
        file.take(MAX_FILE_BYTES as u64)
            .read_to_end(&mut content)
            .map_err(|error| failed(path, error))?;
        parse(&content).ok_or_else(|| malformed(path))
    }

    /// Makes a new key and its file, or reads the one that another process made first: whoever calls this at the same
    /// time gets the same key. The file and its name are on disk when this returns.
    ///
    /// # Errors
    /// As [`MasterKey::load`]; when randomness fails, and when the folder cannot be written.
    pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<Self, MasterKeyError> {
        let key = Self {
            current: random(entropy)?,
            previous: None,
        };
        let draft = draft_path(path, entropy)?;
        let linked = write_draft(&draft, &key, None).and_then(|()| fs::hard_link(&draft, path));
        let removed = fs::remove_file(&draft);
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Self::load(path),
            Err(error) => return Err(failed(path, error)),
        }
        removed
            .and_then(|()| sync_folder(path))
            .map_err(|error| failed(path, error))?;
        Ok(key)
    }

    /// Puts a new key in force: the file holds it, and the one before it on a second line. When it holds two already, a
    /// replacement broke off, and this one goes on with it.
    ///
    /// # Errors
    /// As [`MasterKey::load`]; when randomness fails, and when the file cannot be replaced.
    pub fn begin_replacement(path: &Path, entropy: &dyn Entropy) -> Result<Self, MasterKeyError> {
        let present = Self::load(path)?;
        if present.previous.is_some() {
            return Ok(present);
        }
        let key = Self {
            current: random(entropy)?,
            previous: Some(present.current),
        };
        key.replace_file(path, entropy)?;
        Ok(key)
    }

    /// Takes the key before the present one out of the file: nothing is sealed under it any more.
    ///
    /// # Errors
    /// As [`MasterKey::begin_replacement`].
    pub fn end_replacement(path: &Path, entropy: &dyn Entropy) -> Result<(), MasterKeyError> {
        let present = Self::load(path)?;
        let key = Self {
            previous: None,
            ..present
        };
        key.replace_file(path, entropy)
    }

    /// Replaces the file at once and as a whole; it stays its owner's.
    fn replace_file(&self, path: &Path, entropy: &dyn Entropy) -> Result<(), MasterKeyError> {
        let draft = draft_path(path, entropy)?;
        let written = fs::metadata(path)
            .and_then(|owner| write_draft(&draft, self, Some(&owner)))
            .and_then(|()| fs::rename(&draft, path))
            .and_then(|()| sync_folder(path));
        written.map_err(|error| {
            // A draft that is left holds a key.
            fs::remove_file(&draft).ok();
            failed(path, error)
        })
    }

    /// The bytes of the key, to seal under.
    pub(crate) fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.current
    }

    /// The bytes of every key that may open what is sealed, the present one first.
    pub(crate) fn opening(&self) -> impl Iterator<Item = &[u8; KEY_BYTES]> {
        [Some(&self.current), self.previous.as_ref()]
            .into_iter()
            .flatten()
            .map(|key| &**key)
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
    /// The file is not a regular one that holds 32 bytes in base64url, or twice that many in two lines, and nothing else.
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

fn parse(content: &[u8]) -> Option<MasterKey> {
    let mut lines = content.trim_ascii_end().splitn(2, |&byte| byte == b'\n');
    let current = parse_line(lines.next()?)?;
    let previous = match lines.next() {
        Some(line) => Some(parse_line(line)?),
        None => None,
    };
    Some(MasterKey { current, previous })
}

fn parse_line(line: &[u8]) -> Option<KeyBytes> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let read = URL_SAFE_NO_PAD.decode_slice(line, bytes.as_mut_slice());
    (read == Ok(KEY_BYTES)).then_some(bytes)
}

fn random(entropy: &dyn Entropy) -> Result<KeyBytes, MasterKeyError> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    entropy
        .fill(bytes.as_mut_slice())
        .map_err(|_| MasterKeyError::Randomness)?;
    Ok(bytes)
}

/// The key is written under a name of its own first and gets its real name when it is whole, so that nobody ever reads
/// half a key.
fn draft_path(path: &Path, entropy: &dyn Entropy) -> Result<PathBuf, MasterKeyError> {
    let mut suffix = [0; 8];
    entropy
        .fill(&mut suffix)
        .map_err(|_| MasterKeyError::Randomness)?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{:016x}", u64::from_ne_bytes(suffix)));
    Ok(PathBuf::from(name))
}

fn write_draft(draft: &Path, key: &MasterKey, owner: Option<&Metadata>) -> io::Result<()> {
    let mut text = Zeroizing::new(String::with_capacity(MAX_FILE_BYTES));
    for bytes in key.opening() {
        URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
        text.push('\n');
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(draft)?;
    if let Some(owner) = owner {
        fchown(&file, Some(owner.uid()), Some(owner.gid()))?;
    }
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
