//! The order in which functions lie in each part of the program (busy, rare, and the rest), so that a server that waits holds
//! little of it in memory: what a start takes comes first, then what work takes, and what was never done comes last, where the
//! disk has it.

use std::collections::BTreeMap;

/// What stands between the name of a function and its counts.
const HASH: &str = "# Func Hash:";

/// What stands before the counts.
const VALUES: &str = "# Counter Values:";

/// The names of functions, each on a line: those that starts took, and those that anything took, each from the busiest.
/// Both are given as `llvm-profdata` writes counts as text.
pub(super) fn order(starts: &str, all: &str) -> String {
    let (starts, all) = (counted(starts), counted(all));
    let (mut first, mut then): (Vec<_>, Vec<_>) =
        all.iter().partition(|(name, _)| starts.contains_key(*name));
    let busiest = |functions: &mut Vec<(&&str, &u64)>| {
        functions.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), **name));
    };
    busiest(&mut first);
    busiest(&mut then);
    let names = first
        .iter()
        .chain(&then)
        .map(|(name, _)| format!("{name}\n"));
    names.collect()
}

/// Each function that did something, with the highest of its counts. What a file keeps to itself is named after the file,
/// and the linker does not know that.
fn counted(text: &str) -> BTreeMap<&str, u64> {
    let mut functions = BTreeMap::new();
    let (mut name, mut before) = ("", "");
    let mut is_values = false;
    for line in text.lines() {
        match line {
            HASH => name = before.rsplit(';').next().unwrap_or(before),
            VALUES => is_values = true,
            _ => match line.parse::<u64>() {
                Ok(count) if is_values && count > 0 => {
                    let most = functions.entry(name).or_insert(0);
                    *most = count.max(*most);
                }
                Ok(_) => {}
                Err(_) => is_values = false,
            },
        }
        before = line;
    }
    functions
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTS: &str = "\
# IR level Instrumentation Flag
:ir
_ZN4open
# Func Hash:
7
# Num Counters:
2
# Counter Values:
0
3

file.c;_read_head
# Func Hash:
8
# Num Counters:
1
# Counter Values:
1

";

    const WORK: &str = "\
_ZN6answer
# Func Hash:
9
# Num Counters:
1
# Counter Values:
900

_ZN5never
# Func Hash:
10
# Num Counters:
1
# Counter Values:
0

_ZN4sign
# Func Hash:
11
# Num Counters:
2
# Counter Values:
1000
0
# Num Value Kinds:
1
# ValueKind = MemOPSize:
1
# NumValueSites:
1
1
32:1000

";

    #[test]
    fn what_starts_comes_first_and_what_was_never_done_is_not_named() {
        let all = [STARTS, WORK].concat();
        assert_eq!(
            order(STARTS, &all),
            "_ZN4open\n_read_head\n_ZN4sign\n_ZN6answer\n"
        );
    }

    #[test]
    fn numbers_that_are_no_counts_are_not_taken_for_counts() {
        assert_eq!(counted(WORK).get("_ZN4sign"), Some(&1000));
        assert_eq!(counted(WORK).get("_ZN5never"), None);
    }
}
