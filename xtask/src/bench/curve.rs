//! How durable writes grow with the number of those who wait, since one sync serves them all.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::bench::load::Load;
use crate::bench::process::{Core, pinned, starts};
use crate::bench::record::{CurveFigures, CurvePoint, Part};
use crate::bench::spread::{Spread, round};
use crate::bench::stage::Stage;
use crate::bench::workshop::Workshop;
use crate::workspace::say;

/// How many write at once.
const WRITERS: [u32; 9] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/// How many writes come one after the other, each when the one before it has been answered.
const ALONE: u32 = 100;

/// How long the syncs are counted for each point. It is a count and no time, so it does not have to be long.
const COUNTING: Duration = Duration::from_secs(1);

/// Measures the curve of creation and of issuance.
pub(super) fn measure(workshop: &Workshop<'_>) -> Result<Part<CurveFigures>> {
    say("== curve");
    let stage = workshop.stage("curve")?;
    let arguments = workshop.arguments;
    let mut rounds: Vec<Vec<Vec<Sample>>> = Vec::new();
    for load in [stage.create(), stage.api_token()] {
        let mut points = vec![Vec::new(); WRITERS.len()];
        for round in 1..=arguments.rounds {
            say(&format!(
                "round {round} of {}: {}",
                arguments.rounds, load.name
            ));
            for (writers, samples) in WRITERS.iter().zip(&mut points) {
                let warm = load.warm(*writers, COUNTING)?;
                let measured = load.run(*writers, arguments.time(), &warm)?;
                samples.push(Sample {
                    per_second: measured.per_second,
                    p50_us: measured.p50_us,
                    p99_us: measured.p99_us,
                });
            }
        }
        rounds.push(points);
    }
    let syncs = Syncs::count(workshop)?;
    let mut points = Vec::new();
    for (operation, of_operation) in rounds.iter().enumerate() {
        for (place, samples) in of_operation.iter().enumerate() {
            let counted = syncs.each.get(operation).and_then(|all| all.get(place));
            points.extend(point(operation, place, samples, counted.copied()));
        }
    }
    workshop.part(CurveFigures {
        operations: [stage.create(), stage.api_token()]
            .map(|load| load.name)
            .to_vec(),
        syncs_alone: syncs.alone,
        syncs_not_counted: syncs.why_not,
        points,
    })
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    per_second: f64,
    p50_us: u64,
    p99_us: u64,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "microseconds are far below 2^52"
)]
fn point(
    operation: usize,
    place: usize,
    samples: &[Sample],
    syncs_per_write: Option<f64>,
) -> Option<CurvePoint> {
    let spread = |figure: &dyn Fn(&Sample) -> f64| Spread::of(samples.iter().map(figure).collect());
    Some(CurvePoint {
        operation,
        writers: *WRITERS.get(place)?,
        per_second: spread(&|one| one.per_second)?,
        p50_us: spread(&|one| one.p50_us as f64)?.median,
        p99_us: spread(&|one| one.p99_us as f64)?.median,
        syncs_per_write,
    })
}

/// How often the disk was told to keep what it has, counted by `strace` at a server of its own.
#[derive(Debug, Default)]
struct Syncs {
    /// For each operation and number of writers, so many for one write.
    each: Vec<Vec<f64>>,
    /// For one write that nothing else is waiting with.
    alone: Option<Spread>,
    /// Why there is no count.
    why_not: Option<String>,
}

impl Syncs {
    fn count(workshop: &Workshop<'_>) -> Result<Self> {
        if !starts("strace") {
            let why = "not counted, for `strace` is not installed (Debian and Ubuntu: `apt install strace`)";
            say(why);
            return Ok(Self {
                why_not: Some(why.to_owned()),
                ..Self::default()
            });
        }
        let folder = workshop.folder("syncs")?;
        let log = folder.join("strace");
        let stage = Stage::set_by(traced(&workshop.binary(), &log), &folder, 64, &[])?;
        let mut alone = Vec::new();
        for number in 0..ALONE {
            let before = syncs(&log)?;
            stage.make_client(&format!("alone-{number}"))?;
            alone.push(syncs(&log)? - before);
        }
        let each = [stage.create(), stage.api_token()];
        let each = each.iter().map(|load| per_write(load, &log));
        Ok(Self {
            each: each.collect::<Result<_>>()?,
            alone: Spread::of(alone),
            why_not: None,
        })
    }
}

fn per_write(load: &Load, log: &Path) -> Result<Vec<f64>> {
    say(&format!("counting the syncs of: {}", load.name));
    let counted = WRITERS.iter().map(|writers| {
        let before = syncs(log)?;
        let measured = load.warm(*writers, COUNTING)?;
        Ok(round(measured.each(syncs(log)? - before)))
    });
    counted.collect()
}

/// The server under `strace`, which stops it at nothing but a sync. The server is the child of this process, and `strace`
/// the child of that, so that it is the server that is ended and `strace` with it.
fn traced(binary: &Path, log: &PathBuf) -> Command {
    let mut command = pinned(Core::Server, "strace");
    command
        .args([
            "--daemonize",
            "--follow-forks",
            "--seccomp-bpf",
            "--quiet=all",
        ])
        .args(["--trace=fdatasync,fsync", "--output"])
        .arg(log)
        .arg(binary);
    command
}

/// How many syncs there were so far.
fn syncs(log: &Path) -> Result<f64> {
    let text = std::fs::read_to_string(log).context("strace writes no log")?;
    Ok(count(&text))
}

/// A call that another thread comes between is told twice, and counted where it begins.
#[expect(
    clippy::cast_precision_loss,
    reason = "there are far fewer than 2^52 lines"
)]
fn count(log: &str) -> f64 {
    log.lines().filter(|line| line.contains("sync(")).count() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_that_is_told_in_two_lines_is_one() {
        let log = "7 fdatasync(12) = 0\n7 fsync(3 <unfinished ...>\n8 fdatasync(4) = 0\n\
                   7 <... fsync resumed>) = 0\n7 +++ exited with 0 +++\n";
        assert!((count(log) - 3.0).abs() < 1e-9);
    }
}
