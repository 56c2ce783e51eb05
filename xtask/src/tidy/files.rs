//! The size of source files, and what may not stand in them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The most lines of a hand-written file, its tests at the end aside.
const MOST_LINES: usize = 400;

/// The most lines of a file with its tests, or of a file of tests.
const MOST_LINES_WITH_TESTS: usize = 800;

/// Marks of unfinished work. The exclamation mark is added when they are sought, or they would be found here.
const UNFINISHED: [&str; 3] = ["dbg", "todo", "unimplemented"];

/// Folders that hold nothing of ours.
const SKIPPED: [&str; 2] = [".git", "target"];

/// Every file of the tree, relative to the root and in order.
pub(super) fn list(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("failed to list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let skipped = SKIPPED.iter().any(|name| entry.file_name() == *name);
            if entry.file_type()?.is_file() {
                files.push(entry.path().strip_prefix(root)?.to_owned());
            } else if entry.file_type()?.is_dir() && !skipped {
                folders.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a file is of this kind.
pub(super) fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|other| other == extension)
}

/// The findings in one Rust file.
pub(super) fn check(path: &Path, text: &str) -> Vec<String> {
    let mut findings = Vec::from_iter(check_length(path, text));
    for (index, line) in text.lines().enumerate() {
        for word in UNFINISHED {
            if line.contains(&format!("{word}!")) {
                findings.push(format!("{}:{}: holds {word}!", path.display(), index + 1));
            }
        }
    }
    findings
}

fn check_length(path: &Path, text: &str) -> Option<String> {
    let has_part = |name: &str| path.iter().any(|part| part == name);
    if has_part("generated") {
        return None;
    }
    let all = text.lines().count();
    let code = text
        .lines()
        .take_while(|line| *line != "#[cfg(test)]")
        .count();
    let only_tests = has_part("tests") || path.ends_with("tests.rs");
    let (found, most) = if !only_tests && code > MOST_LINES {
        (code, MOST_LINES)
    } else {
        (all, MOST_LINES_WITH_TESTS)
    };
    (found > most).then(|| format!("{} has {found} lines, over {most}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(path: &str, text: &str) -> Option<String> {
        check(Path::new(path), text).pop()
    }

    #[test]
    fn a_long_file_is_found_but_its_tests_may_be_longer() {
        let code = "//\n".repeat(MOST_LINES);
        assert_eq!(finding("crates/a/src/b.rs", &code), None);
        let long = code.clone() + "//\n";
        assert_eq!(
            finding("crates/a/src/b.rs", &long).as_deref(),
            Some("crates/a/src/b.rs has 401 lines, over 400")
        );
        let with_tests = code.clone() + "#[cfg(test)]\n" + &code;
        assert_eq!(
            finding("crates/a/src/b.rs", &with_tests).as_deref(),
            Some("crates/a/src/b.rs has 801 lines, over 800")
        );
    }

    #[test]
    fn a_file_of_tests_has_a_limit_and_a_generated_one_has_none() {
        let long = "//\n".repeat(MOST_LINES_WITH_TESTS + 1);
        assert_eq!(finding("crates/a/src/generated/b.rs", &long), None);
        for path in [
            "crates/a/tests/b.rs",
            "crates/a/src/b/tests.rs",
            "tests/src/lib.rs",
        ] {
            assert!(finding(path, &long).is_some(), "{path}");
            assert_eq!(finding(path, "//\n"), None, "{path}");
        }
    }

    #[test]
    fn unfinished_work_is_found() {
        for word in UNFINISHED {
            let text = format!("fn f() {{\n    {word}!()\n}}\n");
            assert_eq!(
                finding("a.rs", &text),
                Some(format!("a.rs:2: holds {word}!"))
            );
        }
    }

    #[test]
    fn the_list_holds_this_file_and_nothing_that_was_built() {
        let files = list(&crate::workspace::root().unwrap()).unwrap();
        assert!(files.contains(&PathBuf::from("xtask/src/tidy/files.rs")));
        assert!(!files.iter().any(|path| path.starts_with("target")));
    }
}
