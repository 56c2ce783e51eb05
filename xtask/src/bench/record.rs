//! What was measured, as it is kept in the tree. Each part has its own run, so that measuring one leaves the others alone.

use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::bench::spread::Spread;

/// Where it is kept, relative to the root.
pub(crate) const PATH: &str = "docs/measured/performance.json";

/// Every part that has been measured.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// The operations, each as a share of a bare answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operations: Option<Part<Vec<Row>>>,
    /// Decisions with few and with many profiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decisions: Option<Part<Vec<Size>>>,
    /// Tokens of clients with one and with many roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) overflow: Option<Part<Vec<Size>>>,
    /// The process: start, memory, file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) process: Option<Part<ProcessFigures>>,
    /// Durable writes by the number of writers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) curve: Option<Part<CurveFigures>>,
    /// Operations with few and with many rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scale: Option<Part<Vec<Size>>>,
    /// How soon a recall is seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recall: Option<Part<RecallFigures>>,
    /// Where the time of a request goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) breakdown: Option<Part<BreakdownFigures>>,
    /// The inner pieces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) micro: Option<Part<Vec<MicroFigure>>>,
    /// Servers of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compare: Option<Part<PeerFigures>>,
}

/// A part, and the run that it is from.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part<T> {
    /// What was called.
    pub(crate) command: String,
    /// When it ended, in UTC (RFC 3339).
    pub(crate) ran: String,
    /// On what: processor, kernel, who ran where.
    pub(crate) machine: String,
    /// Which versions: of this tree, of the compiler, of the load generator.
    pub(crate) versions: String,
    /// What came out.
    pub(crate) figures: T,
}

/// One operation at one concurrency.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// What it is called.
    pub(crate) operation: String,
    /// How many requests were under way at once.
    pub(crate) concurrency: u32,
    /// Answers in a second.
    pub(crate) per_second: Spread,
    /// As a share of a bare answer of the size of a token right before it.
    pub(crate) share: Spread,
    /// As a share of a bare answer of the same bytes to the same request right after it, where that was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) share_of_same_bytes: Option<Spread>,
    /// What half of the answers took at most, in microseconds; the median of the rounds, as all that follows.
    pub(crate) p50_us: f64,
    /// The same for 99 in 100.
    pub(crate) p99_us: f64,
    /// The same for 999 in 1000.
    pub(crate) p999_us: f64,
    /// 99 in 100 as a multiple of half of the answers, in the same round.
    pub(crate) p99_by_p50: Spread,
    /// Processor time of the server for a thousand requests, in milliseconds.
    pub(crate) cpu_ms_per_thousand: f64,
    /// Bytes that went to the disk for a request.
    pub(crate) disk_bytes: f64,
    /// How long an answer is, with its head.
    pub(crate) answer_bytes: f64,
}

/// The rows where there is so much of what is counted.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Size {
    /// How much there is.
    pub(crate) count: u64,
    /// The same operations in the same order for each size.
    pub(crate) rows: Vec<Row>,
}

/// What the process itself takes.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProcessFigures {
    /// How many emergency tokens are alive.
    pub(crate) live_tokens: u64,
    /// From the start of the process on that folder to the first token, in milliseconds.
    pub(crate) start_ms: Option<Spread>,
    /// Resident memory some seconds after the start, in MiB.
    pub(crate) idle_mib: f64,
    /// The most it was under load.
    pub(crate) loaded_mib: f64,
    /// The size of the binary.
    pub(crate) binary_mib: f64,
}

/// Durable writes by the number of writers.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CurveFigures {
    /// The names of the operations.
    pub(crate) operations: Vec<String>,
    /// Syncs of one write that nothing else is waiting with.
    pub(crate) syncs_alone: Option<Spread>,
    /// Why syncs were not counted, if they were not.
    pub(crate) syncs_not_counted: Option<String>,
    /// The points of every operation.
    pub(crate) points: Vec<CurvePoint>,
}

/// One operation with so many writers.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CurvePoint {
    /// The place of the operation among the names.
    pub(crate) operation: usize,
    /// How many write at once.
    pub(crate) writers: u32,
    /// Writes that were durable in a second.
    pub(crate) per_second: Spread,
    /// What half of the answers took at most, in microseconds.
    pub(crate) p50_us: f64,
    /// The same for 99 in 100.
    pub(crate) p99_us: f64,
    /// How often the disk was told to keep what it has, for one write.
    pub(crate) syncs_per_write: Option<f64>,
}

/// How soon a recall is seen.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecallFigures {
    /// How many tokens were recalled, for each server.
    pub(crate) recalls: u32,
    /// How many of them were refused by the next request to the server that was told.
    pub(crate) refused_at_once: u32,
    /// From the answer to the recall to the first refusal by a second server on the folder, in milliseconds; each recall is a
    /// round.
    pub(crate) second_process_ms: Option<Spread>,
}

/// Where the time of a request goes.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BreakdownFigures {
    /// Processor time of a bare answer in the same run, in microseconds.
    pub(crate) bare_us: f64,
    /// The operations.
    pub(crate) operations: Vec<Sampled>,
    /// Why nothing was measured, if it was not.
    pub(crate) skipped: Option<String>,
}

/// Where the time of one operation goes.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sampled {
    /// What it is called.
    pub(crate) operation: String,
    /// Processor time of one, in microseconds.
    pub(crate) us: f64,
    /// How many samples were taken.
    pub(crate) samples: u32,
    /// What of it each step takes, in microseconds.
    pub(crate) steps: Vec<(String, f64)>,
}

/// One inner piece.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MicroFigure {
    /// What it is called.
    pub(crate) name: String,
    /// How many things one measurement does.
    pub(crate) elements: u64,
    /// What half of the measurements took at most, in nanoseconds.
    pub(crate) median_ns: f64,
    /// Where that lies at the least, with 95 % confidence.
    pub(crate) least_ns: f64,
    /// Where that lies at the most, with 95 % confidence.
    pub(crate) most_ns: f64,
}

/// Servers of others beside this one.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeerFigures {
    /// The same operations of each.
    pub(crate) rows: Vec<Row>,
    /// Which could not be had, and why.
    pub(crate) skipped: Vec<String>,
}

impl Record {
    /// What is kept in this tree; nothing where nothing was measured yet.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let path = root.join(PATH);
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = std::fs::read_to_string(&path)?;
        serde_json::from_str(&text).with_context(|| format!("{PATH} does not hold measurements"))
    }

    /// Puts the parts of another run in the place of these; what that run did not measure stays.
    pub(crate) fn replace(&mut self, other: Self) {
        let Self {
            operations,
            decisions,
            overflow,
            process,
            curve,
            scale,
            recall,
            breakdown,
            micro,
            compare,
        } = other;
        newer(&mut self.operations, operations);
        newer(&mut self.decisions, decisions);
        newer(&mut self.overflow, overflow);
        newer(&mut self.process, process);
        newer(&mut self.curve, curve);
        newer(&mut self.scale, scale);
        newer(&mut self.recall, recall);
        newer(&mut self.breakdown, breakdown);
        newer(&mut self.micro, micro);
        newer(&mut self.compare, compare);
    }

    /// As the file holds it.
    pub(crate) fn text(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

fn newer<T>(kept: &mut Option<T>, measured: Option<T>) {
    if measured.is_some() {
        *kept = measured;
    }
}
