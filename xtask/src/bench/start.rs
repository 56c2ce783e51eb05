//! The process itself: how long it takes to its first token, what memory it holds, how large its file is.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::bench::http::submit;
use crate::bench::record::{Part, ProcessFigures};
use crate::bench::spread::{Spread, round};
use crate::bench::stage::Stage;
use crate::bench::targets::FULL_LOAD;
use crate::bench::workshop::Workshop;
use crate::workspace::say;

/// How many tokens are alive.
const LIVE_TOKENS: u64 = 10_000;

/// How often the server is started.
const STARTS: u32 = 11;

/// How many seconds a server that was started is left alone before its memory counts as idle.
const SETTLING: &str = "4";

/// Measures all of it.
pub(super) fn measure(workshop: &Workshop<'_>) -> Result<Part<ProcessFigures>> {
    say(&format!(
        "== process: making {LIVE_TOKENS} emergency clients"
    ));
    let binary = workshop.binary();
    let mut stage = workshop.stage("process")?;
    stage.keep_tokens(LIVE_TOKENS)?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(start(&mut stage, workshop)?);
    }
    stage.sign_in()?;
    let waited = Command::new("sleep").arg(SETTLING).status()?;
    ensure!(waited.success(), "`sleep` failed");
    let idle = stage.server().usage()?.resident;
    load(&stage, workshop.arguments.time())?;
    let loaded = stage.server().usage()?.peak;
    workshop.part(ProcessFigures {
        live_tokens: LIVE_TOKENS,
        start_ms: Spread::of(starts),
        idle_mib: mebibytes(idle),
        loaded_mib: mebibytes(loaded),
        binary_mib: mebibytes(std::fs::metadata(binary)?.len()),
    })
}

/// From the start of the process on a folder that is there to the first token, in milliseconds. That the server that was
/// there before has ended is waited for, and is not in it.
fn start(stage: &mut Stage, workshop: &Workshop<'_>) -> Result<f64> {
    let (url, form) = (format!("{}/token", stage.broker()), stage.machine_form());
    stage.stop()?;
    let before = Instant::now();
    stage.start(&workshop.binary())?;
    submit(&url, &form)?;
    Ok(before.elapsed().as_secs_f64() * 1e3)
}

/// Every token is asked for and others are issued and made, with many requests at once.
fn load(stage: &Stage, time: Duration) -> Result<()> {
    for load in [stage.introspection(), stage.client_secret(), stage.create()] {
        load.warm(FULL_LOAD, time)?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
fn mebibytes(bytes: u64) -> f64 {
    round(bytes as f64 / f64::from(1_u32 << 20))
}
