//! Errors as the fleet contract's `error`.

use breakglass_api_types::fleet_iam::{Error, InputBodyLocation, NameValue, ValidationFailure};

use crate::problem::Problem;

/// The media type and the bytes of an error.
pub(crate) fn envelope(problem: &Problem, request_id: &str) -> (&'static str, Vec<u8>) {
    let failures = problem.fields.iter().map(|field| ValidationFailure {
        failure_message: Some(field.message.clone()),
        violation_path: Some(field.path.clone()),
    });
    let number = |place: usize| Some(i32::try_from(place).unwrap_or(i32::MAX));
    let location = problem.location.as_ref().map(|place| InputBodyLocation {
        // The contract counts from 1; an empty line has no column of its own.
        column_number: number(place.column.max(1)),
        line_number: number(place.line),
    });
    let error = Error {
        api_error_code: Some(problem.facts().number),
        http_status_code: Some(i32::from(problem.status.as_u16())),
        input_body_location: location,
        message: Some(problem.message.clone()),
        more_information: Some(vec![
            named("code", problem.code),
            named("requestId", request_id),
        ]),
        type_: Some("Error".to_owned()),
        validation_failures: Some(failures.collect()).filter(|found: &Vec<_>| !found.is_empty()),
        ..Error::default()
    };
    let body = serde_json::to_vec(&error).unwrap_or_default();
    ("application/json", body)
}

fn named(name: &str, value: &str) -> NameValue {
    NameValue {
        name: Some(name.to_owned()),
        value: Some(value.to_owned()),
    }
}
