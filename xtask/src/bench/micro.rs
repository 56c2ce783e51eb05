//! What the inner pieces cost, as criterion measures them.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::cmd;

use crate::bench::process::{Core, pinned};
use crate::bench::record::{MicroFigure, Part};
use crate::bench::spread::round;
use crate::bench::workshop::Workshop;
use crate::workspace::{self, say};

/// The packages that have benches, and what the benches are called.
const BENCHES: [(&str, &str); 3] = [
    ("breakglass-domain", "inner"),
    ("breakglass-tokens", "tokens"),
    ("breakglass-storage-sqlite", "store"),
];

/// Runs every bench on the core of the server.
pub(super) fn measure(workshop: &Workshop<'_>) -> Result<Part<Vec<MicroFigure>>> {
    say("== micro: building the benches");
    let shell = &workshop.shell;
    let mut words = vec![
        "bench".to_owned(),
        "--quiet".to_owned(),
        "--locked".to_owned(),
    ];
    for (package, bench) in BENCHES {
        words.extend(["--package", package, "--bench", bench].map(str::to_owned));
    }
    let built = words.clone();
    cmd!(shell, "cargo {built...} --no-run").run()?;
    let folder = workshop.folder("criterion")?;
    let ran = pinned(Core::Server, "cargo")
        .args(&words)
        .args(["--", "--noplot"])
        .current_dir(workspace::root()?)
        .env("CRITERION_HOME", &folder)
        .status()?;
    ensure!(ran.success(), "a bench failed");
    let mut figures = Vec::new();
    collect(&folder, &mut figures)?;
    figures.sort_by(|one, other| one.name.cmp(&other.name));
    ensure!(!figures.is_empty(), "criterion has left no figures");
    workshop.part(figures)
}

/// The figures in a folder of criterion's and in those below it.
fn collect(folder: &Path, figures: &mut Vec<MicroFigure>) -> Result<()> {
    let named = folder.join("benchmark.json");
    if folder.ends_with("new") && named.exists() {
        let read = |path: &Path| -> Result<Value> {
            Ok(serde_json::from_str(&std::fs::read_to_string(path)?)?)
        };
        let figure = figure(&read(&named)?, &read(&folder.join("estimates.json"))?);
        figures.push(figure.context("criterion writes its figures in a way that is not known")?);
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, figures)?;
        }
    }
    Ok(())
}

fn figure(named: &Value, estimates: &Value) -> Option<MicroFigure> {
    let nanos = |pointer: &str| estimates.pointer(pointer)?.as_f64().map(round);
    Some(MicroFigure {
        name: named.get("full_id")?.as_str()?.to_owned(),
        elements: named
            .pointer("/throughput/Elements")
            .and_then(Value::as_u64)
            .unwrap_or(1),
        median_ns: nanos("/median/point_estimate")?,
        least_ns: nanos("/median/confidence_interval/lower_bound")?,
        most_ns: nanos("/median/confidence_interval/upper_bound")?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_criterion_left_is_found_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("rows").join("16").join("new");
        std::fs::create_dir_all(&new).unwrap();
        let named = json!({ "full_id": "rows/16", "throughput": { "Elements": 16 } });
        std::fs::write(new.join("benchmark.json"), named.to_string()).unwrap();
        let interval = json!({ "lower_bound": 900.0, "upper_bound": 1200.0 });
        let median = json!({ "point_estimate": 1000.0, "confidence_interval": interval });
        let estimates = json!({ "median": median });
        std::fs::write(new.join("estimates.json"), estimates.to_string()).unwrap();
        let mut figures = Vec::new();
        collect(folder.path(), &mut figures).unwrap();
        let [figure] = figures.as_slice() else {
            panic!("{figures:?}");
        };
        assert_eq!((figure.name.as_str(), figure.elements), ("rows/16", 16));
        assert!((figure.median_ns - 1000.0).abs() < 1e-9);
        assert!(figure.least_ns < figure.median_ns && figure.median_ns < figure.most_ns);
    }
}
