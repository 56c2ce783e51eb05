//! What a long run tells of itself, for the page that is made of it.

use std::io::Write;

use serde_json::json;

/// Names the file that findings are appended to, one JSON object a line; without it they are told nobody.
const FILE_VARIABLE: &str = "BREAKGLASS_ENDURE_FINDINGS";

/// Is there for a long run.
const LONG_VARIABLE: &str = "BREAKGLASS_ENDURE_LONG";

/// Tells what was tried and what was found. Whoever calls has asserted it: a finding that does not hold fails its test first.
pub fn found(what: &str, found: &str) {
    let Some(path) = std::env::var_os(FILE_VARIABLE) else {
        return;
    };
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .expect("the file of the findings can be written");
    let line = json!({ "what": what, "found": found, "held": true });
    writeln!(file, "{line}").expect("the file of the findings can be written");
}

/// How much of something to do: what the environment says, or else this.
pub fn amount(variable: &str, otherwise: usize) -> usize {
    number(variable).map_or(otherwise, |number| {
        usize::try_from(number).expect("no count is that large")
    })
}

/// Whether this is a long run, which may take minutes.
pub fn is_long() -> bool {
    std::env::var_os(LONG_VARIABLE).is_some()
}

/// A number that the environment names.
pub(crate) fn number(variable: &str) -> Option<u64> {
    let text = std::env::var_os(variable)?;
    let number = text.to_str().and_then(|text| text.parse().ok());
    Some(number.unwrap_or_else(|| panic!("{variable} is no number: {}", text.display())))
}
