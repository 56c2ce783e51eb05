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
}

impl Spread {
    /// Of the rounds, of which there is at least one.
    pub(crate) fn of(mut rounds: Vec<f64>) -> Option<Self> {
        rounds.sort_by(f64::total_cmp);
        Some(Self {
            median: round(*rounds.get(rounds.len() / 2)?),
            least: round(*rounds.first()?),
            most: round(*rounds.last()?),
            rounds: rounds.len(),
        })
    }

    /// How far the rounds lay apart, in hundredths of the median.
    pub(crate) fn percent(&self) -> f64 {
        if self.median == 0.0 {
            return 0.0;
        }
        (self.most - self.least) / self.median * 100.0
    }
    /// How often another figure goes into this one. Which rounds belong together is not known, so the outermost count.
    pub(crate) fn by(&self, other: &Self) -> Self {
        Self {
            median: round(self.median / other.median),
            least: round(self.least / other.most),
            most: round(self.most / other.least),
            rounds: self.rounds.min(other.rounds),
        }
    }
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
        match (self.holds(figure.least), self.holds(figure.most)) {
            (true, true) => Judgement::Met,
            (false, false) => Judgement::NotMet,
            _ => Judgement::TooNoisy,
        }
    }
}

/// Whether a figure is what it should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Judgement {
    /// In each round.
    Met,
    /// In no round.
    NotMet,
    /// The rounds do not agree: they lie further apart than the figure is from its bound.
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
        assert_eq!(Spread::of(Vec::new()), None);
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
