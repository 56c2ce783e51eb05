//! What the figures should come to, and whether they do.

use crate::bench::record::{CurveFigures, ProcessFigures, RecallFigures, Row, Size};
use crate::bench::spread::{Bound, Judgement, Spread};
use crate::bench::tables::whole;

/// The names of the operations, which the stage gives and the targets ask for.
pub(crate) mod name {
    pub(crate) const CREATE: &str = "create an emergency client";
    pub(crate) const DISCOVERY: &str = "discovery";
    pub(crate) const FORWARD_AUTH: &str = "forward-auth with an access token";
    pub(crate) const INTROSPECT: &str = "introspect an emergency token";
    pub(crate) const JWKS: &str = "JWKS";
    pub(crate) const OF_API_TOKEN: &str = "access token for an API token";
    pub(crate) const OF_SECRET: &str = "access token for a client's secret";
    pub(crate) const PAGE: &str = "first page of API tokens";
    pub(crate) const REGENERATE: &str = "regenerate an emergency token";
    pub(crate) const STATUS_LIST: &str = "status list";
}

/// How many requests are under way at once at full load.
pub(crate) const FULL_LOAD: u32 = 64;

/// How many are for what only reads: others are known at that concurrency.
const READING: u32 = 16;

/// At full load 99 in 100 answers take at most so many times as long as half of them.
const TAIL: f64 = 4.0;

/// The least share of a bare answer of the size of a token.
const SHARES: [(&str, u32, f64); 8] = [
    (name::OF_SECRET, FULL_LOAD, 0.14),
    (name::OF_API_TOKEN, FULL_LOAD, 0.14),
    (name::CREATE, FULL_LOAD, 0.08),
    (name::INTROSPECT, READING, 0.45),
    (name::FORWARD_AUTH, READING, 0.50),
    (name::JWKS, READING, 0.80),
    (name::DISCOVERY, READING, 0.80),
    (name::STATUS_LIST, READING, 0.80),
];

/// From a usual store to a great one, an operation costs at most so many times as much.
const GROWTH: f64 = 1.5;

/// The sizes between which that counts.
const GROWS_FROM: u64 = 10_000;

/// A figure beside what it should come to.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// Which figure.
    pub(crate) what: String,
    /// What it should come to.
    pub(crate) bound: Bound,
    /// What it is of.
    pub(crate) unit: &'static str,
    /// What it came to.
    pub(crate) found: Spread,
}

impl Finding {
    /// Whether it is what it should be.
    pub(crate) fn judgement(&self) -> Judgement {
        self.bound.judge(&self.found)
    }
}

/// The targets of the operations that were measured.
pub(crate) fn of_operations(rows: &[Row]) -> Vec<Finding> {
    let shares = rows.iter().filter_map(|row| {
        let (_, _, share) = SHARES.iter().find(|(name, concurrency, _)| {
            *name == row.operation && *concurrency == row.concurrency
        })?;
        Some(Finding {
            what: format!("{}, {} at once", row.operation, row.concurrency),
            bound: Bound::AtLeast(*share),
            unit: "of a bare answer",
            found: row.share,
        })
    });
    // The first row of a concurrency is the bare answer itself.
    let at_full_load = rows.iter().filter(|row| row.concurrency == FULL_LOAD);
    let tails = at_full_load.skip(1).map(|row| Finding {
        what: format!("p99 of {}, {FULL_LOAD} at once", row.operation),
        bound: Bound::AtMost(TAIL),
        unit: "times p50",
        found: row.p99_by_p50,
    });
    shares.chain(tails).collect()
}

/// How much more each operation costs at the last size than at the one before.
pub(crate) fn costs(sizes: &[Size]) -> Vec<(&Row, &Row, Spread)> {
    let [.., few, many] = sizes else {
        return Vec::new();
    };
    let pairs = few.rows.iter().zip(&many.rows);
    pairs
        .map(|(few, many)| (few, many, few.share.by(&many.share)))
        .collect()
}

/// The targets of what must not grow.
pub(crate) fn of_scale(sizes: &[Size]) -> Vec<Finding> {
    let [.., few, many] = sizes else {
        return Vec::new();
    };
    if few.count != GROWS_FROM {
        return Vec::new();
    }
    let costs = costs(sizes).into_iter();
    costs
        .map(|(row, _, cost)| Finding {
            what: format!(
                "cost of {}, {} at once, from {} to {} rows",
                row.operation,
                row.concurrency,
                whole(count(few.count)),
                whole(count(many.count))
            ),
            bound: Bound::AtMost(GROWTH),
            unit: "times",
            found: cost,
        })
        .collect()
}

/// The targets of the process.
pub(crate) fn of_process(figures: &ProcessFigures) -> Vec<Finding> {
    let once = |figure| Some(Spread::once(figure));
    let tokens = whole(count(figures.live_tokens));
    let start = "start of an existing folder to the first token";
    let loaded = format!("memory under load with {tokens} live tokens");
    let all = [
        (start.to_owned(), 30.0, "ms", figures.start_ms),
        (
            "memory, idle".to_owned(),
            15.0,
            "MiB",
            once(figures.idle_mib),
        ),
        (loaded, 40.0, "MiB", once(figures.loaded_mib)),
        (
            "release binary, stripped".to_owned(),
            20.0,
            "MiB",
            once(figures.binary_mib),
        ),
    ];
    all.into_iter().filter_map(at_most).collect()
}

/// The targets of group commit.
pub(crate) fn of_curve(figures: &CurveFigures) -> Vec<Finding> {
    // A sync of the whole file comes with every thousand pages; it is in the figure of many writes and not in that of one.
    let alone = figures.syncs_alone.map(|alone| Spread::once(alone.median));
    let alone = (
        "syncs of one durable write alone".to_owned(),
        1.0,
        "",
        alone,
    );
    let at_full_load = figures
        .points
        .iter()
        .filter(|point| point.writers == FULL_LOAD);
    let shared = at_full_load.map(|point| {
        let name = figures.operations.get(point.operation);
        let what = format!(
            "syncs for each: {}, {FULL_LOAD} at once",
            name.map_or("?", String::as_str)
        );
        let syncs = point.syncs_per_write.map(Spread::once);
        (what, 0.05, "", syncs)
    });
    std::iter::once(alone)
        .chain(shared)
        .filter_map(at_most)
        .collect()
}

/// The targets of recalls.
pub(crate) fn of_recall(figures: &RecallFigures) -> Vec<Finding> {
    let seen = f64::from(figures.refused_at_once) / f64::from(figures.recalls.max(1));
    let at_once = Finding {
        what: "recall seen by the next request to the same process".to_owned(),
        bound: Bound::AtLeast(1.0),
        unit: "of the recalls",
        found: Spread::once(seen),
    };
    // What ends here is a promise to whoever recalls, and so it is for each recall: the longest counts.
    let longest = figures.second_process_ms.map(|lag| Spread::once(lag.most));
    let what = "recall seen by a second process on the folder, at the latest".to_owned();
    let second = at_most((what, 1000.0, "ms", longest));
    std::iter::once(at_once).chain(second).collect()
}

fn at_most(
    (what, bound, unit, found): (String, f64, &'static str, Option<Spread>),
) -> Option<Finding> {
    Some(Finding {
        what,
        bound: Bound::AtMost(bound),
        unit,
        found: found?,
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "there are far fewer than 2^52 rows"
)]
pub(crate) fn count(rows: u64) -> f64 {
    rows as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::tables::sample_row;

    #[test]
    fn a_target_is_for_its_operation_at_its_concurrency() {
        let rows = [
            sample_row("bare answer of hyper", 64, 1.0),
            sample_row(name::CREATE, 64, 0.1),
            sample_row(name::CREATE, 16, 0.1),
            sample_row(name::JWKS, 16, 0.5),
        ];
        let findings = of_operations(&rows);
        let told: Vec<(&str, Judgement)> = findings
            .iter()
            .map(|finding| (finding.what.as_str(), finding.judgement()))
            .collect();
        assert_eq!(
            told,
            [
                ("create an emergency client, 64 at once", Judgement::Met),
                ("JWKS, 16 at once", Judgement::NotMet),
                (
                    "p99 of create an emergency client, 64 at once",
                    Judgement::Met
                ),
            ]
        );
    }

    #[test]
    fn what_grows_is_told_by_how_much() {
        let size = |count, share| Size {
            count,
            rows: vec![sample_row(name::JWKS, 16, share)],
        };
        let findings = of_scale(&[size(10, 0.9), size(10_000, 0.6), size(1_000_000, 0.3)]);
        let [finding] = findings.as_slice() else {
            panic!("{findings:?}");
        };
        assert_eq!(
            finding.what,
            "cost of JWKS, 16 at once, from 10,000 to 1,000,000 rows"
        );
        assert!((finding.found.median - 2.0).abs() < 1e-9);
        assert_eq!(finding.judgement(), Judgement::NotMet);
    }

    #[test]
    fn a_recall_that_was_not_refused_at_once_is_a_miss() {
        let figures = RecallFigures {
            recalls: 200,
            refused_at_once: 199,
            second_process_ms: Spread::of(vec![1.0, 2.0, 1500.0]),
        };
        let judged: Vec<Judgement> = of_recall(&figures).iter().map(Finding::judgement).collect();
        assert_eq!(judged, [Judgement::NotMet, Judgement::NotMet]);
    }
}
