//! The reader of request bodies: every faulty field at once.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::Validate;

use crate::bounds;
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

/// The body is not JSON.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1; 0 when the line is empty.
    pub column: usize,
    /// What was expected there.
    pub message: String,
}

/// Reads a request body.
///
/// Fields that the contract does not know, and those that only the server sets, are dropped; `null` is the same as
/// an absent field. Whatever else the contract forbids is among the failures.
///
/// # Errors
/// When the bytes are not JSON.
pub fn read<T>(bytes: &[u8]) -> Result<Parsed<T>, Malformed>
where
    T: Default + DeserializeOwned + Shaped + Validate,
{
    let body: Value = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
    let mut reader = Reader::default();
    let admitted = if let Value::Object(fields) = body {
        reader.object("", T::SHAPE, fields)
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
    let message = text.split(" at line ").next().unwrap_or_default();
    Malformed {
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

    fn object(&mut self, path: &str, shape: &Shape, mut fields: Map<String, Value>) -> Value {
        let mut admitted = Map::new();
        for field in shape.fields.iter().filter(|field| !field.read_only) {
            let value = fields.remove(field.name).unwrap_or(Value::Null);
            if let Some(value) = self.field(&below(path, field.name), field, value) {
                admitted.insert(field.name.to_owned(), value);
            }
        }
        Value::Object(admitted)
    }

    fn field(&mut self, path: &str, field: &Field, value: Value) -> Option<Value> {
        if value.is_null() {
            if field.required {
                self.fail(path, "is required");
            }
            return None;
        }
        self.value(path, field.kind, value)
    }

    fn value(&mut self, path: &str, kind: Kind, value: Value) -> Option<Value> {
        match (kind, value) {
            (Kind::List(inner), Value::Array(entries)) => Some(self.list(path, *inner, entries)),
            (Kind::Object(shape), Value::Object(fields)) => Some(self.object(path, shape, fields)),
            (Kind::List(_) | Kind::Object(_), _) => {
                self.fail(path, &expectation(kind));
                None
            }
            (kind, value) if fits(kind, &value) => Some(value),
            (kind, _) => {
                self.fail(path, &expectation(kind));
                None
            }
        }
    }

    /// A faulty entry is replaced rather than dropped, so that the places of the others stay as the caller counts them.
    fn list(&mut self, path: &str, kind: Kind, entries: Vec<Value>) -> Value {
        let admitted = entries.into_iter().enumerate().map(|(place, entry)| {
            self.value(&format!("{path}[{place}]"), kind, entry)
                .unwrap_or_else(|| filler(kind))
        });
        Value::Array(admitted.collect())
    }
}

fn fits(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::Any => true,
        Kind::Boolean => value.is_boolean(),
        Kind::Choice(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        Kind::Int32 => value
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        Kind::Int64 => value.is_i64(),
        Kind::List(_) => value.is_array(),
        Kind::Map => value
            .as_object()
            .is_some_and(|fields| fields.values().all(Value::is_string)),
        Kind::Object(_) => value.is_object(),
        Kind::Text => value.is_string(),
        Kind::Uuid => value.as_str().is_some_and(is_uuid),
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
