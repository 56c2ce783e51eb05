//! Lifetimes as people write and read them.

use breakglass_domain::{Minutes, Timestamp};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Reads a lifetime: minutes (`90`), or numbers with units (`30d`, `12h`, `45m`, `1w`, `1d12h`).
///
/// # Errors
/// A text that says what is expected.
pub(crate) fn parse_minutes(text: &str) -> Result<Minutes, String> {
    minutes(text)
        .map(Minutes::new)
        .ok_or_else(|| "expected minutes, or numbers with units such as 30d, 12h or 45m".to_owned())
}

fn minutes(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return whole_number(text);
    }
    let mut total = 0_u32;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at_checked(rest.find(|c: char| !c.is_ascii_digit())?)?;
        let mut letters = tail.chars();
        let factor = match letters.next()? {
            'm' => 1,
            'h' => 60,
            'd' => 24 * 60,
            'w' => 7 * 24 * 60,
            _ => return None,
        };
        total = total.checked_add(whole_number(number)?.checked_mul(factor)?)?;
        rest = letters.as_str();
    }
    i32::try_from(total).is_ok().then_some(total)
}

/// The contract's integers have 31 bits without their sign.
fn whole_number(digits: &str) -> Option<u32> {
    digits.parse::<i32>().ok()?.try_into().ok()
}

/// How long it is from `now` to `end`, in its two largest units: `179d 23h`; or `expired 3d ago`.
pub(crate) fn countdown(now: Timestamp, end: Timestamp) -> String {
    let left = end.millis_since(now);
    if left > 0 {
        return span(left);
    }
    format!("expired {} ago", rough_span(left.saturating_neg()))
}

/// A lifetime in its largest units, as [`parse_minutes`] reads it: `180d`, `1d12h`.
pub(crate) fn spelled(lifetime: Minutes) -> String {
    let minutes = lifetime.get();
    let units = [
        (minutes / 1440, 'd'),
        (minutes % 1440 / 60, 'h'),
        (minutes % 60, 'm'),
    ];
    let told: Vec<String> = units
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if told.is_empty() {
        "0m".to_owned()
    } else {
        told.concat()
    }
}

/// How long ago an instant was: `3d ago`; one to come, as a clock elsewhere may see it, is `just now`.
pub(crate) fn ago(now: Timestamp, then: Timestamp) -> String {
    let millis = now.millis_since(then);
    if millis < SECOND {
        return "just now".to_owned();
    }
    format!("{} ago", rough_span(millis))
}

fn span(millis: i64) -> String {
    let (days, hours, minutes, seconds) = (
        millis / DAY,
        millis % DAY / HOUR,
        millis % HOUR / MINUTE,
        millis % MINUTE / SECOND,
    );
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {seconds}s"),
        (0, _, _) => format!("{hours}h {minutes}m"),
        (_, _, _) => format!("{days}d {hours}h"),
    }
}

fn rough_span(millis: i64) -> String {
    let units = [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")];
    units
        .into_iter()
        .find(|(unit, _)| millis >= *unit)
        .map_or_else(
            || "0s".to_owned(),
            |(unit, letter)| format!("{}{letter}", millis / unit),
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check_minutes(text: &str, expected: Option<u32>) {
        assert_eq!(
            parse_minutes(text).ok().map(Minutes::get),
            expected,
            "{text:?}"
        );
    }

    #[test]
    fn lifetimes_are_minutes_or_carry_units() {
        check_minutes("60", Some(60));
        check_minutes("45m", Some(45));
        check_minutes("12h", Some(720));
        check_minutes("30d", Some(43_200));
        check_minutes("2w", Some(20_160));
        check_minutes("1d12h30m", Some(2_190));
        check_minutes("2147483647", Some(2_147_483_647));
        for faulty in [
            "",
            "d",
            "-1",
            "1.5h",
            "30 d",
            "30D",
            "1d2",
            "2147483648",
            "1491309d",
            "9999999999d",
            "3é",
        ] {
            check_minutes(faulty, None);
        }
    }

    fn check_countdown(left: i64, expected: &str) {
        let now = Timestamp::from_millis(1_790_000_000_000);
        assert_eq!(countdown(now, now.plus_millis(left)), expected);
    }

    #[test]
    fn a_countdown_has_two_units() {
        check_countdown(180 * DAY - SECOND, "179d 23h");
        check_countdown(DAY, "1d 0h");
        check_countdown(DAY - 1, "23h 59m");
        check_countdown(5 * MINUTE + 7 * SECOND, "5m 7s");
        check_countdown(1, "0s");
        check_countdown(0, "expired 0s ago");
        check_countdown(-3 * DAY - HOUR, "expired 3d ago");
        check_countdown(i64::MIN, "expired 106751991167d ago");
    }

    #[test]
    fn the_past_is_told_roughly() {
        let now = Timestamp::from_millis(HOUR);
        assert_eq!(ago(now, Timestamp::from_millis(0)), "1h ago");
        assert_eq!(ago(now, now.plus_millis(5000)), "just now");
    }

    proptest! {
        #[test]
        fn every_lifetime_in_minutes_is_read_back(minutes in 0..=2_147_483_647_u32) {
            prop_assert_eq!(parse_minutes(&minutes.to_string()), Ok(Minutes::new(minutes)));
            let told = spelled(Minutes::new(minutes));
            prop_assert_eq!(parse_minutes(&told), Ok(Minutes::new(minutes)));
        }

        #[test]
        fn no_text_breaks_the_reader(text in ".*") {
            drop(parse_minutes(&text));
        }

        #[test]
        fn a_countdown_never_tells_more_than_is_left(left in 1..400 * DAY) {
            let now = Timestamp::from_millis(0);
            let told: i64 = countdown(now, Timestamp::from_millis(left))
                .split(' ')
                .map(|part| {
                    let (number, unit) = part.split_at(part.len() - 1);
                    let unit = match unit { "d" => DAY, "h" => HOUR, "m" => MINUTE, _ => SECOND };
                    number.parse::<i64>().unwrap() * unit
                })
                .sum();
            prop_assert!(told <= left);
            let precision = match left { DAY.. => HOUR, HOUR.. => MINUTE, _ => SECOND };
            prop_assert!(left - told < precision);
        }

        #[test]
        fn no_instant_breaks_the_countdown(now: i64, end: i64) {
            let told = countdown(Timestamp::from_millis(now), Timestamp::from_millis(end));
            prop_assert!(!told.is_empty());
        }
    }
}
