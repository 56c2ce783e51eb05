//! Bodies that are forms (`application/x-www-form-urlencoded`), as OAuth 2 has them.

use std::collections::BTreeMap;

use breakglass_domain::Secret;

use crate::failure::Failure;

/// The fields of a form. Each may be a secret, so none is printed.
pub(crate) struct Form(BTreeMap<String, Secret>);

impl Form {
    /// Reads a form. A field without a value is as if it were not there (RFC 6749, section 3.2).
    ///
    /// # Errors
    /// When a field stands in it twice (the same section).
    pub(crate) fn read(body: &[u8]) -> Result<Self, Failure> {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            if value.is_empty() {
                continue;
            }
            let value = Secret::new(value);
            if fields.insert(name.to_string(), value).is_some() {
                return Err(Failure::of_field(&name, "must not stand there twice"));
            }
        }
        Ok(Self(fields))
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn required(&self, name: &str) -> Result<&Secret, Failure> {
        self.0
            .get(name)
            .ok_or_else(|| Failure::of_field(name, "is required"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded() {
        let form = Form::read(b"token=a%2Bb+c&token_type_hint=access_token").unwrap();
        assert_eq!(form.required("token").unwrap().expose(), "a+b c");
    }

    #[test]
    fn a_field_that_is_missing_empty_or_repeated_is_named() {
        for (body, fault) in [
            ("", "token is required"),
            ("token=", "token is required"),
            ("token=a&token=b", "token must not stand there twice"),
            ("x=a&x=b&token=c", "x must not stand there twice"),
        ] {
            let outcome = Form::read(body.as_bytes())
                .and_then(|form| form.required("token").map(|token| token.expose().len()));
            assert_eq!(outcome.unwrap_err().to_string(), fault, "{body}");
        }
    }
}
