//! A copy that is put in the place of the store: staged beside it, and moved there as a whole or not at all.
//!
//! The copy is made ready in a folder of its own. A small file that says so is the one step that counts: whoever opens the
//! store from then on moves the old one aside and the copy into its place first. A crash before that step leaves the old store,
//! a crash after it the new one. The old store is never deleted.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::open::{OpenError, lock_folder};
use crate::record::{sibling, sync_folder};

/// The folder in which a copy is made ready.
const STAGE: &str = "restoring";

/// What is behind the store's name in that of the file that says that a copy is ready.
const READY: &str = "ready";

/// The files of a store beside its own.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", ""];

/// Whether there is a store in this file, or a copy that is about to take its place.
pub fn is_there(path: &Path) -> bool {
    // What cannot be told is taken to be there, so that nothing is put over it unasked.
    [path.to_owned(), sibling(path, READY)]
        .iter()
        .any(|file| file.try_exists().unwrap_or(true))
}

/// Whether a copy is ready to take the place of the store of this file, which the next opening of it lets it do.
///
/// # Errors
/// When that cannot be told.
pub fn is_pending(path: &Path) -> io::Result<bool> {
    sibling(path, READY).try_exists()
}

/// What is known of the recalls since the copy was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SinceCopy {
    /// All of them are in the copy by now, as its record has them.
    Known,
    /// The record of them is lost, and the operator has chosen what counts: a record that does not fit is set aside.
    Lost,
}

/// A copy that has taken the place of the store.
#[derive(Clone, Debug)]
pub(crate) struct Replaced {
    /// The stamp under which the old store is kept.
    pub(crate) stamp: String,
    pub(crate) since: SinceCopy,
}

/// What is behind the stamp in the file that says that a copy is ready, when the record is lost.
const LOST: &str = "\nrecalls lost";

/// A copy that is being put in the place of a store, which nobody uses meanwhile.
#[derive(Debug)]
pub struct PutBack {
    path: PathBuf,
    /// Keeps everybody out until this is dropped.
    _presence: File,
    is_ready: bool,
}

impl Drop for PutBack {
    fn drop(&mut self) {
        if !self.is_ready {
            // Whatever is left of it is taken away by the next.
            drop(fs::remove_dir_all(self.path.with_file_name(STAGE)));
        }
    }
}

impl PutBack {
    /// Keeps everybody out of the store of this file, and makes room for the copy.
    ///
    /// # Errors
    /// [`OpenError::InUse`] while a process has the store open.
    pub fn begin(path: &Path) -> Result<Self, OpenError> {
        let (path, folder) = lock_folder(path)?;
        let presence = presence(&path)?;
        if presence.try_lock().is_err() {
            return Err(OpenError::InUse { path });
        }
        let made = finish(&path).and_then(|_| {
            remove(&sibling(&path, READY))?;
            let stage = path.with_file_name(STAGE);
            if stage.try_exists()? {
                fs::remove_dir_all(&stage)?;
            }
            DirBuilder::new().mode(0o700).create(&stage)
        });
        drop(folder);
        match made {
            Ok(()) => Ok(Self {
                path,
                _presence: presence,
                is_ready: false,
            }),
            Err(source) => Err(OpenError::Folder { path, source }),
        }
    }

    /// Where the copy is to be made ready.
    pub fn staged(&self) -> PathBuf {
        staged(&self.path)
    }

    /// Lets the copy, which is closed, take the place of the store with the next opening of it. Gives the name under which the
    /// old one, if there is one, is kept.
    ///
    /// # Errors
    /// When the copy was not closed in good order, or cannot be made durable; then nothing has changed. When that it is ready
    /// cannot be made durable, the next opening tells which of the two there is.
    pub fn commit(mut self, stamp: &str, since: SinceCopy) -> io::Result<PathBuf> {
        let staged = self.staged();
        match fs::metadata(with(&staged, "-wal")) {
            // Only the file itself is moved: what still stands in the log would be lost.
            Ok(log) if log.len() > 0 => {
                return Err(io::Error::other("the copy was not closed in good order"));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        File::open(&staged)?.sync_all()?;
        sync_folder(&staged)?;
        let ready = sibling(&self.path, READY);
        let draft = self.path.with_file_name(STAGE).join(READY);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(stamp.as_bytes())?;
        if since == SinceCopy::Lost {
            file.write_all(LOST.as_bytes())?;
        }
        file.sync_all()?;
        fs::rename(&draft, &ready)?;
        self.is_ready = true;
        sync_folder(&self.path)?;
        Ok(sibling(&self.path, &replaced(stamp)))
    }
}

/// What is behind a name once what had it was replaced.
pub(crate) fn replaced(stamp: &str) -> String {
    format!("replaced-{stamp}")
}

/// Moves a copy that is ready into its place, if there is one, and tells of it. Whoever calls keeps everybody else out of
/// the folder.
pub(crate) fn finish(path: &Path) -> io::Result<Option<Replaced>> {
    let ready = match fs::read_to_string(sibling(path, READY)) {
        Ok(ready) => ready,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let (stamp, since) = match ready.strip_suffix(LOST) {
        Some(stamp) => (stamp.to_owned(), SinceCopy::Lost),
        None => (ready, SinceCopy::Known),
    };
    let staged = staged(path);
    if staged.try_exists()? {
        let aside = sibling(path, &replaced(&stamp));
        for companion in COMPANIONS {
            let (from, to) = (with(path, companion), with(&aside, companion));
            match fs::rename(from, to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&staged, path)?;
        sync_folder(path)?;
    }
    Ok(Some(Replaced { stamp, since }))
}

/// Tells that the copy is in its place, and everything else is told of it.
pub(crate) fn done(path: &Path) -> io::Result<()> {
    if staged(path).try_exists()? {
        return Err(io::Error::other("the copy is not in its place"));
    }
    remove(&sibling(path, READY))?;
    match fs::remove_dir_all(path.with_file_name(STAGE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => sync_folder(path),
    }
}

/// The file by which those who have the store open keep out whoever would replace it.
pub(crate) fn presence(path: &Path) -> Result<File, OpenError> {
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(sibling(path, "lock"));
    opened.map_err(|source| OpenError::Folder {
        path: path.to_owned(),
        source,
    })
}

fn staged(path: &Path) -> PathBuf {
    let stage = path.with_file_name(STAGE);
    path.file_name()
        .map_or(stage.clone(), |name| stage.join(name))
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}
