//! The suite and the ports keep each other honest: every numbered clause has a case, and every case a clause.

use std::collections::BTreeSet;

use breakglass_storage_contract::CASES;

macro_rules! ports {
    ($($aggregate:literal = $file:literal),+ $(,)?) => {
        [$((
            $aggregate,
            include_str!(concat!("../../ports/src/store/", $file, ".rs")),
        )),+]
    };
}

/// Each file of the ports, by the name of the aggregate here.
const PORTS: [(&str, &str); 25] = ports! {
    "access_token" = "access_token",
    "account" = "account",
    "api_client" = "api_client",
    "api_token" = "api_token",
    "audit" = "audit",
    "broker" = "broker",
    "client" = "client",
    "client_key" = "client_key",
    "client_profile" = "client_profile",
    "client_secret" = "client_secret",
    "emergency_client" = "emergency_client",
    "installation" = "installation",
    "oauth_app" = "oauth_app",
    "realm" = "realm",
    "recall" = "recall",
    "registered_token" = "registered_token",
    "role" = "role",
    "role_assignment" = "role_assignment",
    "session" = "session",
    "settings" = "settings",
    "signing_key" = "signing_key",
    "status_list" = "status_list",
    "store" = "mod",
    "task" = "task",
    "token_issuer" = "token_issuer",
};

/// The numbers of the lines that begin a clause: `/// 1. What must hold.`
fn clauses(source: &str) -> Vec<u32> {
    source
        .lines()
        .filter_map(|line| line.strip_prefix("/// ")?.split_once(". ")?.0.parse().ok())
        .collect()
}

#[test]
fn every_clause_has_a_case_and_every_case_a_clause() {
    for (aggregate, source) in PORTS {
        let stated: BTreeSet<u32> = clauses(source).into_iter().collect();
        let shown: BTreeSet<u32> = CASES
            .iter()
            .filter(|case| case.aggregate == aggregate && case.clause != 0)
            .map(|case| case.clause)
            .collect();
        assert_eq!(shown, stated, "the clauses of {aggregate}");
    }
}

#[test]
fn the_clauses_of_a_file_are_numbered_without_a_gap() {
    for (aggregate, source) in PORTS {
        let numbers = clauses(source);
        assert!(!numbers.is_empty(), "{aggregate} has no clause");
        assert!(
            (1..)
                .zip(&numbers)
                .all(|(expected, number)| expected == *number),
            "{aggregate}"
        );
    }
}

#[test]
fn every_case_belongs_to_a_file_of_the_ports_and_has_a_name_of_its_own() {
    let names: BTreeSet<&str> = CASES.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), CASES.len());
    for case in CASES {
        assert!(
            PORTS
                .iter()
                .any(|(aggregate, _)| *aggregate == case.aggregate),
            "{case:?}"
        );
    }
}
