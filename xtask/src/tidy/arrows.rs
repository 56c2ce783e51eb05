//! The allowed arrows between the crates of this workspace.

use super::graph::Graph;

/// What a crate may use of the workspace. The prefix `breakglass-` is left out.
struct Row {
    name: &'static str,
    uses: &'static [&'static str],
    tests_use: &'static [&'static str],
}

/// These exist for tests only, so nothing else may use them.
const TESTS: &[&str] = &["storage-contract", "test-support"];

const TABLE: &[Row] = &[
    row("api-types", &[]),
    row("app", &["domain", "ports"]),
    row(
        "cli",
        &[
            "api-types",
            "app",
            "domain",
            "http",
            "ports",
            "storage-sqlite",
            "tokens",
        ],
    ),
    row("domain", &[]),
    Row {
        name: "e2e",
        uses: &[],
        tests_use: &["api-types", "test-support"],
    },
    row(
        "fuzz",
        &["api-types", "app", "domain", "http", "ports", "tokens"],
    ),
    row("http", &["api-types", "app", "domain", "ports"]),
    row("ports", &["domain"]),
    row("storage-contract", &["domain", "ports"]),
    row("storage-sqlite", &["domain", "ports"]),
    row(
        "test-support",
        &[
            "api-types",
            "app",
            "domain",
            "http",
            "ports",
            "storage-sqlite",
            "tokens",
        ],
    ),
    row("tokens", &["domain", "ports"]),
    Row {
        name: "xtask",
        uses: &[],
        tests_use: &[],
    },
];

const fn row(name: &'static str, uses: &'static [&'static str]) -> Row {
    Row {
        name,
        uses,
        tests_use: TESTS,
    }
}

/// Compares the arrows that there are with those that may be.
pub(super) fn check(graph: &Graph) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, member) in &graph.members {
        if !name.starts_with("breakglass-") && name != "xtask" {
            findings.push(format!("the package {name} is not named breakglass-{name}"));
        }
        let Some(row) = TABLE.iter().find(|row| row.name == short(name)) else {
            findings.push(format!(
                "{name} stands in no row of xtask/src/tidy/arrows.rs"
            ));
            continue;
        };
        let within = |used: &&String| graph.members.contains_key(*used);
        for used in member.uses.iter().filter(within) {
            if !row.uses.contains(&short(used)) {
                findings.push(format!("{name} may not use {used}"));
            }
        }
        for used in member.tests_use.iter().filter(within) {
            if !row.uses.contains(&short(used)) && !row.tests_use.contains(&short(used)) {
                findings.push(format!("the tests of {name} may not use {used}"));
            }
        }
    }
    findings
}

fn short(name: &str) -> &str {
    name.strip_prefix("breakglass-").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::graph::graph_of;

    #[test]
    fn an_allowed_arrow_is_no_finding() {
        let graph = graph_of(&[
            ("breakglass-domain", &["serde"], &[]),
            ("breakglass-ports", &["breakglass-domain"], &[]),
            (
                "breakglass-app",
                &["breakglass-ports"],
                &["breakglass-test-support"],
            ),
            ("breakglass-test-support", &["breakglass-app"], &[]),
        ]);
        assert_eq!(check(&graph), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_points_up_is_found() {
        let graph = graph_of(&[
            ("breakglass-domain", &["breakglass-ports"], &[]),
            ("breakglass-ports", &[], &[]),
        ]);
        assert_eq!(
            check(&graph),
            ["breakglass-domain may not use breakglass-ports"]
        );
    }

    #[test]
    fn support_of_tests_stays_out_of_what_is_shipped() {
        let graph = graph_of(&[
            ("breakglass-http", &["breakglass-test-support"], &[]),
            ("breakglass-test-support", &[], &[]),
        ]);
        assert_eq!(
            check(&graph),
            ["breakglass-http may not use breakglass-test-support"]
        );
    }

    #[test]
    fn the_tests_of_an_adapter_may_not_reach_another_adapter() {
        let graph = graph_of(&[
            ("breakglass-tokens", &[], &["breakglass-storage-sqlite"]),
            ("breakglass-storage-sqlite", &[], &[]),
        ]);
        assert_eq!(
            check(&graph),
            ["the tests of breakglass-tokens may not use breakglass-storage-sqlite"]
        );
    }

    #[test]
    fn a_crate_of_an_unknown_name_is_found() {
        let findings = check(&graph_of(&[("helpers", &[], &[])]));
        assert_eq!(
            findings,
            [
                "the package helpers is not named breakglass-helpers",
                "helpers stands in no row of xtask/src/tidy/arrows.rs",
            ]
        );
    }
}
