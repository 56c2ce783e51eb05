//! The figures as tables, for the terminal and for the page.

use std::fmt::Write as _;

use crate::bench::record::{CurveFigures, MicroFigure, Row, Sampled, Size};
use crate::bench::spread::{Bound, Spread};
use crate::bench::targets::{Finding, costs, count};

/// Beyond this spread of the rounds, in hundredths of the median, a figure is marked as too noisy to rest on.
pub(crate) const NOISY_PERCENT: f64 = 20.0;

/// A table of these columns; all but the first stand on the right.
pub(crate) fn table(columns: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|---|", columns.join(" | "));
    text.push_str(&"---:|".repeat(columns.len().saturating_sub(1)));
    text.push('\n');
    for row in rows {
        // Writing to a text cannot fail.
        let _written = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// What each operation came to.
pub(crate) fn of_rows(rows: &[Row]) -> String {
    let columns = [
        "operation",
        "at once",
        "a second",
        "share of bare",
        "of the same bytes bare",
        "p50",
        "p99",
        "p99.9",
        "CPU ms per 1,000",
        "disk bytes each",
        "answer bytes",
        "spread",
    ];
    table(
        &columns,
        rows.iter().map(|row| {
            vec![
                row.operation.clone(),
                row.concurrency.to_string(),
                whole(row.per_second.median),
                share(&row.share),
                row.share_of_same_bytes
                    .as_ref()
                    .map_or("-".to_owned(), share),
                time(row.p50_us),
                time(row.p99_us),
                time(row.p999_us),
                figure(row.cpu_ms_per_thousand),
                whole(row.disk_bytes),
                whole(row.answer_bytes),
                spread(&row.per_second),
            ]
        }),
    )
}

/// The same operations at each size, and what the last size costs beside the one before. `of` is what is counted.
pub(crate) fn of_sizes(sizes: &[Size], of: &str) -> String {
    let mut columns = vec!["operation".to_owned(), "at once".to_owned()];
    let counts = sizes.iter().map(|size| whole(count(size.count)));
    for counted in counts {
        columns.push(format!("a second, {counted} {of}"));
        columns.push("share of bare".to_owned());
    }
    columns.extend(["cost", "between"].map(str::to_owned));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let costs = costs(sizes).into_iter().enumerate();
    let rows = costs.map(|(index, (row, _, cost))| {
        let mut cells = vec![row.operation.clone(), row.concurrency.to_string()];
        for row in sizes.iter().filter_map(|size| size.rows.get(index)) {
            cells.extend([whole(row.per_second.median), share(&row.share)]);
        }
        cells.push(format!("{} times", figure(cost.median)));
        cells.push(range(cost.range()));
        cells
    });
    table(&columns, rows)
}

/// Durable writes by the number of writers.
pub(crate) fn of_curve(figures: &CurveFigures) -> String {
    let columns = [
        "operation",
        "writers",
        "a second",
        "p50",
        "p99",
        "syncs each",
        "spread",
    ];
    let rows = figures.points.iter().map(|point| {
        let name = figures.operations.get(point.operation);
        vec![
            name.cloned().unwrap_or_default(),
            point.writers.to_string(),
            whole(point.per_second.median),
            time(point.p50_us),
            time(point.p99_us),
            point.syncs_per_write.map_or("-".to_owned(), figure),
            spread(&point.per_second),
        ]
    });
    let mut text = table(&columns, rows);
    if let Some(why) = &figures.syncs_not_counted {
        // Writing to a text cannot fail.
        let _written = writeln!(text, "\nSyncs: {why}.");
    }
    text
}

/// What the inner pieces cost.
pub(crate) fn of_micro(figures: &[MicroFigure]) -> String {
    let columns = ["piece", "each", "least to most, 95 %", "a second"];
    let rows = figures.iter().map(|one| {
        let elements = count(one.elements);
        vec![
            one.name.clone(),
            time(one.median_ns / 1e3),
            format!(
                "{} to {}",
                time(one.least_ns / 1e3),
                time(one.most_ns / 1e3)
            ),
            whole(elements * 1e9 / one.median_ns),
        ]
    });
    table(&columns, rows)
}

/// The least that the steps of a request could take, in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// A bare answer of hyper.
    pub(crate) bare: f64,
    /// A signature, where that was measured.
    pub(crate) sign: Option<f64>,
    /// A row of SQLite that is durable together with others, where that was measured.
    pub(crate) row: Option<f64>,
}

/// Where the time of each operation goes.
pub(crate) fn of_steps(operations: &[Sampled], limits: &Limits) -> String {
    let tell = |limit: Option<f64>| limit.map_or("-".to_owned(), time);
    let mut text = String::new();
    for one in operations {
        // Introspection looks at what is kept in memory, and the store at its counts now and then.
        let signs = one
            .steps
            .iter()
            .any(|(step, us)| step == "sign" && *us > one.us / 100.0);
        let limit_of = |step: &str| match step {
            "sign" => limits.sign.filter(|_| signs),
            "store" => limits.row.filter(|_| signs),
            _ => None,
        };
        let rows = one.steps.iter().map(|(step, us)| {
            let limit = limit_of(step);
            let percent = format!("{:.1} %", us * 100.0 / one.us);
            vec![step.clone(), time(*us), percent, tell(limit)]
        });
        let pieces = [limit_of("sign"), limit_of("store")];
        let least = pieces
            .into_iter()
            .flatten()
            .fold(limits.bare, |sum, piece| sum + piece);
        let whole = vec![
            "all".to_owned(),
            time(one.us),
            "100 %".to_owned(),
            tell(Some(least)),
        ];
        let columns = [
            one.operation.as_str(),
            "each",
            "share",
            "the least it could",
        ];
        // Writing to a text cannot fail.
        let _written = writeln!(text, "{}", table(&columns, rows.chain([whole])));
    }
    text
}

/// What the figures should come to, and whether they do.
pub(crate) fn of_findings(findings: &[Finding]) -> String {
    table(
        &["what", "target", "measured", "between", ""],
        findings.iter().map(|finding| {
            let bound = match finding.bound {
                Bound::AtLeast(bound) => format!("at least {bound}"),
                Bound::AtMost(bound) => format!("at most {bound}"),
            };
            vec![
                finding.what.clone(),
                format!("{bound} {}", finding.unit),
                figure(finding.found.median),
                range(finding.found.range()),
                finding.judgement().word().to_owned(),
            ]
        }),
    )
}

/// From where to where.
pub(crate) fn range((from, to): (f64, f64)) -> String {
    format!("{} to {}", figure(from), figure(to))
}

fn share(share: &Spread) -> String {
    format!("{:.3}", share.median)
}

/// How far rounds lay apart.
pub(crate) fn spread(spread: &Spread) -> String {
    let percent = spread.percent();
    match spread.rounds {
        0 | 1 => "one round".to_owned(),
        _ if percent > NOISY_PERCENT => format!("{percent:.0} % noisy"),
        _ => format!("{percent:.0} %"),
    }
}

/// A number with what belongs to its size behind the point.
pub(crate) fn figure(figure: f64) -> String {
    match figure.abs() {
        size if size >= 100.0 => whole(figure),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size >= 1.0 => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}

/// A number without what is behind the point, and with a comma before each three digits.
pub(crate) fn whole(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time of so many microseconds.
pub(crate) fn time(micros: f64) -> String {
    match micros {
        short if short < 1000.0 => format!("{} us", figure(short)),
        long if long < 1e6 => format!("{} ms", figure(long / 1e3)),
        longest => format!("{} s", figure(longest / 1e6)),
    }
}

/// A row for tests, all of whose rounds were the same.
#[cfg(test)]
pub(crate) fn sample_row(operation: &str, concurrency: u32, share: f64) -> Row {
    let same = |figure| Spread::of(vec![figure; 3]).unwrap();
    Row {
        operation: operation.to_owned(),
        concurrency,
        per_second: same(share * 100_000.0),
        share: same(share),
        share_of_same_bytes: None,
        p50_us: 100.0,
        p99_us: 250.0,
        p999_us: 12_345.0,
        p99_by_p50: same(2.5),
        cpu_ms_per_thousand: 9.25,
        disk_bytes: 4096.0,
        answer_bytes: 914.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_stands_in_its_columns() {
        let text = of_rows(&[sample_row("create", 16, 0.1)]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1..],
            [
                "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
                "| create | 16 | 10,000 | 0.100 | - | 100 us | 250 us | 12.3 ms | 9.25 | 4,096 | 914 | 0 % |",
            ]
        );
    }

    #[test]
    fn rounds_that_lie_far_apart_are_marked() {
        let of = |rounds: &[f64]| spread(&Spread::of(rounds.to_vec()).unwrap());
        assert_eq!(of(&[90.0, 100.0, 150.0]), "60 % noisy");
        assert_eq!(of(&[95.0, 100.0, 105.0]), "10 %");
        assert_eq!(of(&[95.0]), "one round");
    }

    #[test]
    fn numbers_are_told_in_a_readable_way() {
        assert_eq!(
            [whole(0.4), whole(999.6), whole(1_234_567.0)],
            ["0", "1,000", "1,234,567"]
        );
        assert_eq!(
            [figure(0.1234), figure(12.34), figure(1234.0)],
            ["0.123", "12.3", "1,234"]
        );
        assert_eq!(
            [time(900.0), time(2_500.0), time(3e6)],
            ["900 us", "2.50 ms", "3.00 s"]
        );
    }

    #[test]
    fn a_finding_stands_beside_its_target() {
        let finding = Finding {
            what: "create".to_owned(),
            bound: Bound::AtLeast(0.08),
            unit: "of a bare answer",
            found: Spread::of(vec![0.07, 0.09, 0.1]).unwrap(),
        };
        let text = of_findings(&[finding]);
        assert_eq!(
            text.lines().last(),
            Some(
                "| create | at least 0.08 of a bare answer | 0.090 | 0.070 to 0.100 | too noisy to judge |"
            )
        );
    }
}
