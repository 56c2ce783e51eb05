//! A figure of several rounds, and what can be said of it.

use serde::{Deserialize, Serialize};

/// The median of the rounds, and how far they lay apart.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// What half of the rounds were below.
    pub(crate) median: f64,
    /// The least of the rounds.
    pub(crate) least: f64,
    /// The most of the rounds.
    pub(crate) most: f64,
    /// How many rounds there were.
    pub(crate) rounds: usize,
    /// Between which the median of ever more rounds lies, with 95 % confidence; that takes six rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    interval: Option<(f64, f64)>,
}

impl Spread {
    /// Of the rounds, of which there is at least one.
    pub(crate) fn of(mut rounds: Vec<f64>) -> Option<Self> {
        rounds.sort_by(f64::total_cmp);
        let interval = cut_off(rounds.len()).and_then(|cut| {
            let within = rounds.get(cut..rounds.len() - cut)?;
            Some((round(*within.first()?), round(*within.last()?)))
        });
        Some(Self {
            median: round(middle(&rounds)?),
            least: round(*rounds.first()?),
            most: round(*rounds.last()?),
            rounds: rounds.len(),
            interval,
        })
    }

    /// Of a figure that there is only one of.
    pub(crate) fn once(figure: f64) -> Self {
        let figure = round(figure);
        Self {
            median: figure,
            least: figure,
            most: figure,
            rounds: 1,
            interval: None,
        }
    }

    /// Between which the figure lies as far as the rounds can tell: the interval of the median, and with few rounds the
    /// outermost of them.
    pub(crate) fn range(&self) -> (f64, f64) {
        self.interval.unwrap_or((self.least, self.most))
    }

    /// How far the ends of the range lie apart, in hundredths of the median.
    pub(crate) fn percent(&self) -> f64 {
        if self.median == 0.0 {
            return 0.0;
        }
        let (from, to) = self.range();
        (to - from) / self.median * 100.0
    }

    /// How often another figure goes into this one. Which rounds belong together is not known, so the ends of both count.
    pub(crate) fn by(&self, other: &Self) -> Self {
        let ((from, to), (other_from, other_to)) = (self.range(), other.range());
        let range = (round(from / other_to), round(to / other_from));
        Self {
            median: round(self.median / other.median),
            least: round(self.least / other.most),
            most: round(self.most / other.least),
            rounds: self.rounds.min(other.rounds),
            interval: self.interval.and(other.interval).map(|_| range),
        }
    }
}

/// The median of what is sorted: of an even number of rounds the mean of the two in the middle.
fn middle(sorted: &[f64]) -> Option<f64> {
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get(sorted.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

/// How much may be wrong: a median lies outside its interval in one of twenty runs.
const DOUBT: f64 = 0.05;

/// How many of the sorted rounds to leave out at each end, so that the median of ever more rounds lies within the rest with
/// 95 % confidence. A round is below that median as often as above it, whatever else is true of the rounds, so that the number
/// of those below is that of heads in as many throws of a coin.
fn cut_off(rounds: usize) -> Option<usize> {
    let throws = i32::try_from(rounds).ok()?;
    let mut exactly = 0.5_f64.powi(throws);
    let mut at_most = exactly;
    let mut cut = None;
    for heads in 0..rounds / 2 {
        if 2.0 * at_most > DOUBT {
            break;
        }
        cut = Some(heads);
        let heads = f64::from(i32::try_from(heads).ok()?);
        exactly *= (f64::from(throws) - heads) / (heads + 1.0);
        at_most += exactly;
    }
    cut
}

/// As many digits as a measurement is worth.
pub(crate) fn round(figure: f64) -> f64 {
    format!("{figure:.3e}").parse().unwrap_or(figure)
}

/// What a figure should come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    /// So much or more.
    AtLeast(f64),
    /// So much or less.
    AtMost(f64),
}

impl Bound {
    fn holds(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(bound) => figure >= bound,
            Self::AtMost(bound) => figure <= bound,
        }
    }

    /// What the rounds say of it.
    pub(crate) fn judge(self, figure: &Spread) -> Judgement {
        let (from, to) = figure.range();
        match (self.holds(from), self.holds(to)) {
            (true, true) => Judgement::Met,
            (false, false) => Judgement::NotMet,
            _ => Judgement::TooNoisy,
        }
    }
}

/// Whether a figure is what it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Judgement {
    /// All over the range of the figure.
    Met,
    /// Nowhere in it.
    NotMet,
    /// The bound lies within the range: the rounds lie further apart than the figure is from its bound.
    TooNoisy,
}

impl Judgement {
    /// How it is told.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "**not met**",
            Self::TooNoisy => "too noisy to judge",
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these figures are exact")]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_median_and_the_outermost_rounds() {
        let spread = Spread::of(vec![150.0, 90.0, 100.0]).unwrap();
        assert_eq!(
            (spread.least, spread.median, spread.most),
            (90.0, 100.0, 150.0)
        );
        assert!((spread.percent() - 60.0).abs() < 1e-9);
        assert_eq!(Spread::of(vec![1.0, 2.0, 4.0, 9.0]).unwrap().median, 3.0);
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn a_median_of_many_rounds_is_told_by_its_interval_and_of_few_by_the_outermost() {
        let of = |rounds: i32| Spread::of((1..=rounds).map(f64::from).collect()).unwrap();
        assert_eq!(of(5).range(), (1.0, 5.0));
        // The ranks of a table of the sign test at 95 %.
        assert_eq!(of(6).range(), (1.0, 6.0));
        assert_eq!(of(9).range(), (2.0, 8.0));
        assert_eq!(of(15).range(), (4.0, 12.0));
        assert_eq!(of(25).range(), (8.0, 18.0));
        let (most, least) = (of(15).most, of(15).least);
        assert_eq!((least, most), (1.0, 15.0));
        assert_eq!(Spread::once(3.0).range(), (3.0, 3.0));
    }

    #[test]
    fn one_round_that_lies_far_off_leaves_a_judgement_of_many_as_it_is() {
        let mut rounds = vec![0.5; 9];
        rounds.push(0.1);
        let spread = Spread::of(rounds).unwrap();
        assert_eq!(Bound::AtLeast(0.4).judge(&spread), Judgement::Met);
        assert_eq!(Bound::AtLeast(0.6).judge(&spread), Judgement::NotMet);
    }

    #[test]
    fn a_ratio_of_figures_is_no_more_certain_than_both_of_them() {
        let one = Spread::of(vec![1.0, 2.0, 3.0]).unwrap();
        let other = Spread::of(vec![0.5, 1.0, 2.0]).unwrap();
        let ratio = one.by(&other);
        assert_eq!((ratio.least, ratio.median, ratio.most), (0.5, 2.0, 6.0));
    }

    #[test]
    fn a_figure_keeps_four_digits() {
        assert_eq!(
            [round(123_456.0), round(0.012_344_9), round(0.0)],
            [123_500.0, 0.01234, 0.0]
        );
    }

    #[test]
    fn rounds_on_both_sides_of_a_bound_are_too_noisy_to_judge() {
        let spread = Spread::of(vec![0.4, 0.5, 0.6]).unwrap();
        assert_eq!(Bound::AtLeast(0.4).judge(&spread), Judgement::Met);
        assert_eq!(Bound::AtLeast(0.5).judge(&spread), Judgement::TooNoisy);
        assert_eq!(Bound::AtLeast(0.7).judge(&spread), Judgement::NotMet);
        assert_eq!(Bound::AtMost(0.6).judge(&spread), Judgement::Met);
        assert_eq!(Bound::AtMost(0.3).judge(&spread), Judgement::NotMet);
    }
}
