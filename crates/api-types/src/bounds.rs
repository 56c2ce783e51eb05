//! From the report of `validator` to failures in the spelling of the wire.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;
use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

use crate::reader::{FieldFailure, below};
use crate::shape::{Field, Kind, Shape};

/// Adds what a value does not keep of its bounds, unless its field has failed already.
pub(crate) fn collect(value: &impl Validate, shape: &Shape, failures: &mut Vec<FieldFailure>) {
    if let Err(errors) = value.validate() {
        object("", shape, &errors, failures);
    }
}

fn object(path: &str, shape: &Shape, errors: &ValidationErrors, failures: &mut Vec<FieldFailure>) {
    // Going by the shape gives an order: the report itself is a hash map.
    for field in shape.fields {
        if let Some(kind) = errors.errors().get(field.ident) {
            member(&below(path, field.name), field, kind, failures);
        }
    }
}

fn member(
    path: &str,
    field: &Field,
    kind: &ValidationErrorsKind,
    failures: &mut Vec<FieldFailure>,
) {
    match kind {
        ValidationErrorsKind::Field(errors) => {
            for error in errors {
                add(path, &message(field.kind, error), failures);
            }
        }
        ValidationErrorsKind::List(entries) => {
            if let Kind::List(Kind::Object(shape)) = field.kind {
                for (place, errors) in entries {
                    object(&format!("{path}[{place}]"), shape, errors, failures);
                }
            }
        }
        ValidationErrorsKind::Struct(errors) => {
            if let Kind::Object(shape) = field.kind {
                object(path, shape, errors, failures);
            }
        }
    }
}

fn add(path: &str, message: &str, failures: &mut Vec<FieldFailure>) {
    if failures.iter().all(|failure| failure.path != path) {
        failures.push(FieldFailure::new(path, message));
    }
}

/// The bounds in words; the value stays out, for it may be a secret.
fn message(kind: Kind, error: &ValidationError) -> String {
    let unit = match kind {
        Kind::Int32 | Kind::Int64 => "",
        Kind::List(_) => " entries",
        _ => " characters",
    };
    let verb = if unit.is_empty() { "be" } else { "have" };
    match (bound(&error.params, "min"), bound(&error.params, "max")) {
        (Some(1), None) if verb == "have" => "must not be empty".to_owned(),
        (Some(least), Some(most)) => format!("must {verb} {least} to {most}{unit}"),
        (Some(least), None) => format!("must {verb} at least {least}{unit}"),
        (None, Some(most)) => format!("must {verb} at most {most}{unit}"),
        (None, None) => "is not valid".to_owned(),
    }
}

fn bound(parameters: &HashMap<Cow<'static, str>, Value>, name: &str) -> Option<i64> {
    let bound = parameters.get(name)?;
    // `validator` reports the bounds of numbers as floating point.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "bounds in the contracts are small whole numbers"
    )]
    bound
        .as_i64()
        .or_else(|| bound.as_f64().map(|bound| bound as i64))
}
