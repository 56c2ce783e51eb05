//! All that decides whether a change may go in, as continuous integration runs it.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::codegen::Mode;
use crate::workspace::say;
use crate::{codegen, lint, test, tidy};

type Step = (&'static str, fn(&Path) -> Result<()>);

/// The steps, those that fail soonest first.
const STEPS: [Step; 4] = [
    ("tidy", tidy::run),
    ("codegen --check", |root| {
        codegen::run(root, None, Mode::Check)
    }),
    ("lint", lint::run),
    ("test", test::run),
];

/// Runs every step, up to the first that fails.
pub(crate) fn run(root: &Path) -> Result<()> {
    let mut times = Vec::new();
    for (name, step) in STEPS {
        say(&format!("== {name}"));
        let start = Instant::now();
        step(root).with_context(|| format!("`cargo xtask {name}` failed"))?;
        times.push(format!("{name} {}", seconds(start.elapsed())));
        say(&format!(
            "== {name}: passed in {}",
            seconds(start.elapsed())
        ));
    }
    say(&format!("== ci: passed ({})", times.join(", ")));
    Ok(())
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
