//! What is asked for on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::bench::rounds::Plan;

/// How to measure, and which parts. Without a part: the operations and the process.
#[derive(Args, Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct Arguments {
    /// For how many seconds each load is measured
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How often; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) rounds: u64,
    /// How many requests are under way at once
    #[arg(long, default_values_t = [1, 16, 64], value_delimiter = ',')]
    concurrency: Vec<u32>,
    /// Only operations with one of these in their names
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        conflicts_with = "write"
    )]
    only: Vec<String>,
    /// Instead of any part: the operations of this build beside those of another, a program that stands there, by turns
    #[arg(long, value_name = "PROGRAM", conflicts_with_all = ["write", "check"])]
    pub(super) against: Option<PathBuf>,
    /// Measure the program that `cargo xtask release` builds of this tree, with the counts of its last run
    #[arg(long, conflicts_with_all = ["breakdown", "micro", "all"])]
    pub(super) guided: bool,
    /// Write what is measured to docs/measured, and the page and charts that are made from it
    #[arg(long)]
    pub(super) write: bool,
    /// Fail when a target is not met anywhere in the range of its figure
    #[arg(long)]
    pub(super) check: bool,
    /// Every part
    #[arg(long)]
    all: bool,
    /// Each operation beside a bare answer
    #[arg(long)]
    operations: bool,
    /// Start, memory and size of the binary
    #[arg(long)]
    process: bool,
    /// Decisions with so many client profiles, beside ten of them
    #[arg(long, num_args = 0..=1, default_missing_value = "1000", value_parser = clap::value_parser!(u64).range(10..=1000))]
    profiles: Option<u64>,
    /// Tokens of a client with so many roles, beside one with a single role
    #[arg(long, value_name = "ROLES", num_args = 0..=1, default_missing_value = "1000", value_parser = clap::value_parser!(u64).range(50..=4000))]
    overflow: Option<u64>,
    /// The cost of operations with so many emergency clients and API tokens, beside ten and ten thousand of them; a million takes minutes to make
    #[arg(long, value_name = "ROWS", num_args = 0..=1, default_missing_value = "1000000", value_parser = clap::value_parser!(u64).range(10_001..))]
    scale: Option<u64>,
    /// Durable writes from one writer to 256, and the syncs that they take
    #[arg(long)]
    curve: bool,
    /// How soon a recall is seen
    #[arg(long)]
    recall: bool,
    /// Where the time of one issuance and of one introspection goes, by perf
    #[arg(long)]
    breakdown: bool,
    /// What the inner pieces cost, by criterion
    #[arg(long)]
    micro: bool,
    /// The same loads at servers of others: glewlwyd of Debian and oidc-provider of npm, where they can be had
    #[arg(long)]
    compare: bool,
}

/// The parts of a run.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a part that is measured or not"
)]
pub(super) struct Parts {
    pub(super) operations: bool,
    pub(super) process: bool,
    pub(super) profiles: Option<u64>,
    pub(super) overflow: Option<u64>,
    pub(super) scale: Option<u64>,
    pub(super) curve: bool,
    pub(super) recall: bool,
    pub(super) breakdown: bool,
    pub(super) micro: bool,
    pub(super) compare: bool,
}

impl Arguments {
    /// What is to be measured.
    pub(super) fn parts(&self) -> Parts {
        let all = self.all;
        let parts = Parts {
            operations: all || self.operations,
            process: all || self.process,
            profiles: self.profiles.or(all.then_some(1000)),
            overflow: self.overflow.or(all.then_some(1000)),
            scale: self.scale.or(all.then_some(1_000_000)),
            curve: all || self.curve,
            recall: all || self.recall,
            breakdown: all || self.breakdown,
            micro: all || self.micro,
            compare: all || self.compare,
        };
        if parts.none() {
            return Parts {
                operations: true,
                process: true,
                ..parts
            };
        }
        parts
    }

    /// How rows are measured.
    pub(super) fn plan(&self) -> Plan {
        Plan {
            concurrency: self.concurrency.clone(),
            rounds: self.rounds,
            time: self.time(),
            twins: false,
        }
    }

    /// Whether an operation of this name is to be measured.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part))
    }

    /// For how long each load is measured.
    pub(super) fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

impl Parts {
    fn none(&self) -> bool {
        let named = [
            self.operations,
            self.process,
            self.curve,
            self.recall,
            self.breakdown,
            self.micro,
            self.compare,
        ];
        let sized = [self.profiles, self.overflow, self.scale];
        !named.contains(&true) && sized.iter().all(Option::is_none)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn parts(words: &[&str]) -> Parts {
        let words = [&["bench"], words].concat();
        Line::try_parse_from(words).unwrap().arguments.parts()
    }

    #[test]
    fn without_a_part_the_operations_and_the_process_are_measured() {
        let parts = parts(&["--seconds", "1"]);
        assert!(parts.operations && parts.process && parts.profiles.is_none());
    }

    #[test]
    fn a_part_that_is_named_is_measured_alone() {
        let parts = parts(&["--profiles"]);
        assert!(!parts.operations && !parts.process);
        assert_eq!((parts.profiles, parts.overflow), (Some(1000), None));
    }

    #[test]
    fn operations_are_picked_by_a_part_of_their_names() {
        let words = ["bench", "--only", "access token,JWKS"];
        let arguments = Line::try_parse_from(words).unwrap().arguments;
        let wants = |name| arguments.wants(name);
        assert!(wants("access token for an API token") && wants("JWKS") && !wants("discovery"));
        assert!(Line::try_parse_from([&words[..], &["--write"]].concat()).is_err());
    }

    #[test]
    fn all_parts_can_be_asked_for_at_once() {
        let parts = parts(&["--all", "--overflow", "200"]);
        assert!(parts.operations && parts.process);
        assert_eq!((parts.profiles, parts.overflow), (Some(1000), Some(200)));
    }
}
