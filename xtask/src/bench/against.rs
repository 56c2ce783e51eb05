//! Whether a change makes the server faster: another build of it and this one, loaded by turns.
//!
//! A machine that slows down for seconds slows both, so a ratio of neighbouring turns tells apart what rounds of a whole run do
//! not. Nothing of it is kept: it is about two builds, and not about the server.

use std::path::Path;

use anyhow::Result;

use crate::bench::decisions::FEW_PROFILES;
use crate::bench::load::{Load, WARM_UP};
use crate::bench::rounds::{Plan, Subject};
use crate::bench::spread::Spread;
use crate::bench::stage::Stage;
use crate::bench::tables::{range, table, whole};
use crate::bench::workshop::Workshop;
use crate::workspace::say;

/// One operation at both builds.
#[derive(Debug)]
struct Beside {
    operation: String,
    concurrency: u32,
    other_per_second: Spread,
    per_second: Spread,
    /// Answers in a second, as a multiple of the other build's.
    speed: Spread,
    /// Processor time for each answer, as a multiple of the other build's.
    cpu: Spread,
}

/// Measures every operation at both, and gives the table.
pub(super) fn measure(workshop: &Workshop<'_>, other: &Path) -> Result<String> {
    say("== this build beside another");
    let plan = workshop.arguments.plan();
    let stages = [
        Stage::set(other, &workshop.folder("other")?)?,
        workshop.stage("this")?,
    ];
    for stage in &stages {
        stage.fill_profiles(FEW_PROFILES)?;
    }
    let [others, these] = [&stages[0], &stages[1]].map(|stage| {
        let loads = workshop.loads(stage)?.into_iter();
        Ok::<Vec<Subject<'_>>, anyhow::Error>(loads.map(|load| stage.subject(load)).collect())
    });
    let pairs: Vec<(Subject<'_>, Subject<'_>)> = others?.into_iter().zip(these?).collect();
    let mut measured = Vec::new();
    for concurrency in &plan.concurrency {
        for (other, this) in &pairs {
            say(&format!("{}, {concurrency} at once", this.load.name));
            measured.extend(beside(&plan, *concurrency, other, this)?);
        }
    }
    Ok(of_both(&measured))
}

fn beside(
    plan: &Plan,
    concurrency: u32,
    other: &Subject<'_>,
    this: &Subject<'_>,
) -> Result<Option<Beside>> {
    for subject in [other, this] {
        subject.load.warm(concurrency, WARM_UP)?;
    }
    let mut turns = Vec::new();
    for _ in 0..plan.rounds {
        let run = |load: &Load| load.measure(concurrency, plan.time);
        turns.push((other.while_used(run)?, this.while_used(run)?));
    }
    let figures = |figure: &dyn Fn(&_) -> f64| Spread::of(turns.iter().map(figure).collect());
    let all = (
        figures(&|(other, _)| other.measured.per_second),
        figures(&|(_, this)| this.measured.per_second),
        figures(&|(other, this)| this.measured.per_second / other.measured.per_second),
        figures(&|(other, this)| this.cpu_us() / other.cpu_us()),
    );
    let (Some(other_per_second), Some(per_second), Some(speed), Some(cpu)) = all else {
        return Ok(None);
    };
    Ok(Some(Beside {
        operation: this.load.name.clone(),
        concurrency,
        other_per_second,
        per_second,
        speed,
        cpu,
    }))
}

fn of_both(measured: &[Beside]) -> String {
    let columns = [
        "operation",
        "at once",
        "a second, the other",
        "a second, this",
        "times as many",
        "between",
        "times the CPU",
        "between",
    ];
    let rows = measured.iter().map(|one| {
        vec![
            one.operation.clone(),
            one.concurrency.to_string(),
            whole(one.other_per_second.median),
            whole(one.per_second.median),
            format!("{:.3}", one.speed.median),
            range(one.speed.range()),
            format!("{:.3}", one.cpu.median),
            range(one.cpu.range()),
        ]
    });
    table(&columns, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_builds_stand_in_one_row() {
        let same = |figure| Spread::of(vec![figure; 3]).unwrap();
        let text = of_both(&[Beside {
            operation: "JWKS".to_owned(),
            concurrency: 64,
            other_per_second: same(50_000.0),
            per_second: same(60_000.0),
            speed: Spread::of(vec![1.1, 1.2, 1.3]).unwrap(),
            cpu: same(0.8),
        }]);
        assert_eq!(
            text.lines().last(),
            Some("| JWKS | 64 | 50,000 | 60,000 | 1.200 | 1.10 to 1.30 | 0.800 | 0.800 to 0.800 |")
        );
    }
}
