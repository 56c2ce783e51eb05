//! Numbers that look random and can be had again by their seed.

/// Names a seed, to repeat a run.
const SEED_VARIABLE: &str = "BREAKGLASS_ENDURE_SEED";

/// A source of numbers (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    /// A source with the seed that the environment names, or with one of this moment. It is printed, so that a failure shows it.
    #[expect(clippy::print_stdout, reason = "a failed test shows what it printed")]
    pub fn of_this_run() -> Self {
        let seed = crate::findings::number(SEED_VARIABLE).unwrap_or_else(moment);
        println!("{SEED_VARIABLE}={seed}");
        Self { seed, state: seed }
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// A number below `end`, which is at least 1.
    pub fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("no count is that large");
        usize::try_from(self.next() % end).expect("it is below a count")
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a seed may be anything, and this one differs from run to run"
)]
fn moment() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::from(since.subsec_nanos()) ^ since.as_secs())
}
