//! Errors as problem details (RFC 9457).

use breakglass_api_types::breakglass;

use crate::problem::Problem;

/// The media type and the bytes of an error.
pub(crate) fn envelope(problem: &Problem, request_id: &str) -> (&'static str, Vec<u8>) {
    let errors = problem.fields.iter().map(|field| breakglass::ProblemError {
        detail: Some(field.message.clone()),
        path: Some(field.path.clone()),
    });
    let details = breakglass::Problem {
        code: Some(problem.code.to_owned()),
        detail: Some(problem.message.clone()),
        errors: Some(errors.collect()).filter(|found: &Vec<_>| !found.is_empty()),
        // RFC 9457, section 3.1.5: it need not lead anywhere.
        instance: Some(format!("urn:breakglass:request:{request_id}")),
        status: Some(i32::from(problem.status.as_u16())),
        title: Some(problem.facts().title.to_owned()),
        type_: Some(format!("urn:breakglass:problem:{}", problem.code)),
    };
    let body = serde_json::to_vec(&details).unwrap_or_default();
    ("application/problem+json", body)
}
