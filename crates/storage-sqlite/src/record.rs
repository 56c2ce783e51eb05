//! The record of recalls: a file beside the store that has every recall of it, so that what has ended is known where the
//! store itself was lost.
//!
//! A line is a JSON array of the recalls of one group of commits. It is written without its end before the group is committed,
//! so that a full disk or a folder that is gone refuses the group, and ended and synced after the commit and before anybody
//! hears of it. So the record has every recall that was acknowledged, and none that the store does not have; a line without an
//! end counts for nothing. Whatever a crash or a failing disk leaves unwritten the store still has; the next group that recalls
//! anything writes it, or in which somebody is told that a thing has ended already, or the next opening of the store.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use breakglass_domain::audit::AuditMac;
use breakglass_domain::{Recall, RecallHead, RecallKind, RecallRecord, Timestamp};
use serde::{Deserialize, Serialize};

use crate::column::Key;

/// A recall as the file has it: bytes in hexadecimal digits, instants in milliseconds since 1970 UTC.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    number: u64,
    time: i64,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instant: Option<i64>,
    mac: String,
}

impl From<&RecallRecord> for Written {
    fn from(record: &RecallRecord) -> Self {
        let recall = &record.recall;
        Self {
            number: record.number,
            time: record.time.millis(),
            kind: recall.kind.name().to_owned(),
            scope: recall.scope.as_ref().map(|id| digits(id)),
            id: digits(&recall.id),
            place: recall.place,
            instant: recall.instant.map(Timestamp::millis),
            mac: record.mac.to_string(),
        }
    }
}

impl Written {
    fn read(self) -> Option<RecallRecord> {
        let scope = match self.scope {
            Some(text) => Some(bytes(&text)?.try_into().ok()?),
            None => None,
        };
        Some(RecallRecord {
            number: self.number,
            time: Timestamp::from_millis(self.time),
            recall: Recall {
                kind: RecallKind::from_name(&self.kind)?,
                scope,
                id: bytes(&self.id)?,
                place: self.place,
                instant: self.instant.map(Timestamp::from_millis),
            },
            mac: AuditMac::from_hex(&self.mac)?,
        })
    }
}

/// The record, as one process sees it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    path: PathBuf,
    /// How long it was when it was read last, and the last recall in it.
    seen: (u64, RecallHead),
}

/// The record, open and kept from others, before a line is added.
#[derive(Debug)]
pub(crate) struct Turn {
    file: File,
    /// Where the next line begins.
    end: u64,
    /// The last recall that it has.
    pub(crate) head: RecallHead,
}

/// A line that was written and does not count yet.
#[derive(Debug)]
pub(crate) struct Begun {
    turn: Turn,
    /// Where its end comes.
    length: u64,
    head: RecallHead,
}

impl Record {
    /// The record in this file, of which nothing is known yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            seen: (0, RecallHead::GENESIS),
        }
    }

    /// Its file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it, makes it when it is not there, and waits until nobody else writes.
    pub(crate) fn open(&self) -> io::Result<Turn> {
        let is_new = !self.path.exists();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.path)?;
        file.lock()?;
        if is_new {
            sync_folder(&self.path)?;
        }
        let length = file.metadata()?.len();
        if length > 0 && length == self.seen.0 {
            let (end, head) = self.seen;
            return Ok(Turn { file, end, head });
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let (records, end) = parse(&text)?;
        let head = records
            .last()
            .map_or(RecallHead::GENESIS, RecallRecord::head);
        Ok(Turn { file, end, head })
    }

    /// Lets the line count, and waits until it is on the disk.
    pub(crate) fn end(&mut self, begun: Begun) -> io::Result<()> {
        let Begun { turn, length, head } = begun;
        turn.file.write_all_at(b"\n", length)?;
        turn.file.sync_all()?;
        self.seen = (length + 1, head);
        Ok(())
    }

    /// Puts the file aside under another name.
    pub(crate) fn set_aside(&mut self, suffix: &str) -> io::Result<()> {
        std::fs::rename(&self.path, sibling(&self.path, suffix))?;
        self.seen = (0, RecallHead::GENESIS);
        sync_folder(&self.path)
    }
}

impl Turn {
    /// Writes a line that does not count yet.
    pub(crate) fn begin(mut self, records: &[RecallRecord]) -> io::Result<Begun> {
        let line: Vec<Written> = records.iter().map(Written::from).collect();
        let mut text = serde_json::to_vec(&line).map_err(io::Error::other)?;
        // Its end takes no more room on the disk than this does.
        text.push(b' ');
        self.file.set_len(self.end)?;
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&text)?;
        let length = self.end + text.len() as u64 - 1;
        let head = records.last().map_or(self.head, RecallRecord::head);
        Ok(Begun {
            length,
            head,
            turn: self,
        })
    }
}

impl Begun {
    /// Takes the line back.
    pub(crate) fn take_back(self) {
        // What cannot be taken back counts for nothing without its end.
        drop(self.turn.file.set_len(self.turn.end));
    }
}

/// Reads every recall of a record, in the order of the file. A file that is not there has none.
///
/// # Errors
/// When it cannot be read, or a line of it makes no sense.
pub fn read_record(path: &Path) -> io::Result<Vec<RecallRecord>> {
    match std::fs::read(path) {
        Ok(text) => Ok(parse(&text)?.0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The recalls of every line that has an end, and where the last of them ends.
fn parse(text: &[u8]) -> io::Result<(Vec<RecallRecord>, u64)> {
    let mut records = Vec::new();
    let mut end = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if !line.ends_with(b"\n") {
            break;
        }
        let written: Vec<Written> = serde_json::from_slice(line)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        for written in written {
            let record = written.read();
            records.push(record.ok_or(io::ErrorKind::InvalidData)?);
        }
        end += line.len() as u64;
    }
    Ok((records, end))
}

/// The file of this name with something behind it.
pub(crate) fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// Makes the names in the folder of a file durable.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

fn digits(bytes: &[u8]) -> String {
    Key::Bytes(bytes).to_string()
}

fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use breakglass_domain::audit::AuditKey;

    use super::*;

    fn records(count: u8) -> Vec<RecallRecord> {
        let mut head = RecallHead::GENESIS;
        let mut records = Vec::new();
        for number in 0..count {
            let recall = Recall {
                kind: RecallKind::Session,
                scope: (number % 2 == 0).then_some([number; 16]),
                id: vec![number; 32],
                place: Some(u64::from(number)),
                instant: Some(Timestamp::from_millis(-1)),
            };
            let time = Timestamp::from_millis(i64::from(number));
            let record = AuditKey::new([1; 32]).seal_recall(head, time, recall);
            head = record.head();
            records.push(record);
        }
        records
    }

    #[test]
    fn a_line_counts_once_it_has_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recalls");
        let all = records(5);
        let mut record = Record::new(path.clone());
        let begun = record.open().unwrap().begin(&all[..2]).unwrap();
        assert_eq!(read_record(&path).unwrap(), []);
        record.end(begun).unwrap();
        assert_eq!(read_record(&path).unwrap(), all[..2]);
        // A crash leaves a line without its end; the next begins in its place.
        drop(record.open().unwrap().begin(&all[2..]).unwrap());
        let mut other = Record::new(path.clone());
        let turn = other.open().unwrap();
        assert_eq!(turn.head, all[1].head());
        let begun = turn.begin(&all[2..3]).unwrap();
        other.end(begun).unwrap();
        record.open().unwrap().begin(&all[3..]).unwrap().take_back();
        assert_eq!(read_record(&path).unwrap(), all[..3]);
    }

    #[test]
    fn a_line_that_makes_no_sense_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recalls");
        for text in [
            "x\n",
            "[{}]\n",
            "[{\"number\":1,\"time\":0,\"kind\":\"x\",\"id\":\"\",\"mac\":\"\"}]\n",
        ] {
            std::fs::write(&path, text).unwrap();
            let error = read_record(&path).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{text}");
        }
    }
}
