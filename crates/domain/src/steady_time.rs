//! Time that never goes back, whatever the clock does.
//!
//! What was over must not begin again, so a clock that is set back is not followed: time goes on from where it was, at half its
//! pace, until the clock has caught up. Each jump is told once.

use crate::timestamp::Timestamp;

/// A jump of up to this many milliseconds (5 seconds) is not worth telling: clocks are corrected all the time.
const TOLERANCE_MILLIS: i64 = 5_000;

/// How much slower time goes while the clock is behind it.
const SLOWER: i64 = 2;

/// A clock that jumped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClockJump {
    /// It shows less than the time by this many milliseconds.
    Back(i64),
    /// It shows this many milliseconds more than have passed: it was set, or the machine slept.
    Forward(i64),
}

/// Time that never goes back.
///
/// It is told by a clock, which may jump, and by a count of milliseconds, which may not.
#[derive(Clone, Debug)]
pub struct SteadyTime {
    /// An instant that the clock showed, or that was known otherwise, and the count at that instant.
    anchor: Timestamp,
    count: i64,
    /// By how much the clock was behind when that was last told; 0 while it is followed.
    behind: i64,
    untold: Option<ClockJump>,
}

impl SteadyTime {
    /// Time that begins with what the clock shows now, but not before `floor`, the last instant that is known to have been.
    pub fn new(floor: Option<Timestamp>, clock: Timestamp, count: i64) -> Self {
        let mut time = Self {
            anchor: floor.map_or(clock, |floor| floor.max(clock)),
            count,
            behind: 0,
            untold: None,
        };
        time.now(clock, count);
        time
    }

    /// The present instant, when the clock shows this and so many milliseconds were counted.
    pub fn now(&mut self, clock: Timestamp, count: i64) -> Timestamp {
        let passed = count.saturating_sub(self.count).max(0);
        let slow = self.anchor.plus_millis(passed / SLOWER);
        let behind = slow.millis_since(clock);
        if behind > 0 {
            if behind > self.behind.saturating_add(TOLERANCE_MILLIS) {
                self.behind = behind;
                self.untold = Some(ClockJump::Back(behind));
            }
            return slow;
        }
        let ahead = clock.millis_since(self.anchor.plus_millis(passed));
        if ahead > TOLERANCE_MILLIS {
            self.untold = Some(ClockJump::Forward(ahead));
        }
        self.anchor = clock;
        self.count = count;
        self.behind = 0;
        clock
    }

    /// Lets time be no earlier than an instant that is known to have been, when the clock shows this and so many milliseconds
    /// were counted.
    pub fn reach(&mut self, known: Timestamp, clock: Timestamp, count: i64) {
        if self.now(clock, count) < known {
            self.anchor = known;
            self.count = count;
            self.now(clock, count);
        }
    }

    /// The last jump that was not told yet.
    pub fn take_jump(&mut self) -> Option<ClockJump> {
        self.untold.take()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: i64 = 1_790_000_000_000;
    const HOUR: i64 = 3_600_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_clock_that_goes_well_is_followed_and_nothing_is_told() {
        let mut time = SteadyTime::new(Some(at(NOON - HOUR)), at(NOON), 0);
        for count in [0, 1, 250, HOUR, 9 * HOUR] {
            assert_eq!(time.now(at(NOON + count), count), at(NOON + count));
        }
        assert_eq!(time.take_jump(), None);
    }

    #[test]
    fn a_clock_that_is_set_back_is_caught_up_with_and_told_once() {
        let mut time = SteadyTime::new(None, at(NOON), 0);
        assert_eq!(time.now(at(NOON - HOUR), 0), at(NOON));
        assert_eq!(time.take_jump(), Some(ClockJump::Back(HOUR)));
        assert_eq!(time.now(at(NOON), HOUR), at(NOON + HOUR / 2));
        assert_eq!(time.now(at(NOON + HOUR), 2 * HOUR), at(NOON + HOUR));
        assert_eq!(time.now(at(NOON + 2 * HOUR), 3 * HOUR), at(NOON + 2 * HOUR));
        assert_eq!(time.take_jump(), None);
    }

    #[test]
    fn a_start_before_the_last_known_instant_begins_there() {
        let mut time = SteadyTime::new(Some(at(NOON)), at(NOON - HOUR), 7);
        assert_eq!(time.take_jump(), Some(ClockJump::Back(HOUR)));
        assert_eq!(time.now(at(NOON - HOUR), 7), at(NOON));
    }

    #[test]
    fn an_instant_that_is_known_later_is_reached_and_told() {
        let mut time = SteadyTime::new(None, at(NOON), 0);
        time.reach(at(NOON - HOUR), at(NOON), 0);
        assert_eq!((time.now(at(NOON), 0), time.take_jump()), (at(NOON), None));
        time.reach(at(NOON + HOUR), at(NOON), 0);
        assert_eq!(time.now(at(NOON), 0), at(NOON + HOUR));
        assert_eq!(time.take_jump(), Some(ClockJump::Back(HOUR)));
        assert_eq!(time.now(at(NOON + HOUR), HOUR), at(NOON + HOUR + HOUR / 2));
    }

    #[test]
    fn a_clock_that_is_set_forward_is_followed_and_told() {
        let mut time = SteadyTime::new(None, at(NOON), 0);
        assert_eq!(time.now(at(NOON + HOUR), 1000), at(NOON + HOUR));
        assert_eq!(time.take_jump(), Some(ClockJump::Forward(HOUR - 1000)));
        assert_eq!(time.take_jump(), None);
    }

    #[test]
    fn a_mistake_that_is_put_right_is_no_second_jump() {
        let mut time = SteadyTime::new(None, at(NOON), 0);
        time.now(at(NOON - HOUR), 0);
        time.take_jump();
        assert_eq!(time.now(at(NOON + 1000), 1000), at(NOON + 1000));
        assert_eq!(time.take_jump(), None);
    }

    proptest! {
        #[test]
        fn time_never_goes_back_and_never_stands_still(
            floor in proptest::option::of(-HOUR..HOUR),
            steps in proptest::collection::vec((-2 * HOUR..2 * HOUR, 0..HOUR), 1..60),
        ) {
            let floor = floor.map(|floor| at(NOON + floor));
            let mut time = SteadyTime::new(floor, at(NOON), 0);
            let (mut clock, mut count) = (NOON, 0);
            let mut before = time.now(at(clock), count);
            prop_assert!(floor.is_none_or(|floor| before >= floor));
            for (jump, passed) in steps {
                clock += passed + jump;
                count += passed;
                let now = time.now(at(clock), count);
                prop_assert!(now.millis_since(before) >= passed / SLOWER - 1);
                prop_assert!(now >= at(clock));
                before = now;
            }
        }

        #[test]
        fn numbers_at_the_ends_do_no_harm(clock in any::<i64>(), other in any::<i64>(), count in any::<i64>()) {
            let mut time = SteadyTime::new(Some(at(other)), at(clock), count);
            let first = time.now(at(other), count.wrapping_add(1));
            prop_assert!(time.now(at(clock), count) >= first || count == i64::MAX);
        }
    }
}
