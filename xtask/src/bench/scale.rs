//! What operations cost where little is stored, and where much is.

use anyhow::Result;

use crate::bench::process::{Core, Process, pinned};
use crate::bench::record::{Part, Size};
use crate::bench::rounds::{Plan, Subject};
use crate::bench::stage::Stage;
use crate::bench::workshop::Workshop;
use crate::workspace::say;

/// How much there is of each kind at the least: what one stage makes with five of each.
const LEAST: (u64, u32) = (10, 5);

/// How much there is where a machine has a usual store.
const USUAL: u64 = 10_000;

/// Measures with ten, ten thousand, and so many emergency clients and API tokens.
pub(super) fn measure(workshop: &Workshop<'_>, most: u64) -> Result<Part<Vec<Size>>> {
    let hello = workshop.hello()?;
    let (least, turns) = LEAST;
    let command = pinned(Core::Server, workshop.binary());
    let small = Stage::set_by(command, &workshop.folder("few")?, turns, &[])?;
    small.make_api_tokens(least - u64::from(turns))?;
    let mut stages = vec![(least, small)];
    for count in [USUAL, most] {
        say(&format!(
            "== scale: making {count} emergency clients and API tokens"
        ));
        let stage = workshop.stage(&format!("with-{count}"))?;
        stage.fill(count)?;
        stages.push((count, stage));
    }
    let sizes = stages.iter().map(|(count, stage)| {
        let loads = stage.loads_over().into_iter();
        (*count, loads.map(|load| stage.subject(load)).collect())
    });
    workshop.part(by_size(
        &workshop.arguments.plan(),
        &hello,
        sizes.collect(),
    )?)
}

/// Measures the same operations of every size in turn, and parts the rows by size again.
pub(super) fn by_size(
    plan: &Plan,
    hello: &Process,
    sizes: Vec<(u64, Vec<Subject<'_>>)>,
) -> Result<Vec<Size>> {
    let counts: Vec<(u64, usize)> = sizes.iter().map(|(count, of)| (*count, of.len())).collect();
    let subjects: Vec<Subject<'_>> = sizes
        .into_iter()
        .flat_map(|(_, subjects)| subjects)
        .collect();
    let rows = plan.measure(hello, &subjects)?;
    let mut measured: Vec<Size> = Vec::new();
    for (count, _) in &counts {
        let rows = Vec::new();
        measured.push(Size {
            count: *count,
            rows,
        });
    }
    // Before the rows of each concurrency stands that of the bare answer.
    for rows in rows.chunks(subjects.len() + 1) {
        let mut rows = rows.iter().skip(1).cloned();
        for (size, (_, operations)) in measured.iter_mut().zip(&counts) {
            size.rows.extend(rows.by_ref().take(*operations));
        }
    }
    Ok(measured)
}
