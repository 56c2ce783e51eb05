//! The order of the measurements.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Result, ensure};

use crate::bench::arguments::{Arguments, Parts};
use crate::bench::decisions::FEW_PROFILES;
use crate::bench::load;
use crate::bench::overflow::Pair;
use crate::bench::record::{self, Part, Record, Row, Size};
use crate::bench::rounds::{Plan, Subject};
use crate::bench::spread::Judgement;
use crate::bench::targets::Finding;
use crate::bench::workshop::Workshop;
use crate::bench::{against, breakdown, curve, micro, page, peers, recall, scale, start, tables};
use crate::codegen::{self, Mode};
use crate::workspace::{self, say};

/// Builds, measures part after part, and reports.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    load::require()?;
    let workshop = Workshop::open(root, arguments)?;
    if let Some(other) = &arguments.against {
        return print(&against::measure(&workshop, other)?);
    }
    let mut measured = Record::default();
    measure(&workshop, &arguments.parts(), &mut measured)?;
    let findings = page::findings(&measured);
    print(&page::sections(&measured))?;
    if !findings.is_empty() {
        print(&format!("\n{}", tables::of_findings(&findings)))?;
    }
    let copy = workspace::target(root)?.join("bench.json");
    std::fs::write(&copy, measured.text()?)?;
    say(&format!("the same as JSON: {}", copy.display()));
    if arguments.write {
        keep(root, measured)?;
    }
    ensure!(!arguments.check || held(&findings), "a target is not met");
    Ok(())
}

fn measure(workshop: &Workshop<'_>, parts: &Parts, measured: &mut Record) -> Result<()> {
    if parts.operations {
        measured.operations = Some(operations(workshop)?);
    }
    if let Some(most) = parts.profiles {
        measured.decisions = Some(decisions(workshop, most)?);
    }
    if parts.process {
        measured.process = Some(start::measure(workshop)?);
    }
    if parts.curve {
        measured.curve = Some(curve::measure(workshop)?);
    }
    if parts.recall {
        measured.recall = Some(recall::measure(workshop)?);
    }
    if parts.breakdown {
        measured.breakdown = Some(breakdown::measure(workshop)?);
    }
    if parts.micro {
        measured.micro = Some(micro::measure(workshop)?);
    }
    if parts.compare {
        measured.compare = Some(peers::measure(workshop)?);
    }
    if let Some(most) = parts.scale {
        measured.scale = Some(scale::measure(workshop, most)?);
    }
    if let Some(most) = parts.overflow {
        measured.overflow = Some(overflow(workshop, most)?);
    }
    Ok(())
}

fn operations(workshop: &Workshop<'_>) -> Result<Part<Vec<Row>>> {
    say("== operations");
    let hello = workshop.hello()?;
    let stage = workshop.stage("operations")?;
    stage.fill_profiles(FEW_PROFILES)?;
    let loads = workshop.loads(&stage)?.into_iter();
    let subjects: Vec<Subject<'_>> = loads.map(|load| stage.subject(load)).collect();
    let plan = Plan {
        twins: true,
        ..workshop.arguments.plan()
    };
    workshop.part(plan.measure(&hello, &subjects)?)
}

fn decisions(workshop: &Workshop<'_>, most: u64) -> Result<Part<Vec<Size>>> {
    let hello = workshop.hello()?;
    let mut stages = Vec::new();
    for count in [FEW_PROFILES, most] {
        say(&format!("== decisions: making {count} client profiles"));
        let stage = workshop.stage(&format!("profiles-{count}"))?;
        stage.fill_profiles(count)?;
        stages.push((stage, count));
    }
    let mut sizes = Vec::new();
    for (stage, count) in &stages {
        let loads = stage.loads_of_decisions()?.into_iter();
        sizes.push((*count, loads.map(|load| stage.subject(load)).collect()));
    }
    workshop.part(scale::by_size(&workshop.arguments.plan(), &hello, sizes)?)
}

fn overflow(workshop: &Workshop<'_>, most: u64) -> Result<Part<Vec<Size>>> {
    let hello = workshop.hello()?;
    let folder = workshop.folder("overflow")?;
    let pair = Pair::set(&workshop.binary(), &folder)?;
    let mut sizes = Vec::new();
    for count in [1, most] {
        say(&format!("== overflow: making a client with {count} roles"));
        sizes.push((count, pair.subjects(&folder, count)?));
    }
    workshop.part(scale::by_size(&workshop.arguments.plan(), &hello, sizes)?)
}

/// Puts the parts of this run in the place of older ones, and makes what is made of them.
fn keep(root: &Path, measured: Record) -> Result<()> {
    let mut kept = Record::read(root)?;
    kept.replace(measured);
    let path = root.join(record::PATH);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, kept.text()?)?;
    codegen::run(root, Some("performance"), Mode::Write)
}

/// Whether no target was missed all over the range of its figure. What was too noisy to judge is told in the table.
fn held(findings: &[Finding]) -> bool {
    let missed = |finding: &&Finding| finding.judgement() == Judgement::NotMet;
    !findings.iter().any(|finding| missed(&finding))
}

fn print(text: &str) -> Result<()> {
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
