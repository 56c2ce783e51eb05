//! Why a request is not answered as its caller wished.

use breakglass_api_types::{FieldFailure, Malformed};
use breakglass_domain::ValidationReport;

/// Why a request is not answered as its caller wished: what a use case says, and what goes wrong before one is reached.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A use case failed.
    #[error(transparent)]
    App(#[from] breakglass_app::Error),
    /// The body broke off.
    #[error("the body of the request broke off")]
    BodyBroken,
    /// The body did not arrive in time.
    #[error("the body of the request did not arrive in time")]
    BodyTimedOut,
    /// Something that the tests of this crate rule out.
    #[error("{0}")]
    Defect(&'static str),
    /// The body is not JSON, or JSON beyond what is read.
    #[error("the body cannot be read: {0}")]
    Malformed(#[from] Malformed),
    /// The body is of another media type than the operation takes.
    #[error("the body is not {0}")]
    MediaType(&'static str),
    /// There is such a path, but not with this method.
    #[error("the method is not among {allowed}")]
    MethodNotAllowed {
        /// The methods that there are.
        allowed: String,
    },
    /// There is no such path.
    #[error("there is no such path")]
    NotRouted,
    /// A handler panicked.
    #[error("a handler panicked")]
    Panicked,
    /// The answer took too long.
    #[error("the answer took too long")]
    TimedOut,
    /// No such grant is served.
    #[error("the grant_type is not served")]
    UnsupportedGrantType,
    /// The body is too long.
    #[error("the body of the request is longer than {limit} bytes")]
    TooLarge {
        /// The most that is taken.
        limit: usize,
    },
}

impl Failure {
    /// The request breaks a rule in one place.
    pub(crate) fn of_field(path: &str, message: &str) -> Self {
        breakglass_app::Error::Invalid(ValidationReport::of(path, message)).into()
    }
}

/// Lets a request pass that has no faults: what the reader of its body found and what the domain found are told at once.
/// Where the reader speaks of a field, or of a part of one, that the domain speaks of too, the reader is believed, for the
/// domain did not get to see the value.
///
/// # Errors
/// With every faulty field.
pub(crate) fn reject_faults(
    read: Vec<FieldFailure>,
    report: Option<ValidationReport>,
) -> Result<(), Failure> {
    let mut failures: Vec<breakglass_domain::FieldFailure> = read
        .into_iter()
        .map(|failure| breakglass_domain::FieldFailure::new(failure.path, failure.message))
        .collect();
    let found = report.into_iter().flat_map(ValidationReport::into_failures);
    let unseen: Vec<_> = found
        .filter(|found| {
            !failures
                .iter()
                .any(|read| is_within(&read.path, &found.path))
        })
        .collect();
    failures.extend(unseen);
    ValidationReport::from_failures(failures).map_or(Ok(()), |report| {
        Err(breakglass_app::Error::Invalid(report).into())
    })
}

/// Whether a path is the other one, or leads on from it.
fn is_within(path: &str, other: &str) -> bool {
    path.strip_prefix(other)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_reader_and_domain_are_told_together_and_the_reader_is_believed() {
        let read = vec![FieldFailure::new("clientId", "must be a text")];
        let report = ValidationReport::from_failures(vec![
            breakglass_domain::FieldFailure::new("clientId", "is required"),
            breakglass_domain::FieldFailure::new("accessTokenTtl", "must be 1 to 5 minutes"),
        ]);
        let failure = reject_faults(read, report).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "accessTokenTtl must be 1 to 5 minutes; clientId must be a text"
        );
    }

    #[test]
    fn of_a_field_that_was_read_in_part_the_domain_is_not_heard() {
        let read = vec![FieldFailure::new("roles[0].scope.kind", "must be a text")];
        let found = |path| breakglass_domain::FieldFailure::new(path, "is required");
        let report = ValidationReport::from_failures(vec![
            found("roles[0].scope"),
            found("roles[0].sco"),
            found("roles[0].scope.kinds"),
        ]);
        let failure = reject_faults(read, report).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "roles[0].sco is required; roles[0].scope.kind must be a text; roles[0].scope.kinds is required"
        );
    }

    #[test]
    fn without_faults_a_request_passes() {
        assert!(reject_faults(Vec::new(), None).is_ok());
    }
}
