//! JSON as it was sent: an object keeps every entry, so that a name that stands in it twice is seen.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// JSON as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    /// What holds no other values.
    Leaf(Value),
    /// A list.
    List(Vec<Json>),
    /// The entries of an object, in the order in which they were sent.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The same without the entries that a later one of their name overrides.
    pub(crate) fn into_value(self) -> Value {
        match self {
            Self::Leaf(value) => value,
            Self::List(entries) => entries.into_iter().map(Self::into_value).collect(),
            Self::Object(entries) => entries
                .into_iter()
                .map(|(name, value)| (name, value.into_value()))
                .collect(),
        }
    }

    /// A name that stands twice in one object, here or further down.
    pub(crate) fn repeated_name(&self) -> Option<&str> {
        match self {
            Self::Leaf(_) => None,
            Self::List(entries) => entries.iter().find_map(Self::repeated_name),
            Self::Object(entries) => {
                let mut names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                let mut pairs = names.iter().zip(names.iter().skip(1));
                let repeated = pairs.find(|(name, next)| name == next);
                repeated.map(|(name, _)| *name).or_else(|| {
                    let mut values = entries.iter().map(|(_, value)| value);
                    values.find_map(Self::repeated_name)
                })
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Leaf(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Leaf(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Leaf(Value::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Leaf(Value::from(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Leaf(
            Number::from_f64(value).map_or(Value::Null, Value::Number),
        ))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Leaf(Value::from(value)))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Leaf(Value::String(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_element()? {
            entries.push(entry);
        }
        Ok(Json::List(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Json::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_repeats_no_name_is_the_value_that_serde_json_reads() {
        let text = r#"{"a": [1, -2, 1.5, 1e300, 18446744073709551615, null, true, "é"], "b": {}}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(json(text).repeated_name(), None);
        assert_eq!(json(text).into_value(), value);
    }

    #[test]
    fn a_repeated_name_is_found_however_deep_and_however_spelled() {
        for text in [
            r#"{"a": 1, "b": 2, "a": 1}"#,
            r#"{"a": 1, "\u0061": 2}"#,
            r#"[0, [{"b": {"a": 1, "a": null}}]]"#,
        ] {
            assert_eq!(json(text).repeated_name(), Some("a"), "{text}");
        }
        assert_eq!(json(r#"[{"a": 1}, {"a": 1}]"#).repeated_name(), None);
    }
}
