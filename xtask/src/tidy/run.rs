//! Every check over the workspace as it is.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::graph::Graph;
use super::{arrows, evidence, files, links, manifests, packages};
use crate::workspace::say;

/// Runs every check, and fails when one has found something.
pub(crate) fn run(root: &Path) -> Result<()> {
    let findings = findings(root)?;
    for finding in &findings {
        say(&format!("tidy: {finding}"));
    }
    match findings.len() {
        0 => Ok(()),
        1 => bail!("one thing is not tidy"),
        count => bail!("{count} things are not tidy"),
    }
}

fn findings(root: &Path) -> Result<Vec<String>> {
    let graph = Graph::read(root)?;
    let mut findings = arrows::check(&graph);
    findings.extend(packages::check(&graph));
    findings.extend(workspace_manifest(root, &graph)?);
    for (name, member) in &graph.members {
        findings.extend(manifests::check_member(name, &read(&member.manifest)?));
    }
    let tree = files::list(root)?;
    let mut functions = BTreeSet::new();
    for path in tree.iter().filter(|path| files::has_extension(path, "rs")) {
        let text = read(&root.join(path))?;
        findings.extend(files::check(path, &text));
        functions.extend(evidence::functions(&text).map(str::to_owned));
    }
    for path in tree.iter().filter(|path| files::has_extension(path, "md")) {
        let text = read(&root.join(path))?;
        findings.extend(links::check(root, path, &text));
        findings.extend(evidence::check(path, &text, &functions));
    }
    Ok(findings)
}

fn workspace_manifest(root: &Path, graph: &Graph) -> Result<Vec<String>> {
    let text = read(&root.join("Cargo.toml"))?;
    Ok(manifests::check_workspace(&text, &graph.direct()))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))
}
