//! The parameters behind a path.

use std::str::FromStr;

use breakglass_domain::{FieldFailure, ValidationReport};

use crate::failure::Failure;

/// The parameters behind a path, and what is wrong with them. Unknown ones are ignored.
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
    failures: Vec<FieldFailure>,
}

impl Query {
    /// Takes apart what stands behind the `?`.
    pub(crate) fn new(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes());
        Self {
            pairs: pairs.into_owned().collect(),
            failures: Vec::new(),
        }
    }

    /// A parameter, if it is there. `rule` says what it must be when it cannot be read.
    pub(crate) fn read<T: FromStr>(&mut self, name: &str, rule: &str) -> Option<T> {
        self.read_with(name, rule, |text| text.parse().ok())
    }

    /// A parameter, if it is there, read in another way than by its `FromStr`.
    pub(crate) fn read_with<T>(
        &mut self,
        name: &str,
        rule: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let mut values = self.pairs.iter().filter(|(given, _)| given == name);
        let (_, text) = values.next()?;
        let fault = if values.next().is_some() {
            "must not stand there twice"
        } else {
            match parse(text) {
                Some(value) => return Some(value),
                None => rule,
            }
        };
        self.failures.push(FieldFailure::new(name, fault));
        None
    }

    /// Every value of a parameter that may stand there several times.
    pub(crate) fn all(&self, name: &str) -> Vec<String> {
        let values = self.pairs.iter().filter(|(given, _)| given == name);
        values.map(|(_, text)| text.clone()).collect()
    }

    /// Lets the request pass with what was made of its parameters, when each of them could be read and what was made of
    /// them keeps its rules.
    ///
    /// # Errors
    /// With every faulty one.
    pub(crate) fn finish_with<T>(self, outcome: Result<T, ValidationReport>) -> Result<T, Failure> {
        let mut failures = self.failures;
        if let Err(report) = &outcome {
            failures.extend(report.failures().iter().cloned());
        }
        let report = match (outcome, ValidationReport::from_failures(failures)) {
            (Ok(value), None) => return Ok(value),
            (_, Some(report)) | (Err(report), None) => report,
        };
        Err(breakglass_app::Error::Invalid(report).into())
    }

    /// Lets the request pass when every parameter that was read could be.
    ///
    /// # Errors
    /// With every faulty one.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        ValidationReport::from_failures(self.failures).map_or(Ok(()), |report| {
            Err(breakglass_app::Error::Invalid(report).into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_faulty_parameter_is_named_and_unknown_ones_are_ignored() {
        let mut query = Query::new("force=maybe&limit=1&limit=2&after=3&newer=4");
        assert_eq!(query.read::<bool>("force", "must be true or false"), None);
        assert_eq!(query.read::<u32>("limit", "must be a number"), None);
        assert_eq!(query.read::<u64>("after", "must be a number"), Some(3));
        assert_eq!(query.read::<u64>("order", "must be a number"), None);
        assert_eq!(
            query.finish().unwrap_err().to_string(),
            "force must be true or false; limit must not stand there twice"
        );
    }
}
