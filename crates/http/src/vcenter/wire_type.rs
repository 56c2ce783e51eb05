//! From the JSON of our answers to values as vAPI clients read them.

use serde_json::{Map, Value};

use super::data_value::MAP_ENTRY;

/// What a value of an answer is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Type {
    /// A text, an id, or a word out of several. It is written as it is, as a number or a truth value would be.
    Text,
    /// A text that is not to be seen.
    Secret,
    /// An instant, as RFC 3339 has it.
    Time,
    /// Nothing.
    Void,
    /// A value that may be absent.
    Optional(&'static Type),
    /// Values of one type.
    List(&'static Type),
    /// Values of one type by texts.
    Map(&'static Type),
    /// Members by their names.
    Structure(&'static Structure),
}

/// A structure and the types of its members.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Structure {
    /// Its name, as vAPI knows it.
    pub(crate) name: &'static str,
    /// Its members.
    pub(crate) fields: &'static [(&'static str, Type)],
}

/// The value as a vAPI client reads it. Members that the type does not know are dropped. What the type does not fit is
/// written as near to it as can be; that our answers have the types of the catalogue is for the tests to see.
pub(crate) fn encode(value: &Value, kind: &Type) -> Value {
    match kind {
        Type::Text | Type::Time => value.clone(),
        Type::Secret => marked("SECRET", value.clone()),
        Type::Void => Value::Null,
        Type::Optional(_) if value.is_null() => marked("OPTIONAL", Value::Null),
        Type::Optional(inner) => marked("OPTIONAL", encode(value, inner)),
        Type::List(inner) => {
            let items = value.as_array().into_iter().flatten();
            items.map(|item| encode(item, inner)).collect()
        }
        Type::Map(inner) => {
            let entries = value.as_object().into_iter().flatten();
            entries
                .map(|(key, value)| entry(key, encode(value, inner)))
                .collect()
        }
        Type::Structure(structure) => {
            let fields = structure.fields.iter();
            let members = fields.filter_map(|(name, kind)| member(value.get(name), name, kind));
            marked_structure("STRUCTURE", structure.name, members.collect())
        }
    }
}

/// A structure, or an error, with members that are written already.
pub(super) fn marked_structure(mark: &str, name: &str, members: Map<String, Value>) -> Value {
    marked(mark, marked(name, Value::Object(members)))
}

/// An object with one member, which says what its content is.
pub(super) fn marked(mark: &str, content: Value) -> Value {
    Value::Object(Map::from_iter([(mark.to_owned(), content)]))
}

fn entry(key: &str, value: Value) -> Value {
    let members = [("key", Value::from(key)), ("value", value)];
    let members = members.map(|(name, value)| (name.to_owned(), value));
    marked_structure("STRUCTURE", MAP_ENTRY, members.into_iter().collect())
}

/// A member of a structure. One that is absent is written all the same if its type has a way to say so.
fn member(given: Option<&Value>, name: &str, kind: &Type) -> Option<(String, Value)> {
    let given = given.unwrap_or(&Value::Null);
    let may_be_absent = matches!(
        kind,
        Type::Optional(_) | Type::List(_) | Type::Map(_) | Type::Void
    );
    (may_be_absent || !given.is_null()).then(|| (name.to_owned(), encode(given, kind)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::data_value::decode;
    use super::*;

    static INNER: Structure = Structure {
        name: "a.inner",
        fields: &[
            ("token", Type::Secret),
            ("note", Type::Optional(&Type::Text)),
        ],
    };
    static OUTER: Structure = Structure {
        name: "a.outer",
        fields: &[
            ("at", Type::Time),
            ("inner", Type::Optional(&Type::Structure(&INNER))),
            ("all", Type::List(&Type::Structure(&INNER))),
            ("map", Type::Optional(&Type::Map(&Type::List(&Type::Text)))),
            ("nothing", Type::Void),
        ],
    };

    #[test]
    fn values_say_what_they_are() {
        let at = "2026-01-02T03:04:05Z";
        let value = json!({
            "at": at, "inner": {"token": "s", "other": 1}, "all": [{"token": "t", "note": "n"}],
            "map": {"dc-1": ["VM.Read"]}
        });
        let expected = json!({"STRUCTURE": {"a.outer": {
            "at": at,
            "inner": {"OPTIONAL": {"STRUCTURE": {"a.inner": {
                "token": {"SECRET": "s"}, "note": {"OPTIONAL": null}
            }}}},
            "all": [{"STRUCTURE": {"a.inner": {"token": {"SECRET": "t"}, "note": {"OPTIONAL": "n"}}}}],
            "map": {"OPTIONAL": [
                {"STRUCTURE": {"map-entry": {"key": "dc-1", "value": ["VM.Read"]}}}
            ]},
            "nothing": null
        }}});
        assert_eq!(encode(&value, &Type::Structure(&OUTER)), expected);
    }

    #[test]
    fn what_is_absent_is_unset_or_empty_or_left_out() {
        let expected = json!({"STRUCTURE": {"a.outer": {
            "inner": {"OPTIONAL": null}, "all": [], "map": {"OPTIONAL": null}, "nothing": null
        }}});
        for value in [json!({}), json!({"at": null, "map": null}), json!(1)] {
            assert_eq!(encode(&value, &Type::Structure(&OUTER)), expected);
        }
        assert_eq!(encode(&json!({"a": 1}), &Type::Void), Value::Null);
        assert_eq!(encode(&json!("s"), &Type::Secret), json!({"SECRET": "s"}));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            at in "\\PC{0,8}",
            token in "\\PC{0,8}",
            note in prop::option::of("\\PC{0,8}"),
            map in prop::collection::btree_map("\\PC{0,4}", prop::collection::vec("\\PC{0,4}", 0..3), 1..4),
        ) {
            let mut inner = json!({"token": token});
            if let Some(note) = note {
                inner["note"] = Value::from(note);
            }
            let value = json!({"at": at, "inner": inner, "all": [inner], "map": map});
            let written = encode(&value, &Type::Structure(&OUTER));
            prop_assert_eq!(decode(&written), Ok(value));
        }
    }
}
