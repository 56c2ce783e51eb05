//! Reports that name every faulty field of a draft at once.

use std::fmt;

use validator::{ValidationErrors, ValidationErrorsKind};

/// One faulty field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldFailure {
    /// The path of the field in the request, in the contract's spelling (`clientName`).
    pub path: String,
    /// What is wrong with it: a fragment that completes "the field ...".
    pub message: String,
}

impl FieldFailure {
    /// A failure of the field at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// Every faulty field of a draft, ordered by path. Never empty.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct ValidationReport(Vec<FieldFailure>);

impl ValidationReport {
    /// A report of one faulty field.
    pub fn of(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![FieldFailure::new(path, message)])
    }

    /// A report of these failures, or `None` when there are none. Of several failures of one field the first is kept.
    pub fn from_failures(mut failures: Vec<FieldFailure>) -> Option<Self> {
        failures.sort_by(|a, b| a.path.cmp(&b.path));
        failures.dedup_by(|later, first| later.path == first.path);
        (!failures.is_empty()).then_some(Self(failures))
    }

    /// The failures, ordered by path.
    pub fn failures(&self) -> &[FieldFailure] {
        &self.0
    }

    /// Gives up the failures.
    pub fn into_failures(self) -> Vec<FieldFailure> {
        self.0
    }
}

impl fmt::Display for ValidationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, failure) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            // A failure of the request as a whole has no path.
            let space = if failure.path.is_empty() { "" } else { " " };
            write!(f, "{separator}{}{space}{}", failure.path, failure.message)?;
        }
        Ok(())
    }
}

/// Flattens what `validator` found into field failures, with paths in the contract's spelling.
pub(crate) fn failures_of(errors: &ValidationErrors) -> Vec<FieldFailure> {
    let mut failures = Vec::new();
    for (field, kind) in errors.errors() {
        let path = camel_case(field);
        if let ValidationErrorsKind::Field(found) = kind {
            failures.extend(found.iter().map(|error| {
                let text = error.message.as_deref().unwrap_or(&error.code);
                FieldFailure::new(path.clone(), text)
            }));
        }
    }
    failures
}

fn camel_case(snake: &str) -> String {
    let mut words = snake.split('_');
    let mut path = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        path.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        path.push_str(letters.as_str());
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_take_the_spelling_of_the_contract() {
        assert_eq!(camel_case("client_id"), "clientId");
        assert_eq!(camel_case("access_token_ttl"), "accessTokenTtl");
        assert_eq!(camel_case("tenant"), "tenant");
    }

    #[test]
    fn a_report_is_never_empty_and_names_each_field_once() {
        assert_eq!(ValidationReport::from_failures(vec![]), None);
        let report = ValidationReport::from_failures(vec![
            FieldFailure::new("b", "is required"),
            FieldFailure::new("a", "is too long"),
            FieldFailure::new("a", "is odd"),
        ])
        .unwrap();
        assert_eq!(report.to_string(), "a is too long; b is required");
    }
}
