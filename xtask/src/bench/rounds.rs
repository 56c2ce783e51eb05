//! Loads in turn, round after round, and what they come to beside a bare answer that was measured right before each.

use std::time::Duration;

use anyhow::Result;

use crate::bench::load::{Load, Measured, WARM_UP};
use crate::bench::process::Process;
use crate::bench::record::Row;
use crate::bench::spread::{Spread, round};
use crate::workspace::say;

/// How long the body of the anchor is.
const ANCHOR_BYTES: u64 = 914;

/// What is measured how often for how long.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// How many requests are under way at once, in turn.
    pub(super) concurrency: Vec<u32>,
    /// How often.
    pub(super) rounds: u64,
    /// For how long each time.
    pub(super) time: Duration,
    /// Whether each load has a bare twin that is answered with the same bytes.
    pub(super) twins: bool,
}

/// A load, and the server that it goes to.
#[derive(Clone, Debug)]
pub(super) struct Subject<'a> {
    pub(super) load: Load,
    pub(super) server: &'a Process,
}

/// One round of one load.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) measured: Measured,
    cpu: Duration,
    written: u64,
    /// Answers per second of the bare server, with the bytes of a token and with these bytes.
    bare: f64,
    twin: Option<f64>,
}

impl Plan {
    /// Measures all of them; the first row of each concurrency is the bare answer itself.
    pub(super) fn measure(&self, hello: &Process, subjects: &[Subject<'_>]) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for concurrency in &self.concurrency {
            rows.extend(self.at(*concurrency, hello, subjects)?);
        }
        Ok(rows)
    }

    fn at(&self, concurrency: u32, hello: &Process, subjects: &[Subject<'_>]) -> Result<Vec<Row>> {
        let anchor = Subject {
            load: Load::of(
                "bare answer of hyper",
                "GET",
                format!("{}/?bytes={ANCHOR_BYTES}", hello.url()),
            ),
            server: hello,
        };
        anchor.load.warm(concurrency, WARM_UP)?;
        let mut bare = Vec::new();
        let mut rounds: Vec<Vec<Sample>> = vec![Vec::new(); subjects.len()];
        for round in 1..=self.rounds {
            say(&format!(
                "round {round} of {}, {concurrency} at once",
                self.rounds
            ));
            for (subject, samples) in subjects.iter().zip(&mut rounds) {
                let (before, after) = self.sample(concurrency, &anchor, subject)?;
                bare.push(before);
                samples.push(after);
            }
        }
        let subjects = std::iter::once(&anchor).chain(subjects);
        let rows = subjects.zip(std::iter::once(&bare).chain(&rounds));
        Ok(rows
            .filter_map(|(subject, samples)| row(&subject.load.name, concurrency, samples))
            .collect())
    }

    /// A round of the bare answer, and a round of the subject with its twin right after it.
    fn sample(
        &self,
        concurrency: u32,
        anchor: &Subject<'_>,
        subject: &Subject<'_>,
    ) -> Result<(Sample, Sample)> {
        let load = &subject.load;
        let warm = load.warm(concurrency, WARM_UP)?;
        let mut before = anchor.while_used(|load| load.measure(concurrency, self.time))?;
        let mut after = subject.while_used(|load| load.run(concurrency, self.time, &warm))?;
        let per_second = before.measured.per_second;
        (before.bare, after.bare) = (per_second, per_second);
        if self.twins {
            let bytes = body_bytes(&after.measured, &before.measured);
            let twin = load.twin(anchor.server.url(), bytes);
            after.twin = Some(twin.measure(concurrency, self.time)?.per_second);
        }
        Ok((before, after))
    }
}

impl Sample {
    /// Processor time of the server for each answer, in microseconds.
    pub(super) fn cpu_us(&self) -> f64 {
        self.measured.each(self.cpu.as_secs_f64() * 1e6)
    }
}

impl Subject<'_> {
    /// What a load came to and took of the server.
    pub(super) fn while_used(&self, run: impl FnOnce(&Load) -> Result<Measured>) -> Result<Sample> {
        let before = self.server.usage()?;
        let measured = run(&self.load)?;
        let after = self.server.usage()?;
        Ok(Sample {
            measured,
            cpu: after.cpu.saturating_sub(before.cpu),
            written: after.written.saturating_sub(before.written),
            bare: 0.0,
            twin: None,
        })
    }
}

/// How long a bare answer's body has to be, so that with its head it is as long as this answer with its own.
#[expect(
    clippy::cast_possible_truncation,
    reason = "answers are far shorter than 2^63 bytes"
)]
fn body_bytes(measured: &Measured, bare: &Measured) -> u64 {
    let longer = (measured.answer_bytes() - bare.answer_bytes()).round() as i64;
    ANCHOR_BYTES.saturating_add_signed(longer)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "bytes and microseconds are far below 2^52"
)]
fn row(name: &str, concurrency: u32, samples: &[Sample]) -> Option<Row> {
    let spread = |figure: &dyn Fn(&Sample) -> f64| Spread::of(samples.iter().map(figure).collect());
    let median = |figure: &dyn Fn(&Sample) -> f64| spread(figure).map(|spread| spread.median);
    let twins: Option<Vec<f64>> = samples
        .iter()
        .map(|one| Some(one.measured.per_second / one.twin?))
        .collect();
    Some(Row {
        operation: name.to_owned(),
        concurrency,
        per_second: spread(&|one| one.measured.per_second)?,
        share: spread(&|one| one.measured.per_second / one.bare)?,
        share_of_same_bytes: twins.and_then(Spread::of),
        p50_us: median(&|one| one.measured.p50_us as f64)?,
        p99_us: median(&|one| one.measured.p99_us as f64)?,
        p999_us: median(&|one| one.measured.p999_us as f64)?,
        p99_by_p50: spread(&|one| {
            one.measured.p99_us as f64 / (one.measured.p50_us as f64).max(1.0)
        })?,
        cpu_ms_per_thousand: median(&Sample::cpu_us)?,
        disk_bytes: median(&|one| one.measured.each(one.written as f64))?,
        answer_bytes: round(median(&|one| one.measured.answer_bytes())?),
    })
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these figures are exact")]
mod tests {
    use super::*;

    fn sample(requests: u32, bare: f64, twin: Option<f64>) -> Sample {
        let line = format!(
            "MEASURED {requests} 1000000 100 400 900 {} 0",
            requests * 300
        );
        Sample {
            measured: Measured::read(&line).unwrap(),
            cpu: Duration::from_millis(500),
            written: u64::from(requests) * 4096,
            bare,
            twin,
        }
    }

    #[test]
    fn a_share_is_of_the_bare_answer_before_it() {
        let slow = sample(500, 1000.0, Some(2000.0));
        let fast = sample(1000, 2000.0, Some(4000.0));
        let row = row("create", 16, &[slow, fast, slow]).unwrap();
        assert_eq!((row.per_second.least, row.per_second.most), (500.0, 1000.0));
        assert_eq!((row.share.least, row.share.most), (0.5, 0.5));
        assert_eq!(row.share_of_same_bytes.unwrap().median, 0.25);
        assert_eq!((row.p50_us, row.p99_us, row.p999_us), (100.0, 400.0, 900.0));
        assert_eq!(row.p99_by_p50.median, 4.0);
        assert_eq!(row.cpu_ms_per_thousand, 1000.0);
        assert_eq!((row.disk_bytes, row.answer_bytes), (4096.0, 300.0));
    }

    #[test]
    fn without_a_twin_in_each_round_there_is_no_share_of_the_same_bytes() {
        let samples = [sample(10, 10.0, None), sample(10, 10.0, Some(1.0))];
        assert_eq!(row("x", 1, &samples).unwrap().share_of_same_bytes, None);
        assert_eq!(row("x", 1, &[]), None);
    }

    #[test]
    fn a_twin_is_as_long_with_its_head_as_the_answer() {
        let read = |bytes: u64| Measured::read(&format!("MEASURED 1 1 1 1 1 {bytes} 0")).unwrap();
        assert_eq!(body_bytes(&read(1500), &read(1000)), ANCHOR_BYTES + 500);
        assert_eq!(body_bytes(&read(10), &read(2000)), 0);
    }
}
