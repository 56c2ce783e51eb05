//! Which crate may use which package of others.

use super::graph::Graph;

/// Packages that belong to one layer, and the crates that may name them.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("clap", &["breakglass-cli", "xtask"]),
    (
        "hyper",
        &[
            "breakglass-cli",
            "breakglass-e2e",
            "breakglass-http",
            "breakglass-test-support",
        ],
    ),
    ("jsonwebtoken", &["breakglass-tokens"]),
    (
        "sqlx",
        &["breakglass-storage-sqlite", "breakglass-test-support"],
    ),
];

/// Packages that a crate may not even be built from: no runtime, no protocol and no database in the core.
const NOWHERE_UNDER: &[(&str, &[&str])] = &[
    ("breakglass-app", &["http", "hyper", "jsonwebtoken", "sqlx"]),
    (
        "breakglass-domain",
        &["http", "hyper", "jsonwebtoken", "sqlx", "tokio"],
    ),
    (
        "breakglass-ports",
        &["http", "hyper", "jsonwebtoken", "sqlx", "tokio"],
    ),
];

/// Compares what each crate is built from with the two lists.
pub(super) fn check(graph: &Graph) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, member) in &graph.members {
        for (package, owners) in ONLY_IN {
            let named = member.uses.contains(*package) || member.tests_use.contains(*package);
            if named && !owners.contains(&name.as_str()) {
                findings.push(format!(
                    "{name} may not use {package}: only {} may",
                    owners.join(", ")
                ));
            }
        }
    }
    for (name, banned) in NOWHERE_UNDER {
        let tree = graph.tree(name);
        for package in banned.iter().filter(|package| tree.contains(**package)) {
            findings.push(format!(
                "{name} may not be built from {package}, however far down"
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::graph::graph_of;

    #[test]
    fn a_package_in_its_own_layer_is_no_finding() {
        let graph = graph_of(&[
            ("breakglass-storage-sqlite", &["sqlx"], &[]),
            ("breakglass-domain", &["serde"], &[]),
        ]);
        assert_eq!(check(&graph), Vec::<String>::new());
    }

    #[test]
    fn a_package_outside_its_layer_is_found_in_tests_too() {
        let graph = graph_of(&[("breakglass-http", &[], &["sqlx"])]);
        assert_eq!(
            check(&graph),
            [
                "breakglass-http may not use sqlx: only breakglass-storage-sqlite, breakglass-test-support may"
            ]
        );
    }

    #[test]
    fn a_runtime_deep_under_the_domain_is_found() {
        let mut graph = graph_of(&[("breakglass-domain", &["innocent"], &[])]);
        graph
            .built_from
            .insert("innocent".to_owned(), ["tokio".to_owned()].into());
        assert_eq!(
            check(&graph),
            ["breakglass-domain may not be built from tokio, however far down"]
        );
    }
}
