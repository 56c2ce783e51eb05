//! The reader of request bodies: every faulty field at once.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::Validate;

use crate::bounds;
use crate::json::Json;
use crate::shape::{Field, Kind, Shape, Shaped};

/// What became of a body that is JSON.
#[derive(Clone, Debug)]
pub struct Parsed<T> {
    /// The body without what is wrong with it. Only to be acted on when there are no failures.
    pub value: T,
    /// Everything that is wrong, in the order of the contract's fields.
    pub failures: Vec<FieldFailure>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FieldFailure {
    /// The field as the caller spells it, such as `clientName` or `roles[0].roleName`; empty for the body as a whole.
    pub path: String,
    /// What is wrong, without the value: it may be a secret.
    pub message: String,
}

/// The body is not JSON, or JSON beyond what is read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct Malformed {
    /// What is wrong with it.
    pub fault: Fault,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1; 0 when the line is empty.
    pub column: usize,
    /// What was expected there.
    pub message: String,
}

/// What is wrong with a body that cannot be read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Fault {
    /// It is JSON, but its depth or one of its numbers goes beyond what is read (RFC 8259, section 9, lets a reader set such
    /// limits).
    Limit,
    /// It is not JSON (RFC 8259).
    Syntax,
}

/// Reads a request body.
///
/// Fields that the contract does not know, and those that only the server sets, are dropped; `null` is the same as
/// an absent field. Whatever else the contract forbids is among the failures, and so is a field that is given twice.
///
/// # Errors
/// When the bytes are not JSON, or nested too deep, or hold a number that no number of ours can hold.
pub fn read<T>(bytes: &[u8]) -> Result<Parsed<T>, Malformed>
where
    T: Default + DeserializeOwned + Shaped + Validate,
{
    let body: Json = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    let mut reader = Reader::default();
    let admitted = if let Json::Object(entries) = body {
        reader.object("", T::SHAPE, entries)
    } else {
        reader.fail("", "must be an object");
        Value::Object(Map::new())
    };
    let mut failures = reader.failures;
    let value = serde_json::from_value(admitted).unwrap_or_else(|_| {
        // The shape and the type come from one contract, so this would be a mistake of the generator.
        failures.push(FieldFailure::new("", "is not understood"));
        T::default()
    });
    bounds::collect(&value, T::SHAPE, &mut failures);
    Ok(Parsed { value, failures })
}

impl FieldFailure {
    /// A failure at this path.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// The path of a field below this one.
pub(crate) fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

fn malformed(error: &serde_json::Error) -> Malformed {
    let text = error.to_string();
    // serde_json ends its message with the place, which stands in fields of its own here.
    let found = text.split(" at line ").next().unwrap_or_default();
    let (fault, message) = match found {
        "number out of range" => (Fault::Limit, "the number is too large"),
        "recursion limit exceeded" => (Fault::Limit, "lists and objects are nested too deep"),
        _ => (Fault::Syntax, found),
    };
    Malformed {
        fault,
        line: error.line().max(1),
        column: error.column(),
        message: message.to_owned(),
    }
}

/// Gathers failures while it copies what is right.
#[derive(Default)]
struct Reader {
    failures: Vec<FieldFailure>,
}

impl Reader {
    fn fail(&mut self, path: &str, message: &str) {
        self.failures.push(FieldFailure::new(path, message));
    }

    fn object(&mut self, path: &str, shape: &Shape, entries: Vec<(String, Json)>) -> Value {
        let mut fields: BTreeMap<String, Vec<Json>> = BTreeMap::new();
        for (name, value) in entries {
            fields.entry(name).or_default().push(value);
        }
        let mut admitted = Map::new();
        for field in shape.fields.iter().filter(|field| !field.read_only) {
            let values = fields.remove(field.name).unwrap_or_default();
            if let Some(value) = self.field(&below(path, field.name), field, values) {
                admitted.insert(field.name.to_owned(), value);
            }
        }
        Value::Object(admitted)
    }

    fn field(&mut self, path: &str, field: &Field, mut values: Vec<Json>) -> Option<Value> {
        let value = values.pop().unwrap_or(Json::Leaf(Value::Null));
        if !values.is_empty() {
            // Readers differ in which of them they believe, so that none of them is.
            self.fail(path, "must be given once");
            return None;
        }
        if value == Json::Leaf(Value::Null) {
            if field.required {
                self.fail(path, "is required");
            }
            return None;
        }
        self.value(path, field.kind, value)
    }

    fn value(&mut self, path: &str, kind: Kind, value: Json) -> Option<Value> {
        match (kind, value) {
            (Kind::List(inner), Json::List(entries)) => Some(self.list(path, *inner, entries)),
            (Kind::Object(shape), Json::Object(entries)) => Some(self.object(path, shape, entries)),
            (Kind::Any | Kind::Map, value) if value.repeated_name().is_some() => {
                let name = value.repeated_name().unwrap_or_default();
                self.fail(path, &format!("must hold {name:?} once"));
                None
            }
            (Kind::Any, value) => Some(value.into_value()),
            (Kind::Map, value @ Json::Object(_)) => self.leaf(path, kind, value.into_value()),
            (_, Json::Leaf(value)) => self.leaf(path, kind, value),
            (_, Json::List(_) | Json::Object(_)) => {
                self.fail(path, &expectation(kind));
                None
            }
        }
    }

    fn leaf(&mut self, path: &str, kind: Kind, value: Value) -> Option<Value> {
        if fits(kind, &value) {
            return Some(value);
        }
        self.fail(path, &expectation(kind));
        None
    }

    /// A faulty entry is replaced rather than dropped, so that the places of the others stay as the caller counts them.
    fn list(&mut self, path: &str, kind: Kind, entries: Vec<Json>) -> Value {
        let admitted = entries.into_iter().enumerate().map(|(place, entry)| {
            self.value(&format!("{path}[{place}]"), kind, entry)
                .unwrap_or_else(|| filler(kind))
        });
        Value::Array(admitted.collect())
    }
}

/// Whether a value is of the kind. Lists and objects with shapes have been taken apart before.
fn fits(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::Any => true,
        Kind::Boolean => value.is_boolean(),
        Kind::Choice(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        Kind::Int32 => value
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        Kind::Int64 => value.is_i64(),
        Kind::Map => value
            .as_object()
            .is_some_and(|fields| fields.values().all(Value::is_string)),
        Kind::Text => value.is_string(),
        Kind::Uuid => value.as_str().is_some_and(is_uuid),
        Kind::List(_) | Kind::Object(_) => false,
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let hexadecimal = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) && groups.iter().all(hexadecimal)
}

fn expectation(kind: Kind) -> String {
    let expected = match kind {
        Kind::Any => "a value",
        Kind::Boolean => "true or false",
        Kind::Choice(words) => return format!("must be one of {}", words.join(", ")),
        Kind::Int32 => "a whole number of 32 bits",
        Kind::Int64 => "a whole number of 64 bits",
        Kind::List(_) => "a list",
        Kind::Map => "an object of texts",
        Kind::Object(_) => "an object",
        Kind::Text => "a text",
        Kind::Uuid => "a UUID",
    };
    format!("must be {expected}")
}

fn filler(kind: Kind) -> Value {
    match kind {
        Kind::Any => Value::Null,
        Kind::Boolean => Value::Bool(false),
        Kind::Choice(words) => Value::from(words.first().copied().unwrap_or_default()),
        Kind::Int32 | Kind::Int64 => Value::from(0),
        Kind::List(_) => Value::Array(Vec::new()),
        Kind::Map | Kind::Object(_) => Value::Object(Map::new()),
        Kind::Text | Kind::Uuid => Value::from(""),
    }
}

#[cfg(test)]
mod tests;
