//! Who depends on whom, by name, as far as the checks need it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cargo_metadata::{DependencyKind, MetadataCommand};

/// The crates of the workspace and everything that they are built from.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// The crates of the workspace.
    pub(super) members: BTreeMap<String, Member>,
    /// What each package is built from, tests aside.
    pub(super) built_from: BTreeMap<String, BTreeSet<String>>,
}

/// A crate of the workspace and what its manifest names.
#[derive(Debug, Default)]
pub(super) struct Member {
    pub(super) manifest: PathBuf,
    pub(super) uses: BTreeSet<String>,
    pub(super) tests_use: BTreeSet<String>,
}

impl Graph {
    /// Asks cargo.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut command = MetadataCommand::new();
        command.current_dir(root);
        let metadata = command
            .exec()
            .context("cargo does not describe the workspace")?;

        let mut graph = Self::default();
        for package in metadata.workspace_packages() {
            let mut member = Member {
                manifest: package.manifest_path.clone().into(),
                ..Member::default()
            };
            for dependency in &package.dependencies {
                let kind = match dependency.kind {
                    DependencyKind::Development => &mut member.tests_use,
                    _ => &mut member.uses,
                };
                kind.insert(dependency.name.clone());
            }
            graph.members.insert(package.name.to_string(), member);
        }

        let names: BTreeMap<_, _> = metadata
            .packages
            .iter()
            .map(|package| (&package.id, package.name.to_string()))
            .collect();
        let resolved = metadata.resolve.context("cargo resolved nothing")?;
        for node in &resolved.nodes {
            let built = node.deps.iter().filter(|dependency| {
                let mut kinds = dependency.dep_kinds.iter();
                kinds.any(|kind| kind.kind != DependencyKind::Development)
            });
            let built: Vec<String> = built
                .filter_map(|dependency| names.get(&dependency.pkg).cloned())
                .collect();
            if let Some(name) = names.get(&node.id) {
                graph
                    .built_from
                    .entry(name.clone())
                    .or_default()
                    .extend(built);
            }
        }
        Ok(graph)
    }

    /// Everything that a package is built from, however far down.
    pub(super) fn tree(&self, package: &str) -> BTreeSet<&str> {
        let mut tree = BTreeSet::new();
        let mut left = vec![package];
        while let Some(next) = left.pop() {
            for name in self.built_from.get(next).into_iter().flatten() {
                if tree.insert(name.as_str()) {
                    left.push(name);
                }
            }
        }
        tree
    }

    /// Every package that some manifest of the workspace names.
    pub(super) fn direct(&self) -> BTreeSet<&str> {
        let members = self.members.values();
        members
            .flat_map(|member| member.uses.iter().chain(&member.tests_use))
            .map(String::as_str)
            .collect()
    }
}

/// A graph for tests: each crate with what it uses and what its tests use.
#[cfg(test)]
pub(super) fn graph_of(members: &[(&str, &[&str], &[&str])]) -> Graph {
    let set = |names: &[&str]| {
        names
            .iter()
            .map(ToString::to_string)
            .collect::<BTreeSet<_>>()
    };
    let mut graph = Graph::default();
    for (name, uses, tests_use) in members {
        graph.built_from.insert((*name).to_owned(), set(uses));
        let member = Member {
            manifest: PathBuf::new(),
            uses: set(uses),
            tests_use: set(tests_use),
        };
        graph.members.insert((*name).to_owned(), member);
    }
    graph
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_reaches_down_and_survives_a_circle() {
        let graph = graph_of(&[
            ("a", &["b"], &["t"]),
            ("b", &["c"], &[]),
            ("c", &["a"], &[]),
        ]);
        assert_eq!(Vec::from_iter(graph.tree("a")), ["a", "b", "c"]);
        assert_eq!(Vec::from_iter(graph.direct()), ["a", "b", "c", "t"]);
    }

    #[test]
    fn cargo_describes_this_workspace() {
        let graph = Graph::read(&crate::workspace::root().unwrap()).unwrap();
        assert!(graph.members.contains_key("breakglass-domain"));
        assert!(graph.tree("xtask").contains("serde"));
    }
}
