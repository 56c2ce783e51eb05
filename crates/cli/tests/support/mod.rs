//! Runs commands through the library, and keeps what they say.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on ends here"
)]

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use breakglass_cli::{Cli, Console, Context, Environment, Exit, Failure};
use breakglass_tokens::SystemClock;
use clap::Parser;
use serde_json::Value;
use tempfile::TempDir;

/// A data folder of a test.
pub(crate) struct Folder(TempDir);

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) out: String,
    pub(crate) err: String,
    outcome: Result<Exit, Failure>,
}

impl Folder {
    /// One that is not there yet.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self(folder)
    }

    /// One after a first start.
    pub(crate) async fn initialized() -> Self {
        let folder = Self::empty();
        folder.succeeds("init --data-dir DATA").await;
        folder
    }

    /// Where it is.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// A place beside it.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Puts a secret beside it, in a file of mode 0600.
    pub(crate) fn secret(&self, name: &str, text: &str) {
        let path = self.beside(name);
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its mode");
    }

    /// The mode of a file in it.
    pub(crate) fn mode(&self, name: &str) -> u32 {
        let metadata = self.data().join(name).metadata().expect("a file");
        metadata.permissions().mode() & 0o777
    }

    /// Runs a command that must succeed. `DATA` stands for the folder, `BESIDE` for the one around it, and `LOCAL` for the
    /// flags that choose it.
    pub(crate) async fn succeeds(&self, line: &str) -> Told {
        self.succeeds_with(line, "").await
    }

    /// The same, with this standard input.
    pub(crate) async fn succeeds_with(&self, line: &str, input: &'static str) -> Told {
        let told = self.run(line, input).await;
        assert_eq!(told.outcome, Ok(Exit::Success), "{line}");
        told
    }

    /// Runs a command that must fail in this way.
    pub(crate) async fn fails(&self, line: &str, exit: Exit) -> Told {
        self.fails_with(line, "", exit).await
    }

    /// The same, with this standard input.
    pub(crate) async fn fails_with(&self, line: &str, input: &'static str, exit: Exit) -> Told {
        let told = self.run(line, input).await;
        let ended = told
            .outcome
            .as_ref()
            .map_or_else(|failure| failure.exit, |exit| *exit);
        assert_eq!(ended, exit, "{line}: {:?}", told.outcome);
        told
    }

    async fn run(&self, line: &str, input: &'static str) -> Told {
        let (data, around) = (self.data(), self.0.path());
        let data = data.to_str().expect("a path in UTF-8");
        let around = around.to_str().expect("a path in UTF-8");
        let words = line.split(' ').flat_map(|word| match word {
            "LOCAL" => vec![
                "--local".to_owned(),
                "--data-dir".to_owned(),
                data.to_owned(),
            ],
            word => vec![word.replace("DATA", data).replace("BESIDE", around)],
        });
        let cli = Cli::try_parse_from(std::iter::once("breakglass".to_owned()).chain(words));
        let cli = cli.unwrap_or_else(|error| panic!("{line}: {error}"));
        let (out, err) = (Kept::default(), Kept::default());
        let mut context = Context {
            console: Console::new(out.clone(), err.clone(), input.as_bytes()),
            environment: Environment::default(),
            clock: Arc::new(SystemClock::default()),
        };
        let outcome = breakglass_cli::run(&cli, &mut context).await;
        Told {
            out: out.text(),
            err: err.text(),
            outcome,
        }
    }
}

impl Told {
    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    /// The failure as it is told to a person.
    pub(crate) fn failure(&self) -> String {
        match &self.outcome {
            Ok(_) => String::new(),
            Err(failure) => failure.to_string(),
        }
    }
}

/// A stream whose bytes are kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        let bytes = self.0.lock().expect("no writer panicked");
        String::from_utf8(bytes.clone()).expect("output in UTF-8")
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panicked").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
