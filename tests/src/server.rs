//! A running server.

use std::ffi::OsStr;
use std::process::{Child, ExitStatus, Stdio};

use crate::stream::Stream;
use crate::{Client, Command, Fleet, Outcome, eventually};

/// A server that is to be started.
#[derive(Debug)]
pub struct Serve(Command);

impl Serve {
    pub(crate) fn new(command: Command) -> Self {
        Self(command)
    }

    /// Adds words of the command line.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(self, words: impl IntoIterator<Item = S>) -> Self {
        Self(self.0.args(words))
    }

    /// Sets a variable of the environment.
    #[must_use]
    pub fn env(self, name: &str, value: impl AsRef<OsStr>) -> Self {
        Self(self.0.env(name, value))
    }

    /// Lets it have at most so many files open. Words are to be added before.
    #[must_use]
    pub fn with_open_files(self, most: u32) -> Self {
        Self(self.0.with_open_files(most))
    }

    /// Lets it make files of at most so many blocks of 512 bytes. Words are to be added before.
    #[must_use]
    pub fn with_file_size(self, blocks: u64) -> Self {
        Self(self.0.with_file_size(blocks))
    }

    /// Lets it have one core. Words are to be added before.
    #[must_use]
    pub fn with_one_core(self) -> Self {
        Self(self.0.with_one_core())
    }

    /// Starts it, and waits until it says where it listens.
    pub fn start(self) -> Server {
        let mut process = self.0.into_process();
        process
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = process.spawn().expect("the binary starts");
        let output = Stream::of(child.stdout.take().expect("standard output is a pipe"));
        let log = Stream::of(child.stderr.take().expect("standard error is a pipe"));
        let url = output.wait_for(listening_url).unwrap_or_else(|| {
            drop(child.kill());
            panic!(
                "the server did not say where it listens\n{}\n{}",
                output.text(),
                log.text()
            )
        });
        Server {
            child,
            url,
            output,
            log,
        }
    }

    /// Runs one that is to refuse to start.
    pub fn run(self) -> Outcome {
        self.0.run()
    }
}

/// A running server. It is killed when it is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    url: String,
    output: Stream,
    log: Stream,
}

impl Server {
    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The id of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A client without credentials.
    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// A client that has signed in as the administrator.
    pub fn fleet(&self) -> Fleet {
        Fleet::sign_in(&self.url)
    }

    /// What it has printed so far.
    pub fn output(&self) -> String {
        self.output.text()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.text()
    }

    /// Ends it as a pulled plug would.
    pub fn kill(mut self) {
        self.child.kill().expect("the server is running");
        self.child.wait().expect("the server can be waited for");
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        let asked = std::process::Command::new("sh")
            .args(["-c", "kill -s TERM \"$0\"", &self.child.id().to_string()])
            .status()
            .expect("a shell starts");
        assert!(asked.success(), "the server is gone already");
    }

    /// Waits for its end, and gives how it ended and all that it logged.
    pub fn wait(mut self) -> (ExitStatus, String) {
        let status = eventually("the server ends", || {
            self.child.try_wait().expect("the server can be waited for")
        });
        self.log.wait_for_end();
        (status, self.log.text())
    }

    /// Stops it, however it ends, and gives all that it logged; a signal may not have ended it.
    pub fn stop_however(self) -> String {
        self.terminate();
        let (status, log) = self.wait();
        assert!(
            status.code().is_some(),
            "the server ended with {status}\n{log}"
        );
        log
    }

    /// Stops it in good order, and gives all that it logged.
    pub fn stop(self) -> String {
        self.terminate();
        let (status, log) = self.wait();
        assert!(status.success(), "the server ended with {status}\n{log}");
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended, and then there is nothing to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What stands on the last line that a server prints before it serves.
fn listening_url(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(" answers at ")?;
    let (url, _) = rest.split_once('\n')?;
    Some(url.to_owned())
}
