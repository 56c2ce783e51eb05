//! From a value as vAPI clients write it to the JSON of our bodies.
//!
//! A vAPI client says of each value what it is: `{"STRUCTURE": {"name": {…}}}`, `{"OPTIONAL": …}`, `{"SECRET": "…"}`.
//! What stands in our bodies is the value alone.

use serde_json::{Map, Value};

/// How deep values may be nested. The deepest one of the catalogue has seven levels.
const DEPTH: usize = 32;

/// The name of the structures that a map is a list of.
pub(super) const MAP_ENTRY: &str = "map-entry";

/// A value that cannot be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Undecodable {
    /// Where it stands; empty for the outermost value.
    pub(crate) path: String,
    /// What it must be.
    pub(crate) rule: &'static str,
}

impl Undecodable {
    /// The value that is meant itself breaks this rule.
    pub(crate) const fn new(rule: &'static str) -> Self {
        Self {
            path: String::new(),
            rule,
        }
    }

    /// The same, seen from one step further out.
    #[must_use]
    pub(crate) fn below(self, step: &str) -> Self {
        let path = match self.path.as_str() {
            "" => step.to_owned(),
            path if path.starts_with('[') => format!("{step}{path}"),
            path => format!("{step}.{path}"),
        };
        Self { path, ..self }
    }
}

/// The value alone. What is not set is null, and the member of a structure that is not set is left out. A map is an
/// object, but an empty one stays an empty array: nothing tells it from a list.
///
/// # Errors
/// With the first value that is not as vAPI writes it, or that no operation here takes.
pub(crate) fn decode(value: &Value) -> Result<Value, Undecodable> {
    node(value, DEPTH)
}

/// The content of an object that has one member.
pub(super) fn only(value: &Value) -> Option<(&str, &Value)> {
    let mut members = value.as_object()?.iter();
    match (members.next(), members.next()) {
        (Some((name, content)), None) => Some((name, content)),
        _ => None,
    }
}

fn node(value: &Value, left: usize) -> Result<Value, Undecodable> {
    let Some(left) = left.checked_sub(1) else {
        return Err(Undecodable::new("must not be nested so deep"));
    };
    match value {
        Value::Array(items) => array(items, left),
        Value::Object(_) => marked(value, left),
        plain => Ok(plain.clone()),
    }
}

fn marked(value: &Value, left: usize) -> Result<Value, Undecodable> {
    let rule = match only(value) {
        Some(("OPTIONAL", content)) => return node(content, left),
        Some(("STRUCTURE", content)) => return structure(content, left),
        Some(("SECRET", Value::String(text))) => return Ok(Value::String(text.clone())),
        Some(("SECRET", _)) => "must be a text",
        Some(("BINARY" | "BLOB", _)) => "must not be binary",
        Some(("ERROR", _)) => "must not be an error",
        Some(_) => "must be OPTIONAL, SECRET or STRUCTURE",
        None => "must be an object with one member, which says what it is",
    };
    Err(Undecodable::new(rule))
}

fn structure(content: &Value, left: usize) -> Result<Value, Undecodable> {
    let Some((_, Value::Object(members))) = only(content) else {
        let rule = "must be a structure with one name and an object of members";
        return Err(Undecodable::new(rule));
    };
    let mut decoded = Map::new();
    for (name, value) in members {
        let value = node(value, left).map_err(|fault| fault.below(name))?;
        if !value.is_null() {
            decoded.insert(name.clone(), value);
        }
    }
    Ok(Value::Object(decoded))
}

fn array(items: &[Value], left: usize) -> Result<Value, Undecodable> {
    let entries: Vec<&Map<String, Value>> = items.iter().filter_map(map_entry).collect();
    if entries.is_empty() {
        return list(items, left);
    }
    if entries.len() < items.len() {
        return Err(Undecodable::new("must have entries of a map only, or none"));
    }
    map(&entries, left)
}

fn list(items: &[Value], left: usize) -> Result<Value, Undecodable> {
    let items = items.iter().enumerate().map(|(place, item)| {
        let decoded = node(item, left);
        decoded.map_err(|fault| fault.below(&format!("[{place}]")))
    });
    items.collect()
}

/// The members of an entry of a map.
fn map_entry(item: &Value) -> Option<&Map<String, Value>> {
    match only(only(item).filter(|(kind, _)| *kind == "STRUCTURE")?.1)? {
        (MAP_ENTRY, members) => members.as_object(),
        _ => None,
    }
}

fn map(entries: &[&Map<String, Value>], left: usize) -> Result<Value, Undecodable> {
    let mut decoded = Map::new();
    for (place, entry) in entries.iter().enumerate() {
        let at =
            |fault: Undecodable, member: &str| fault.below(member).below(&format!("[{place}]"));
        let (key, value) = (entry.get("key"), entry.get("value"));
        let key = node(key.unwrap_or(&Value::Null), left).map_err(|fault| at(fault, "key"))?;
        let Value::String(key) = key else {
            return Err(at(Undecodable::new("must be a text"), "key"));
        };
        let value = value.ok_or(Undecodable::new("must be there"));
        let value = value.and_then(|value| node(value, left));
        let value = value.map_err(|fault| at(fault, "value"))?;
        if decoded.insert(key, value).is_some() {
            return Err(at(Undecodable::new("must not stand there twice"), "key"));
        }
    }
    Ok(Value::Object(decoded))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn entry(key: &Value, value: &Value) -> Value {
        json!({"STRUCTURE": {"map-entry": {"key": key, "value": value}}})
    }

    #[test]
    fn values_stand_alone() {
        let privileges = entry(&json!("dc-1"), &json!(["VM.Read", {"SECRET": "s"}]));
        let value = json!({"STRUCTURE": {"a.b": {
            "text": "x", "number": 7, "half": 0.5, "yes": true, "list": [{"OPTIONAL": 1}, {"OPTIONAL": null}],
            "set": {"OPTIONAL": {"SECRET": "s"}}, "unset": {"OPTIONAL": null}, "void": null,
            "map": {"OPTIONAL": [privileges]}, "empty": [], "inner": {"STRUCTURE": {"c": {}}}
        }}});
        let expected = json!({
            "text": "x", "number": 7, "half": 0.5, "yes": true, "list": [1, null],
            "set": "s", "map": {"dc-1": ["VM.Read", "s"]}, "empty": [], "inner": {}
        });
        assert_eq!(decode(&value).unwrap(), expected);
        for (value, expected) in [
            (json!(null), json!(null)),
            (json!({"OPTIONAL": {"OPTIONAL": null}}), json!(null)),
            (json!({"SECRET": "s"}), json!("s")),
        ] {
            assert_eq!(decode(&value).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_not_taken_is_named_with_its_place_and_its_rule() {
        let several = "must be an object with one member, which says what it is";
        let shape = "must be a structure with one name and an object of members";
        let mixed = "must have entries of a map only, or none";
        let (one, two) = (json!(1), json!("x"));
        let twice = json!([entry(&two, &one), entry(&two, &one)]);
        for (value, path, rule) in [
            (json!({"BINARY": "AA=="}), ".x", "must not be binary"),
            (json!({"BLOB": "AA=="}), ".x", "must not be binary"),
            (json!({"ERROR": {"a": {}}}), ".x", "must not be an error"),
            (json!({"SECRET": 1}), ".x", "must be a text"),
            (
                json!({"a": 1}),
                ".x",
                "must be OPTIONAL, SECRET or STRUCTURE",
            ),
            (json!({}), ".x", several),
            (json!({"OPTIONAL": 1, "SECRET": "s"}), ".x", several),
            (json!({"STRUCTURE": {}}), ".x", shape),
            (json!({"STRUCTURE": {"a": {}, "b": {}}}), ".x", shape),
            (json!({"STRUCTURE": {"a": []}}), ".x", shape),
            (json!([1, [{"SECRET": 1}]]), ".x[1][0]", "must be a text"),
            (json!([entry(&two, &one), 1]), ".x", mixed),
            (json!([entry(&one, &one)]), ".x[0].key", "must be a text"),
            (twice, ".x[1].key", "must not stand there twice"),
            (
                json!([{"STRUCTURE": {"map-entry": {"key": "x"}}}]),
                ".x[0].value",
                "must be there",
            ),
        ] {
            let value = json!({"STRUCTURE": {"a": {"spec": {"STRUCTURE": {"b": {"x": value}}}}}});
            let fault = decode(&value).unwrap_err().below("operation-input");
            assert_eq!(fault.path, format!("operation-input.spec{path}"), "{value}");
            assert_eq!(fault.rule, rule, "{value}");
        }
    }

    #[test]
    fn values_are_nested_only_so_deep() {
        let nested = |depth| (1..depth).fold(json!(1), |value, _| json!({"OPTIONAL": value}));
        assert_eq!(decode(&nested(DEPTH)).unwrap(), 1);
        let fault = decode(&nested(DEPTH + 1)).unwrap_err();
        assert_eq!(fault, Undecodable::new("must not be nested so deep"));
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        let names = prop_oneof![
            Just("OPTIONAL".to_owned()),
            Just("STRUCTURE".to_owned()),
            Just("SECRET".to_owned()),
            Just("map-entry".to_owned()),
            "[a-z]{1,3}",
        ];
        leaf.prop_recursive(8, 64, 4, move |inner| {
            let members = prop::collection::hash_map(names.clone(), inner.clone(), 0..3);
            prop_oneof![
                prop::collection::vec(inner, 0..3).prop_map(Value::from),
                members.prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn nothing_makes_the_decoder_panic(value in values()) {
            let _ = decode(&value);
        }
    }
}
