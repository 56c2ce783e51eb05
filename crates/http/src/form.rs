//! Bodies that are forms (`application/x-www-form-urlencoded`), as OAuth 2 has them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use breakglass_domain::Secret;

use crate::failure::Failure;

/// The fields of a form. Each may be a secret, so none is printed.
pub(crate) struct Form(BTreeMap<String, Vec<Secret>>);

impl Form {
    /// Reads a form. A field without a value is as if it were not there (RFC 6749, section 3.2). No field of OAuth may hold a line
    /// break (the same RFC, appendix A): one at the end comes from the file that a token was kept in, and is left off.
    ///
    /// # Errors
    /// When a field stands in it twice (the same section), unless it is one of those that may.
    pub(crate) fn read(body: &[u8], repeatable: &[&str]) -> Result<Self, Failure> {
        let mut fields: BTreeMap<String, Vec<Secret>> = BTreeMap::new();
        for (name, value) in pairs(body) {
            let value = value.trim_end_matches(['\r', '\n']);
            if value.is_empty() {
                continue;
            }
            let values = fields.entry(name.to_string()).or_default();
            if !values.is_empty() && !repeatable.contains(&&*name) {
                return Err(Failure::of_field(&name, "must not stand there twice"));
            }
            values.push(Secret::new(value));
        }
        Ok(Self(fields))
    }

    /// A field that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn required(&self, name: &str) -> Result<&Secret, Failure> {
        self.optional(name)
            .ok_or_else(|| Failure::of_field(name, "is required"))
    }

    /// A field, if it is there.
    pub(crate) fn optional(&self, name: &str) -> Option<&Secret> {
        self.all(name).next()
    }

    /// Every field, with its values.
    pub(crate) fn into_fields(self) -> BTreeMap<String, Vec<Secret>> {
        self.0
    }

    /// Every value of a field.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &Secret> {
        self.0.get(name).into_iter().flatten()
    }
}

/// The fields of a form in their order.
fn pairs(body: &[u8]) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let (text, unclear) = match str::from_utf8(body) {
        Ok(text) => (text, &[][..]),
        Err(_) => ("", body),
    };
    let read = text.split('&').filter_map(pair);
    read.chain(form_urlencoded::parse(unclear))
}

/// One field. A token is long and needs no decoding, which is most of what it would cost to read; so every byte is looked at
/// first, which the processor does with many at once.
fn pair(pair: &str) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let coded = |found: bool, byte: u8| found | matches!(byte, b'%' | b'+');
    match pair.split_once('=') {
        Some((name, value)) if !pair.bytes().fold(false, coded) => {
            Some((name.into(), value.into()))
        }
        _ => form_urlencoded::parse(pair.as_bytes()).next(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_decoded() {
        let form = Form::read(b"token=a%2Bb+c&token_type_hint=access_token", &[]).unwrap();
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
            let outcome = Form::read(body.as_bytes(), &[])
                .and_then(|form| form.required("token").map(|token| token.expose().len()));
            assert_eq!(outcome.unwrap_err().to_string(), fault, "{body}");
        }
    }

    #[test]
    fn the_line_break_of_a_file_is_left_off() {
        for body in ["token=abc%0A", "token=abc%0D%0A", "token=abc\n"] {
            let form = Form::read(body.as_bytes(), &[]).unwrap();
            assert_eq!(form.required("token").unwrap().expose(), "abc", "{body}");
        }
        let inner = Form::read(b"token=a%0Ab", &[]).unwrap();
        assert_eq!(inner.required("token").unwrap().expose(), "a\nb");
    }

    #[test]
    fn some_fields_may_be_repeated() {
        let form = Form::read(b"audience=a&audience=b", &["audience"]).unwrap();
        let all: Vec<&str> = form.all("audience").map(Secret::expose).collect();
        assert_eq!(all, ["a", "b"]);
    }

    proptest! {
        #[test]
        fn a_form_is_read_as_the_standard_has_it(body in "[a-c=&%+ 2ü\\r]{0,24}", tail in prop::collection::vec(any::<u8>(), 0..4)) {
            let body = [body.as_bytes(), &tail].concat();
            let read: Vec<_> = pairs(&body).collect();
            let standard: Vec<_> = form_urlencoded::parse(&body).collect();
            prop_assert_eq!(read, standard);
        }
    }
}
