//! Rules of text that several drafts share.

use std::fmt;
use std::str::FromStr;

use crate::validation::FieldFailure;

/// Parses a field that must be there, or notes why it could not.
pub(crate) fn required<T>(
    path: &str,
    text: Option<&str>,
    failures: &mut Vec<FieldFailure>,
) -> Option<T>
where
    T: FromStr<Err: fmt::Display>,
{
    let parsed = match text {
        Some(text) => text.parse::<T>().map_err(|error| error.to_string()),
        None => Err("is required".to_owned()),
    };
    parsed
        .map_err(|message| failures.push(FieldFailure::new(path, message)))
        .ok()
}

/// Whether a text has so many characters at most, none of them a control character but for line breaks and tabs.
pub(crate) fn is_description(text: &str, most: usize) -> bool {
    text.chars().count() <= most
        && !text
            .chars()
            .any(|letter| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t'))
}
