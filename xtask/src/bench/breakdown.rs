//! Where the time of one request goes: `perf` samples the stacks of a server under load, and each sample is counted for the step
//! whose function is innermost in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use crate::bench::load::Load;
use crate::bench::process::starts;
use crate::bench::record::{BreakdownFigures, Part, Sampled};
use crate::bench::spread::round;
use crate::bench::stage::Stage;
use crate::bench::targets::FULL_LOAD;
use crate::bench::workshop::Workshop;
use crate::workspace::{self, say};

/// Samples in a second of processor time: no divisor of what else happens at intervals.
const SAMPLES: &str = "997";

/// The thread that runs SQLite's statements.
const STORE_THREAD: &str = "sqlx-sqlite-wor";

/// A step, and what stands in the names of its functions.
type Step = (&'static str, &'static [&'static str]);

/// The steps of a request. A function belongs to the first that knows it.
const STEPS: &[Step] = &[
    (
        "receive and send",
        &[
            "_sys_recvfrom",
            "_sys_writev",
            "_sys_sendto",
            "_sys_write",
            "net_rx",
            "__libc_recv",
        ],
    ),
    (
        "sign",
        &[
            "sign_access_token",
            "ecp_nistz256",
            "aws_lc",
            "bignum",
            "ecdsa",
        ],
    ),
    ("store", &["breakglass_storage_sqlite", "sqlx_", "sqlite3"]),
    (
        "authenticate",
        &[
            "authenticate",
            "find_live_token",
            "pipeline::admit",
            "pipeline::prove",
            "sha2::",
        ],
    ),
    (
        "parse",
        &[
            "poll_read_head",
            "Call::form",
            "form::",
            "Router::find",
            "pipeline::read",
            "credentials::read",
        ],
    ),
    (
        "answer",
        &[
            "reply::",
            "write_head",
            "serde_json",
            "write_body",
            "exchange::complete",
            "observe::answered",
        ],
    ),
    (
        "use case",
        &["breakglass_app", "breakglass_domain", "breakglass_tokens"],
    ),
    ("HTTP around it", &["breakglass_http", "hyper"]),
    ("runtime", &["tokio", "epoll", "futex"]),
    (
        "memory",
        &["malloc", "_int_free", "free", "realloc", "unlink_chunk"],
    ),
];

/// What belongs to no step.
const REST: &str = "other";

/// Samples issuance and introspection.
pub(super) fn measure(workshop: &Workshop<'_>) -> Result<Part<BreakdownFigures>> {
    say("== breakdown: building with frame pointers");
    if !starts("perf") {
        let why = "`perf` is not installed (Debian: `apt install linux-perf`)";
        say(why);
        return workshop.part(BreakdownFigures {
            skipped: Some(why.to_owned()),
            ..BreakdownFigures::default()
        });
    }
    let binary = build(workshop)?;
    let time = workshop.arguments.time();
    let hello = workshop.hello()?;
    let bare = Load::of("bare", "GET", format!("{}/", hello.url()));
    let warm = bare.warm(FULL_LOAD, Duration::from_secs(1))?;
    let before = hello.usage()?.cpu;
    let measured = bare.run(FULL_LOAD, time, &warm)?;
    let bare_us = each(hello.usage()?.cpu.saturating_sub(before), measured.requests);
    drop(hello);
    let folder = workshop.folder("breakdown")?;
    let stage = Stage::set(&binary, &folder)?;
    let mut operations = Vec::new();
    for load in [stage.api_token(), stage.introspection()] {
        say(&load.name);
        operations.push(sample(&stage, &load, time, &folder.join("samples"))?);
    }
    workshop.part(BreakdownFigures {
        bare_us,
        operations,
        skipped: None,
    })
}

/// The server with the names of its functions and the frames of its stacks, apart from other builds.
fn build(workshop: &Workshop<'_>) -> Result<PathBuf> {
    let target = workspace::target(workshop.root())?.join("frames");
    let words = [
        "--package",
        "breakglass-cli",
        "--bin",
        "breakglass",
        "--profile",
        "profiling",
    ];
    cmd!(workshop.shell, "cargo build --quiet --locked {words...}")
        .env("RUSTFLAGS", "-Cforce-frame-pointers=yes")
        .env("CARGO_TARGET_DIR", &target)
        .run()?;
    Ok(target.join("profiling").join("breakglass"))
}

fn sample(stage: &Stage, load: &Load, time: Duration, file: &Path) -> Result<Sampled> {
    let warm = load.warm(FULL_LOAD, Duration::from_secs(1))?;
    let server = stage.server();
    let mut perf = Command::new("perf")
        .args([
            "record",
            "--quiet",
            "--event",
            "cpu-clock",
            "--freq",
            SAMPLES,
        ])
        .args([
            "--call-graph",
            "fp",
            "--pid",
            &server.id().to_string(),
            "--output",
        ])
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("failed to start perf")?;
    let before = server.usage()?.cpu;
    let measured = load.run(FULL_LOAD, time, &warm);
    let cpu = server.usage()?.cpu.saturating_sub(before);
    Command::new("kill")
        .args(["-INT", &perf.id().to_string()])
        .status()?;
    perf.wait()?;
    let script = Command::new("perf")
        .args(["script", "--fields", "comm,ip,sym", "--input"])
        .arg(file)
        .stderr(Stdio::null())
        .output()?;
    let counts = count(&String::from_utf8_lossy(&script.stdout));
    let all: u32 = counts.iter().map(|(_, count)| count).sum();
    ensure!(all > 0, "perf has taken no samples of {}", load.name);
    let us = each(cpu, measured?.requests);
    let steps = counts.into_iter();
    Ok(Sampled {
        operation: load.name.clone(),
        us,
        samples: all,
        steps: steps
            .map(|(step, count)| {
                (
                    step.to_owned(),
                    round(us * f64::from(count) / f64::from(all)),
                )
            })
            .collect(),
    })
}

/// Microseconds of each.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of requests are far below 2^52"
)]
fn each(cpu: Duration, requests: u64) -> f64 {
    round(cpu.as_secs_f64() * 1e6 / requests as f64)
}

/// How many samples each step has, in the order of the steps.
fn count(script: &str) -> Vec<(&'static str, u32)> {
    let mut counts: Vec<(&str, u32)> = STEPS.iter().map(|(step, _)| (*step, 0)).collect();
    counts.push((REST, 0));
    let samples = script
        .split("\n\n")
        .filter(|sample| !sample.trim().is_empty());
    for step in samples.map(step_of) {
        if let Some((_, count)) = counts.iter_mut().find(|(known, _)| *known == step) {
            *count += 1;
        }
    }
    counts
}

/// The step that a sample belongs to.
fn step_of(sample: &str) -> &'static str {
    let mut lines = sample.trim_matches('\n').lines();
    let thread = lines.next().unwrap_or_default();
    if thread.starts_with(STORE_THREAD) {
        return "store";
    }
    let step = lines.find_map(|frame| {
        let knows = |names: &[&str]| names.iter().any(|name| frame.contains(name));
        STEPS.iter().find(|(_, names)| knows(names))
    });
    step.map_or(REST, |(step, _)| *step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_counts_for_the_innermost_step_that_is_known() {
        let script = "\
tokio-rt-worker \n\t  1 tcp_sendmsg\n\t  2 __x64_sys_writev\n\t  3 hyper::proto\n\n\
tokio-rt-worker \n\t  1 memmove\n\t  2 breakglass_http::reply::Reply::json\n\t  3 breakglass_http::pipeline\n\n\
sqlx-sqlite-wor \n\t  1 __x64_sys_pwrite64\n\n\
tokio-rt-worker \n\t  1 _int_malloc\n\n\
tokio-rt-worker \n\t  1 who_knows\n\n";
        let counted = count(script).into_iter().filter(|(_, count)| *count > 0);
        assert_eq!(
            counted.collect::<Vec<_>>(),
            [
                ("receive and send", 1),
                ("store", 1),
                ("answer", 1),
                ("memory", 1),
                (REST, 1)
            ]
        );
    }
}
