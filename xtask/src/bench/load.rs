//! Load by `wrk`, a generator that others know.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::bench::process::{Core, pinned, starts};

/// How many tokens and clients are asked for in turn.
pub(super) const TURNS: u32 = 64;

/// How long a measured load goes ahead unmeasured and looked into.
pub(super) const WARM_UP: Duration = Duration::from_secs(1);

/// What `wrk` does with a load.
const SCRIPT: &str = include_str!("load.lua");

/// By which share of their length answers may differ from run to run: ids and numbers grow.
const LENGTHS_DIFFER_BY: f64 = 0.05;

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
    /// Whether each request comes on a connection of its own.
    pub(super) closes: bool,
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
            closes: false,
            url,
        }
    }

    /// The same request to the server that does nothing, answered with so many bytes.
    pub(super) fn twin(&self, hello: &str, body_bytes: u64) -> Self {
        Self {
            name: format!("{}, the same bytes bare", self.name),
            expected: "",
            url: format!("{hello}/?bytes={body_bytes}"),
            ..self.clone()
        }
    }

    /// Sends it for so long and looks into each answer, which makes the load too slow to measure by.
    pub(super) fn warm(&self, concurrency: u32, time: Duration) -> Result<Measured> {
        self.send(concurrency, time, self.expected)
    }

    /// Sends it for so long. A single wrong answer makes the figures worthless, and fails: one whose status is not that of
    /// success, and answers that are not as long as those that were looked into while warming up.
    pub(super) fn run(
        &self,
        concurrency: u32,
        time: Duration,
        warm: &Measured,
    ) -> Result<Measured> {
        let measured = self.measure(concurrency, time)?;
        let (found, expected) = (measured.answer_bytes(), warm.answer_bytes());
        ensure!(
            (found - expected).abs() <= expected * LENGTHS_DIFFER_BY,
            "the answers to {} were {found:.0} bytes long under load, and {expected:.0} before",
            self.name
        );
        Ok(measured)
    }

    /// The same where it does not matter how long the answers are.
    pub(super) fn measure(&self, concurrency: u32, time: Duration) -> Result<Measured> {
        self.send(concurrency, time, "")
    }

    fn send(&self, concurrency: u32, time: Duration, expected: &str) -> Result<Measured> {
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
        let content_type = self.body.as_ref().map(|_| self.content_type);
        let optional = [
            ("BENCH_AUTHORIZATION", self.authorization.as_deref()),
            ("BENCH_BODY", self.body.as_deref()),
            ("BENCH_CONTENT_TYPE", content_type),
            (
                "BENCH_EXPECTED",
                Some(expected).filter(|text| !text.is_empty()),
            ),
            ("BENCH_CONNECTION", self.closes.then_some("close")),
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
        ensure!(
            measured.requests > 0,
            "nothing was answered to {}: is something else at work on these cores?",
            self.name
        );
        ensure!(
            measured.errors == 0,
            "{} of the answers to {} were wrong: {printed}",
            measured.errors,
            self.name
        );
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
    /// What 999 in 1000 of the answers took at most, in microseconds.
    pub(super) p999_us: u64,
    bytes: u64,
    errors: u64,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of requests and bytes are far below 2^52"
)]
impl Measured {
    /// Reads the line that the script writes.
    pub(super) fn read(printed: &str) -> Option<Self> {
        let line = printed
            .lines()
            .find_map(|line| line.strip_prefix("MEASURED "))?;
        let numbers: Vec<u64> = line
            .split(' ')
            .map_while(|word| word.parse().ok())
            .collect();
        let [requests, micros, p50_us, p99_us, longest_us, bytes, errors] = *numbers else {
            return None;
        };
        Some(Self {
            requests,
            per_second: requests as f64 / Duration::from_micros(micros).as_secs_f64(),
            p50_us,
            p99_us,
            p999_us: longest_us,
            bytes,
            errors,
        })
    }

    /// How long an answer is with its head, on the average.
    pub(super) fn answer_bytes(&self) -> f64 {
        self.bytes as f64 / self.requests as f64
    }

    /// So much for each request.
    pub(super) fn each(&self, total: f64) -> f64 {
        total / self.requests as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_script_is_read() {
        let measured =
            Measured::read("Running\n\nMEASURED 3000 1500000 120 900 1100 900000 0\n").unwrap();
        assert!((measured.per_second - 2000.0).abs() < 1e-9);
        assert_eq!(
            (measured.p50_us, measured.p99_us, measured.p999_us),
            (120, 900, 1100)
        );
        assert!((measured.answer_bytes() - 300.0).abs() < 1e-9);
        assert!((measured.each(6000.0) - 2.0).abs() < 1e-9);
        assert_eq!(measured.errors, 0);
        assert_eq!(Measured::read("MEASURED 1 2 3 4 5 6\n"), None);
        assert_eq!(Measured::read("unable to connect\n"), None);
    }

    #[test]
    fn the_bare_twin_of_a_load_sends_the_same_and_looks_for_nothing() {
        let load = Load {
            body: Some("token=%TOKEN%".to_owned()),
            expected: "active",
            ..Load::of(
                "introspect",
                "POST",
                "http://127.0.0.1:1/introspect".to_owned(),
            )
        };
        let twin = load.twin("http://127.0.0.1:2", 300);
        assert_eq!(twin.url, "http://127.0.0.1:2/?bytes=300");
        assert_eq!((twin.method, twin.body), ("POST", load.body));
        assert_eq!(twin.expected, "");
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
