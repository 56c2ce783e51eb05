//! The tests that the documents name as evidence.

use std::collections::BTreeSet;
use std::path::Path;

use crate::markdown::prose;

/// The last column of a table whose rows name tests.
const COLUMN: &str = "shown by";

/// The names of the functions in a source file.
pub(super) fn functions(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let (_, rest) = line.split_once("fn ")?;
        rest.split(['(', '<']).next()
    })
}

/// The tests that a document names in its tables and that are not there.
pub(super) fn check(document: &Path, text: &str, functions: &BTreeSet<String>) -> Vec<String> {
    let mut findings = Vec::new();
    let mut names_tests = false;
    for (number, line) in prose(text) {
        let cells = line.trim().trim_end_matches('|').rsplit_once('|');
        let Some((_, last)) = cells else {
            names_tests = false;
            continue;
        };
        names_tests |= last.trim() == COLUMN;
        if !names_tests {
            continue;
        }
        // What stands between backticks is every second piece.
        for name in last.split('`').skip(1).step_by(2) {
            if !functions.contains(name) {
                let document = document.display();
                findings.push(format!("{document}:{number}: there is no test {name}"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        let source = "fn one() {\n    async fn two() {\n    fn three<T>(x: T) {\n";
        let functions = functions(source).map(str::to_owned).collect();
        check(Path::new("docs/page.md"), text, &functions)
    }

    #[test]
    fn a_test_that_is_there_is_no_finding() {
        let text = "| a | shown by |\n|---|---|\n| `none` | `one`, `two` and `three` |\n";
        assert_eq!(findings(text), Vec::<String>::new());
    }

    #[test]
    fn a_test_that_is_not_there_is_found_in_a_table_that_names_tests() {
        let text = "| a | shown by |\n|---|---|\n| b | `one`, `four` |\n\n| a | b |\n|---|---|\n| c | `five` |\n";
        assert_eq!(findings(text), ["docs/page.md:3: there is no test four"]);
    }
}
