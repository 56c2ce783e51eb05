//! Where the record of recalls of a data folder lies, when it lies elsewhere: kept in the folder, so that a command that is not
//! told writes and believes the same record as the server.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf, absolute};

use tempfile::NamedTempFile;

/// The record when nothing else is said.
const DEFAULT: &str = "recalls.log";

/// The file that says where it is.
const PLACE: &str = "recalls.where";

/// The record that was used last with this folder.
///
/// # Errors
/// When what the folder says of it cannot be read.
pub(super) fn remembered(folder: &Path) -> io::Result<PathBuf> {
    match fs::read(folder.join(PLACE)) {
        Ok(place) => Ok(OsString::from_vec(place).into()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(folder.join(DEFAULT)),
        Err(error) => Err(error),
    }
}

/// Keeps in the folder which record is used with it. Gives the one that was before, when it was another.
///
/// # Errors
/// When it cannot be kept.
pub(crate) fn remember(folder: &Path, record: &Path) -> io::Result<Option<PathBuf>> {
    let before = absolute(remembered(folder)?)?;
    let now = absolute(record)?;
    if before == now {
        return Ok(None);
    }
    let place = folder.join(PLACE);
    if now == absolute(folder.join(DEFAULT))? {
        fs::remove_file(place)?;
    } else {
        let mut draft = NamedTempFile::new_in(folder)?;
        draft.write_all(now.as_os_str().as_bytes())?;
        draft.as_file().sync_all()?;
        draft.persist(place)?;
    }
    fs::File::open(folder)?.sync_all()?;
    Ok(Some(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_once_is_remembered_until_another_is() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let usual = folder.join(DEFAULT);
        assert_eq!(remembered(folder).unwrap(), usual);
        assert_eq!(remember(folder, &usual).unwrap(), None);
        let elsewhere = Path::new("/elsewhere/recalls");
        assert_eq!(remember(folder, elsewhere).unwrap(), Some(usual.clone()));
        assert_eq!(remember(folder, elsewhere).unwrap(), None);
        assert_eq!(remembered(folder).unwrap(), elsewhere);
        assert_eq!(remember(folder, &usual).unwrap().unwrap(), elsewhere);
        assert_eq!(remembered(folder).unwrap(), usual);
    }
}
