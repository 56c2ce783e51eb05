//! The folder of one test.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Command, PASSWORD, Serve};

/// The folder of one test: the data folder, and beside it whatever the test keeps.
#[derive(Debug)]
pub struct Place {
    root: TempDir,
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

impl Place {
    /// A new, empty folder.
    pub fn new() -> Self {
        let root = tempfile::Builder::new()
            .prefix("breakglass-e2e-")
            .tempdir()
            .expect("a temporary folder");
        Self { root }
    }

    /// A folder with an installation, whose administrator has the password [`PASSWORD`].
    pub fn installed() -> Self {
        let place = Self::new();
        place
            .local(["init", "--public-url", "http://127.0.0.1:8730"])
            .args(["--admin-password-file"])
            .args([place.password_file()])
            .run()
            .ok();
        place
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The database.
    pub fn store(&self) -> PathBuf {
        self.data().join("breakglass.db")
    }

    /// Writes a file that is its owner's alone.
    pub fn secret_file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .expect("the file can be made");
        file.write_all(text.as_bytes())
            .expect("the file can be written");
        path
    }

    /// The file with the password of the administrator.
    pub fn password_file(&self) -> PathBuf {
        self.secret_file("password", PASSWORD)
    }

    /// A copy of the data folder, to be tampered with.
    pub fn copy_of_data(&self, name: &str) -> PathBuf {
        let copy = self.path(name);
        fs::create_dir(&copy).expect("the folder can be made");
        for path in files_below(&self.data()) {
            let target = copy.join(path.file_name().expect("a file has a name"));
            fs::copy(&path, target).expect("the file can be copied");
        }
        copy
    }

    /// Every file of the data folder.
    pub fn data_files(&self) -> Vec<PathBuf> {
        files_below(&self.data())
    }

    /// A command of the binary that is told nothing about this place.
    pub fn command<S: AsRef<std::ffi::OsStr>>(
        &self,
        words: impl IntoIterator<Item = S>,
    ) -> Command {
        Command::new(self.root.path()).args(words)
    }

    /// A command that knows the data folder, by the environment.
    pub fn local<S: AsRef<std::ffi::OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Command {
        self.command(words).env("BREAKGLASS_DATA_DIR", self.data())
    }

    /// A server on the data folder, started with these words.
    pub fn server<S: AsRef<std::ffi::OsStr>>(&self, words: impl IntoIterator<Item = S>) -> Serve {
        Serve::new(self.local(["serve"]).args(words))
    }

    /// A server on the data folder, on a free port, whose first start takes the password [`PASSWORD`].
    pub fn serve(&self) -> Serve {
        self.server(["--listen", "127.0.0.1:0", "--admin-password-file"])
            .args([self.password_file()])
    }

    /// A command that asks this server as the administrator.
    pub fn sign_in(&self, command: Command, url: &str) -> Command {
        command
            .env("BREAKGLASS_SERVER", url)
            .env("BREAKGLASS_USERNAME", "admin")
            .env("BREAKGLASS_PASSWORD", PASSWORD)
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder can be listed") {
            let path = entry.expect("the folder can be listed").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
