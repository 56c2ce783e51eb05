//! A disk and a clock that fail when they are told to, for one server.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;

use crate::{Place, Serve};

/// What stands between the server and the C library.
const SHIM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/shim/faults.c");

/// How a write or a sync fails: the numbers of the system's errors on Linux.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(i64)]
pub enum Failing {
    /// It does not.
    Not = 0,
    /// The device fails (`EIO`).
    Device = 5,
    /// There is no room (`ENOSPC`).
    Full = 28,
    /// The file system is read-only (`EROFS`).
    ReadOnly = 30,
}

/// The faults of one server, none at first.
#[derive(Debug)]
pub struct Faults {
    control: File,
    path: PathBuf,
    shim: PathBuf,
}

impl Faults {
    /// Makes the shim with the C compiler of this system.
    pub fn new(place: &Place) -> Self {
        let (path, shim) = (place.path("faults"), place.path("faults.so"));
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .arg(&shim)
            .args([SHIM, "-ldl"])
            .status()
            .expect("a C compiler is needed, as for SQLite, and `cc` does not start");
        assert!(made.success(), "{SHIM} cannot be compiled");
        let control = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .expect("the file can be made");
        control.set_len(40).expect("the file can be written");
        Self {
            control,
            path,
            shim,
        }
    }

    /// A server that has these faults.
    pub fn on(&self, serve: Serve) -> Serve {
        serve
            .env("LD_PRELOAD", &self.shim)
            .env("BREAKGLASS_FAULTS", &self.path)
    }

    /// By how many milliseconds its clock is off.
    pub fn clock(&self, millis: i64) {
        self.set(0, millis);
    }

    /// How what it writes into files fails.
    pub fn writes(&self, failing: Failing) {
        self.set(1, failing as i64);
    }

    /// How what it syncs fails.
    pub fn syncs(&self, failing: Failing) {
        self.set(2, failing as i64);
    }

    /// How many milliseconds each sync takes longer.
    pub fn slow_syncs(&self, millis: i64) {
        self.set(3, millis);
    }

    /// How often it has begun to sync.
    pub fn synced(&self) -> i64 {
        let mut bytes = [0; 8];
        self.control
            .read_exact_at(&mut bytes, 4 * 8)
            .expect("the file can be read");
        i64::from_ne_bytes(bytes)
    }

    fn set(&self, field: u64, value: i64) {
        self.control
            .write_all_at(&value.to_ne_bytes(), field * 8)
            .expect("the file can be written");
    }
}
