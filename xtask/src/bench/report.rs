//! The table of the figures.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::Result;

use crate::bench::load::Measured;

/// Beyond this spread of the rounds, in hundredths of the median, a figure is marked as too noisy to rest on.
const NOISY_PERCENT: f64 = 20.0;

/// One operation at one concurrency.
#[derive(Clone, Debug)]
pub(super) struct Row {
    name: String,
    concurrency: u32,
    median: Measured,
    spread_percent: f64,
}

impl Row {
    /// The median of the rounds, of which there is at least one.
    pub(super) fn new(name: &str, concurrency: u32, mut rounds: Vec<Measured>) -> Option<Self> {
        rounds.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
        let median = *rounds.get(rounds.len() / 2)?;
        let range = rounds.last()?.per_second - rounds.first()?.per_second;
        Some(Self {
            name: name.to_owned(),
            concurrency,
            median,
            spread_percent: range / median.per_second * 100.0,
        })
    }
}

/// Writes the table, each figure as a share of the first row of the same concurrency.
pub(super) fn print(rows: &[Row]) -> Result<()> {
    Ok(std::io::stdout().write_all(table(rows).as_bytes())?)
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "\n| operation | at once | per second | share of bare | p50 us | p99 us | spread |\n\
         |---|---:|---:|---:|---:|---:|---:|\n",
    );
    for row in rows {
        let bare = rows
            .iter()
            .find(|other| other.concurrency == row.concurrency);
        let share = bare.map_or(1.0, |bare| row.median.per_second / bare.median.per_second);
        let noisy = if row.spread_percent > NOISY_PERCENT {
            " noisy"
        } else {
            ""
        };
        // Writing to a text cannot fail.
        let _written = writeln!(
            text,
            "| {} | {} | {:.0} | {share:.3} | {} | {} | {:.0} %{noisy} |",
            row.name,
            row.concurrency,
            row.median.per_second,
            row.median.p50_us,
            row.median.p99_us,
            row.spread_percent,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(per_second: &[u32]) -> Vec<Measured> {
        let line = |requests: &u32| format!("MEASURED {requests} 1000000 100 400 0");
        let read = |requests| Measured::read(&line(requests)).unwrap();
        per_second.iter().map(read).collect()
    }

    #[test]
    fn a_row_is_the_median_as_a_share_of_the_bare_answer_at_the_same_concurrency() {
        let rows = [
            Row::new("bare", 16, rounds(&[1000])).unwrap(),
            Row::new("create", 16, rounds(&[90, 100, 150])).unwrap(),
            Row::new("bare", 64, rounds(&[2000])).unwrap(),
            Row::new("create", 64, rounds(&[500])).unwrap(),
        ];
        let text = table(&rows);
        let lines: Vec<&str> = text.lines().skip(3).collect();
        assert_eq!(
            lines,
            [
                "| bare | 16 | 1000 | 1.000 | 100 | 400 | 0 % |",
                "| create | 16 | 100 | 0.100 | 100 | 400 | 60 % noisy |",
                "| bare | 64 | 2000 | 1.000 | 100 | 400 | 0 % |",
                "| create | 64 | 500 | 0.250 | 100 | 400 | 0 % |",
            ]
        );
    }

    #[test]
    fn without_a_round_there_is_no_row() {
        assert!(Row::new("create", 16, Vec::new()).is_none());
    }
}
