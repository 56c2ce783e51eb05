//! The binary under test, and what a run of it came to.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;

/// Names another binary than the one in the target folder.
const BINARY_VARIABLE: &str = "BREAKGLASS_E2E_BIN";

/// A command line of the binary, with nothing of the caller's environment that could lead it astray.
#[derive(Debug)]
pub struct Command {
    command: std::process::Command,
    input: Vec<u8>,
}

impl Command {
    /// The binary, to be started in this folder.
    pub(crate) fn new(folder: &Path) -> Self {
        let mut command = std::process::Command::new(binary());
        command.current_dir(folder).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", folder);
        Self {
            command,
            input: Vec::new(),
        }
    }

    /// Adds words of the command line.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.command.args(words);
        self
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it reads from standard input; nothing otherwise.
    #[must_use]
    pub fn input(mut self, text: &str) -> Self {
        self.input = text.as_bytes().to_vec();
        self
    }

    /// Lets it have at most so many files open.
    #[must_use]
    pub(crate) fn with_open_files(self, most: u32) -> Self {
        self.after(&format!("ulimit -n {most}"))
    }

    /// Lets it make files of at most so many blocks of 512 bytes.
    #[must_use]
    pub(crate) fn with_file_size(self, blocks: u64) -> Self {
        self.after(&format!("ulimit -f {blocks}"))
    }

    /// Lets it have one core, the first of those that this process has.
    #[must_use]
    pub(crate) fn with_one_core(self) -> Self {
        let status = std::fs::read_to_string("/proc/self/status").expect("the kernel tells");
        let cores = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let first = cores.and_then(|cores| cores.trim().split([',', '-']).next());
        let first = first.expect("the kernel tells which cores there are");
        self.after(&format!("taskset -cp {first} $$ >/dev/null"))
    }

    /// Starts it from a shell that does this first.
    fn after(self, preparation: &str) -> Self {
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", &format!("{preparation} && exec \"$0\" \"$@\"")])
            .arg(self.command.get_program())
            .args(self.command.get_args())
            .env_clear();
        for (name, value) in self.command.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        if let Some(folder) = self.command.get_current_dir() {
            command.current_dir(folder);
        }
        Self { command, ..self }
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Outcome {
        let line = self.line();
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the binary starts");
        let mut stdin = child.stdin.take().expect("standard input is a pipe");
        // A command that does not read its input closes it; that is its right.
        drop(stdin.write_all(&self.input));
        drop(stdin);
        let output = child.wait_with_output().expect("the binary ends");
        Outcome::new(line, &output)
    }

    /// Hands over the process to be started, for one that goes on running.
    pub(crate) fn into_process(self) -> std::process::Command {
        self.command
    }

    fn line(&self) -> String {
        let words = self.command.get_args().map(OsStr::to_string_lossy);
        let words: Vec<_> = words.collect();
        format!("breakglass {}", words.join(" "))
    }
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    line: String,
    /// The exit code; absent when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    pub(crate) fn new(line: String, output: &Output) -> Self {
        Self {
            line,
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails unless it ended with this exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "{}\n--- stdout\n{}\n--- stderr\n{}",
            self.line,
            self.stdout,
            self.stderr
        );
        self
    }

    /// Standard output of a run that went well.
    #[track_caller]
    pub fn ok(self) -> String {
        self.expect(0).stdout
    }

    /// Standard output of a run that went well, as JSON.
    #[track_caller]
    pub fn json(self) -> Value {
        let line = self.line.clone();
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{line}: {error}: {text}"))
    }
}

fn binary() -> PathBuf {
    let path = std::env::var_os(BINARY_VARIABLE).map_or_else(default_binary, PathBuf::from);
    assert!(
        path.is_file(),
        "{} is not there; `cargo xtask test` builds the binary, then runs these tests",
        path.display()
    );
    path
}

/// The binary that a plain build leaves beside the tests, whatever the target folder is.
fn default_binary() -> PathBuf {
    let this_test = std::env::current_exe().expect("a test knows its own path");
    // A test stands in target/<profile>/deps.
    let profile = this_test.ancestors().nth(2).expect("a target folder");
    profile.join("breakglass")
}
