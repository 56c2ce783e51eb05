//! Load by `wrk`, a generator that others know.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::bench::process::{Core, pinned, starts};

/// How many tokens and clients are asked for in turn.
pub(super) const TURNS: u32 = 64;

/// What `wrk` does with a load.
const SCRIPT: &str = include_str!("load.lua");

/// Numbers the runs, so that what one makes is new to the next.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// Fails with what to install when the generator is not there.
pub(super) fn require() -> Result<()> {
    if starts("wrk") {
        return Ok(());
    }
    bail!(
        "the load is made by `wrk`, which is not installed (Debian and Ubuntu: `apt install wrk`)"
    )
}

/// One kind of request, sent as fast as the answers come.
#[derive(Clone, Debug)]
pub(super) struct Load {
    /// What it is called in the report.
    pub(super) name: String,
    /// The `Authorization` of each request.
    pub(super) authorization: Option<String>,
    /// The body, in which words between percent signs are filled in.
    pub(super) body: Option<String>,
    /// The media type of the body.
    pub(super) content_type: &'static str,
    /// What must stand in each answer; nothing is looked for when empty.
    pub(super) expected: &'static str,
    /// A file with the tokens that are filled in.
    pub(super) tokens: Option<PathBuf>,
    /// Its method.
    pub(super) method: &'static str,
    /// Where it goes, with words between percent signs as well.
    pub(super) url: String,
}

impl Load {
    /// Requests without a body.
    pub(super) fn of(name: &str, method: &'static str, url: String) -> Self {
        Self {
            name: name.to_owned(),
            authorization: None,
            body: None,
            content_type: "application/json",
            expected: "",
            tokens: None,
            method,
            url,
        }
    }

    /// What all others are measured against.
    pub(super) fn bare(name: &str, url: &str) -> Self {
        Self::of(name, "GET", format!("{url}/"))
    }

    /// Sends it for so long. A single wrong answer makes the figures worthless, and fails.
    pub(super) fn run(&self, concurrency: u32, time: Duration) -> Result<Measured> {
        let folder = tempfile::tempdir()?;
        let script = folder.path().join("load.lua");
        std::fs::write(&script, SCRIPT)?;
        let (base, path) = self.split_url()?;
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let mut wrk = pinned(Core::Load, "wrk");
        wrk.args(["--threads", "1", "--timeout", "10s"])
            .args(["--connections", &concurrency.to_string()])
            .args(["--duration", &format!("{}s", time.as_secs())])
            .arg("--script")
            .arg(&script)
            .arg(base)
            .env("BENCH_METHOD", self.method)
            .env("BENCH_PATH", path)
            .env("BENCH_PREFIX", format!("run-{run}-"))
            .env("BENCH_TURNS", TURNS.to_string());
        let optional = [
            ("BENCH_AUTHORIZATION", self.authorization.as_deref()),
            ("BENCH_BODY", self.body.as_deref()),
            (
                "BENCH_CONTENT_TYPE",
                self.body.as_ref().map(|_| self.content_type),
            ),
            (
                "BENCH_EXPECTED",
                Some(self.expected).filter(|text| !text.is_empty()),
            ),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                wrk.env(name, value);
            }
        }
        if let Some(tokens) = &self.tokens {
            wrk.env("BENCH_TOKENS", tokens);
        }
        let output = wrk.output().context("failed to start wrk")?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let measured = Measured::read(&printed)
            .with_context(|| format!("wrk did not measure {}: {printed}", self.name))?;
        if measured.errors > 0 {
            bail!(
                "{} of the answers to {} were wrong: {printed}",
                measured.errors,
                self.name
            );
        }
        Ok(measured)
    }

    fn split_url(&self) -> Result<(&str, &str)> {
        let authority = self.url.find("//").map_or(0, |position| position + 2);
        let path = self.url.get(authority..).and_then(|rest| rest.find('/'));
        let path = path.context("a URL has a path")?;
        self.url
            .split_at_checked(authority + path)
            .context("a URL has a path")
    }
}

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    /// Answers in all.
    pub(super) requests: u64,
    /// Answers in a second.
    pub(super) per_second: f64,
    /// What half of the answers took at most, in microseconds.
    pub(super) p50_us: u64,
    /// What 99 in 100 of the answers took at most, in microseconds.
    pub(super) p99_us: u64,
    errors: u64,
}

impl Measured {
    /// Reads the line that the script writes.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a count of requests is far below 2^52"
    )]
    pub(super) fn read(printed: &str) -> Option<Self> {
        let line = printed
            .lines()
            .find_map(|line| line.strip_prefix("MEASURED "))?;
        let numbers: Vec<u64> = line
            .split(' ')
            .map_while(|word| word.parse().ok())
            .collect();
        let [requests, micros, p50_us, p99_us, errors] = *numbers else {
            return None;
        };
        Some(Self {
            requests,
            per_second: requests as f64 / Duration::from_micros(micros).as_secs_f64(),
            p50_us,
            p99_us,
            errors,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_script_is_read() {
        let measured = Measured::read("Running\n\nMEASURED 3000 1500000 120 900 0\n").unwrap();
        assert!((measured.per_second - 2000.0).abs() < 1e-9);
        assert_eq!(
            (measured.p50_us, measured.p99_us, measured.errors),
            (120, 900, 0)
        );
        assert_eq!(Measured::read("MEASURED 1 2 3\n"), None);
        assert_eq!(Measured::read("unable to connect\n"), None);
    }

    #[test]
    fn a_url_is_split_before_its_path() {
        let load = Load::of("x", "GET", "http://127.0.0.1:1/a/b?c".to_owned());
        assert_eq!(load.split_url().unwrap(), ("http://127.0.0.1:1", "/a/b?c"));
        assert!(
            Load::of("x", "GET", "http://127.0.0.1:1".to_owned())
                .split_url()
                .is_err()
        );
    }
}
