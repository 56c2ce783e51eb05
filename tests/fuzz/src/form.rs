//! Forms and query strings: no field without a value, none twice, and what is read is read again when it is written.

use std::collections::BTreeMap;

use breakglass_http::internal::{form, parameter};
use form_urlencoded::Serializer;

/// The fields of the token endpoint that may stand several times.
const REPEATABLE: [&str; 2] = ["audience", "resource"];

/// Panics when something does not hold.
pub fn check(data: &[u8]) {
    if let Ok(fields) = form(data, &REPEATABLE) {
        for (name, values) in &fields {
            assert!(!values.is_empty());
            assert!(
                values
                    .iter()
                    .all(|value| !value.is_empty() && !value.ends_with(['\r', '\n']))
            );
            assert!(
                values.len() == 1 || REPEATABLE.contains(&name.as_str()),
                "{name} stands twice"
            );
        }
        let written = write(&fields);
        assert_eq!(form(written.as_bytes(), &REPEATABLE).as_ref(), Ok(&fields));
        let is_single = fields.values().all(|values| values.len() == 1);
        assert_eq!(form(written.as_bytes(), &[]).is_ok(), is_single);
    }
    let text = String::from_utf8_lossy(data);
    for name in ["page", "limit", ""] {
        let values: Vec<String> = form_urlencoded::parse(text.as_bytes())
            .filter(|(given, _)| given == name)
            .map(|(_, value)| value.into_owned())
            .collect();
        match parameter(&text, name) {
            Ok(found) => assert_eq!(Vec::from_iter(found), values),
            Err(fault) => assert!(values.len() > 1, "{fault}"),
        }
    }
}

fn write(fields: &BTreeMap<String, Vec<String>>) -> String {
    let mut written = Serializer::new(String::new());
    for (name, values) in fields {
        written.extend_pairs(values.iter().map(|value| (name, value)));
    }
    written.finish()
}
