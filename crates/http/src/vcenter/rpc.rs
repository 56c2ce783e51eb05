//! A call as vAPI clients make it: JSON-RPC 2.0 with the method `invoke`.

use std::fmt;

use serde_json::{Map, Value, json};

use super::data_value::{Undecodable, decode};
use super::security::Security;

/// The structure that every operation takes.
const INPUT: &str = "operation-input";

/// A call of an operation.
pub(crate) struct Invocation {
    /// What the answer is known by.
    pub(crate) id: Value,
    /// The service, as `com.vmware.cis.session`.
    pub(crate) service: String,
    /// Its operation, as `create`.
    pub(crate) operation: String,
    /// What the operation is given. What is not set is not there.
    pub(crate) input: Map<String, Value>,
    /// Who calls.
    pub(crate) security: Security,
}

/// A call that cannot be read: the error of JSON-RPC itself, not of an operation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Fault {
    id: Value,
    kind: Kind,
    detail: String,
}

/// The errors of JSON-RPC 2.0, section 5.1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    ParseError,
    InvalidRequest,
    MethodNotFound,
    InvalidParams,
}

/// Reads a call.
///
/// # Errors
/// With what is answered instead, when it is none.
pub(crate) fn read(body: &[u8]) -> Result<Invocation, Fault> {
    let Ok(request) = serde_json::from_slice(body) else {
        return Err(Fault::without_id(Kind::ParseError, "This is not JSON."));
    };
    let Value::Object(mut request) = request else {
        return Err(invalid(
            "A request is an object; several at once are not taken.",
        ));
    };
    if request.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(invalid("jsonrpc must be \"2.0\"."));
    }
    let id = match request.remove("id") {
        Some(id @ (Value::Null | Value::Number(_) | Value::String(_))) => id,
        Some(_) => return Err(invalid("id must be a text or a number.")),
        None => return Err(invalid("id must be there.")),
    };
    match request.get("method").and_then(Value::as_str) {
        Some("invoke") => {}
        Some(_) => {
            let detail = "The only method is invoke.".to_owned();
            return Err(Fault::new(id, Kind::MethodNotFound, detail));
        }
        None => return Err(invalid("method must be a text.")),
    }
    invocation(&id, request.get("params"))
        .map_err(|rule| Fault::new(id, Kind::InvalidParams, format!("{rule}.")))
}

fn invalid(detail: &str) -> Fault {
    Fault::without_id(Kind::InvalidRequest, detail)
}

fn invocation(id: &Value, params: Option<&Value>) -> Result<Invocation, String> {
    let Some(Value::Object(params)) = params else {
        return Err("params must be an object".to_owned());
    };
    let text = |name: &str| match params.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        _ => Err(format!("{name} must be a text")),
    };
    let context = match params.get("ctx") {
        None | Some(Value::Null) => None,
        Some(Value::Object(context)) => context.get("securityCtx"),
        Some(_) => return Err("ctx must be an object".to_owned()),
    };
    Ok(Invocation {
        id: id.clone(),
        service: text("serviceId")?,
        operation: text("operationId")?,
        input: input(params.get("input"))?,
        security: Security::read(context)?,
    })
}

fn input(input: Option<&Value>) -> Result<Map<String, Value>, String> {
    let is_input = |input: &&Value| {
        let members = input.pointer("/STRUCTURE/operation-input");
        members.is_some_and(Value::is_object)
    };
    let Some(input) = input.filter(is_input) else {
        return Err(format!("input must be the structure {INPUT}"));
    };
    match decode(input) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(format!("input must be the structure {INPUT}")),
        Err(fault) => {
            let Undecodable { path, rule } = fault.below(INPUT);
            Err(format!("{path} {rule}"))
        }
    }
}

impl fmt::Debug for Invocation {
    /// Leaves out what the operation is given: there may be secrets in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("id", &self.id)
            .field("service", &self.service)
            .field("operation", &self.operation)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

impl Fault {
    const fn new(id: Value, kind: Kind, detail: String) -> Self {
        Self { id, kind, detail }
    }

    /// A fault that is answered without an id. The vendor's client wants it so for these two, even if there was one.
    fn without_id(kind: Kind, detail: &str) -> Self {
        Self::new(Value::Null, kind, detail.to_owned())
    }

    /// What is answered.
    pub(crate) fn answer(&self) -> Value {
        let (code, message) = self.kind.words();
        let error = json!({"code": code, "message": message, "data": self.detail});
        json!({"jsonrpc": "2.0", "id": self.id, "error": error})
    }
}

impl Kind {
    const fn words(self) -> (i32, &'static str) {
        match self {
            Self::ParseError => (-32700, "Parse error"),
            Self::InvalidRequest => (-32600, "Invalid Request"),
            Self::MethodNotFound => (-32601, "Method not found"),
            Self::InvalidParams => (-32602, "Invalid params"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the vendor's Python SDK 9.1.1.0 sends, apart from the operation, its input and its security context.
    fn sent(service: &str, operation: &str, input: &str, security: &str) -> String {
        let names = format!(r#""serviceId":"{service}","operationId":"{operation}""#);
        let app = r#""appCtx":{"opId":"4ba7d642-9942-4b6d-9244-97711a05da62"}"#;
        let input = format!(r#"{{"STRUCTURE":{{"operation-input":{{{input}}}}}}}"#);
        let params = format!(r#"{{{names},"input":{input},"ctx":{{{app}{security}}}}}"#);
        format!(r#"{{"jsonrpc":"2.0","method":"invoke","params":{params},"id":"0"}}"#)
    }

    fn registration(token: &str, security: &str) -> Invocation {
        let service = "com.vmware.vcenter.registered_tokens";
        let spec = format!(
            r#""spec":{{"STRUCTURE":{{"{service}.create_spec":{{"expanded_access_token":{token}}}}}}}"#
        );
        read(sent(service, "create", &spec, security).as_bytes()).unwrap()
    }

    #[test]
    fn what_the_vendors_client_sends_to_register_a_token_is_read() {
        let expanded = registration(r#"{"OPTIONAL":{"SECRET":"a.b.c"}}"#, "");
        assert_eq!(expanded.id, "0");
        assert_eq!(expanded.service, "com.vmware.vcenter.registered_tokens");
        assert_eq!(expanded.operation, "create");
        let spec = json!({"spec": {"expanded_access_token": "a.b.c"}});
        assert_eq!(Value::Object(expanded.input), spec);
        assert_eq!(expanded.security, Security::Absent);
        let unset = registration(r#"{"OPTIONAL":null}"#, "");
        assert_eq!(Value::Object(unset.input), json!({"spec": {}}));
    }

    #[test]
    fn each_security_context_of_the_vendors_client_is_read() {
        let context = |scheme: &str, members: &str| {
            let scheme = format!("com.vmware.vapi.std.security.{scheme}");
            let context = format!(r#","securityCtx":{{"schemeId":"{scheme}",{members}}}"#);
            registration(r#"{"OPTIONAL":{"SECRET":"a.b.c"}}"#, &context).security
        };
        assert_eq!(
            context("session_id", r#""sessionId":"s1""#),
            Security::Session("s1".to_owned())
        );
        assert_eq!(
            context("user_pass", r#""userName":"u","password":"p""#),
            Security::UserPassword {
                user: "u".to_owned(),
                password: "p".to_owned()
            }
        );
        assert_eq!(
            context("oauth", r#""accessToken":"t""#),
            Security::Bearer("t".to_owned())
        );
        let members = r#""authz_credentials":"t","authn_scheme":"Bearer""#;
        assert_eq!(
            context("http_authorization", members),
            Security::Http {
                scheme: "Bearer".to_owned(),
                credentials: "t".to_owned()
            }
        );
        let saml = "com.vmware.vapi.std.security.saml_bearer_token".to_owned();
        assert_eq!(
            context("saml_bearer_token", r#""samlToken":"<x/>""#),
            Security::Unknown(saml)
        );
    }

    #[test]
    fn what_the_vendors_client_sends_for_sessions_is_read() {
        for operation in ["create", "get", "delete"] {
            let body = sent("com.vmware.cis.session", operation, "", "");
            let session = read(body.as_bytes()).unwrap();
            assert_eq!(session.operation, operation);
            assert!(session.input.is_empty());
        }
    }

    #[test]
    fn no_secret_is_printed() {
        let printed = format!("{:?}", registration(r#"{"SECRET":"hunter2"}"#, ""));
        assert!(!printed.contains("hunter2"), "{printed}");
    }

    fn fault(body: &str) -> (i64, Value, String) {
        let answer = read(body.as_bytes()).unwrap_err().answer();
        assert_eq!(answer["jsonrpc"], "2.0");
        let error = &answer["error"];
        assert!(error["message"].is_string());
        let detail = error["data"].as_str().unwrap().to_owned();
        (
            error["code"].as_i64().unwrap(),
            answer["id"].clone(),
            detail,
        )
    }

    #[test]
    fn what_is_no_request_is_answered_without_an_id() {
        let several = "A request is an object; several at once are not taken.";
        for (body, code, detail) in [
            ("", -32700, "This is not JSON."),
            ("{", -32700, "This is not JSON."),
            ("[]", -32600, several),
            ("1", -32600, several),
            (
                r#"{"id":1,"method":"invoke"}"#,
                -32600,
                "jsonrpc must be \"2.0\".",
            ),
            (
                r#"{"jsonrpc":"2.0","method":"invoke"}"#,
                -32600,
                "id must be there.",
            ),
            (
                r#"{"jsonrpc":"2.0","id":{},"method":"invoke"}"#,
                -32600,
                "id must be a text or a number.",
            ),
            (
                r#"{"jsonrpc":"2.0","id":1}"#,
                -32600,
                "method must be a text.",
            ),
        ] {
            assert_eq!(
                fault(body),
                (code, Value::Null, detail.to_owned()),
                "{body}"
            );
        }
    }

    #[test]
    fn what_cannot_be_called_is_answered_with_the_id() {
        let with = |rest: &str| format!(r#"{{"jsonrpc":"2.0","id":7,{rest}}}"#);
        let found = fault(&with(r#""method":"get""#));
        assert_eq!(
            found,
            (-32601, json!(7), "The only method is invoke.".to_owned())
        );
        let names = r#""serviceId":"s","operationId":"o""#;
        let input = r#""input":{"STRUCTURE":{"operation-input":{}}}"#;
        let structure = "input must be the structure operation-input.";
        for (params, detail) in [
            ("[]".to_owned(), "params must be an object."),
            (format!("{{{input}}}"), "serviceId must be a text."),
            (
                format!(r#"{{"serviceId":"s",{input}}}"#),
                "operationId must be a text.",
            ),
            (format!("{{{names}}}"), structure),
            (
                format!(r#"{{{names},"input":{{"STRUCTURE":{{"x":{{}}}}}}}}"#),
                structure,
            ),
            (
                format!(
                    r#"{{{names},"input":{{"STRUCTURE":{{"operation-input":{{"a":{{}}}}}}}}}}"#
                ),
                "operation-input.a must be an object with one member, which says what it is.",
            ),
            (
                format!(r#"{{{names},{input},"ctx":1}}"#),
                "ctx must be an object.",
            ),
            (
                format!(r#"{{{names},{input},"ctx":{{"securityCtx":1}}}}"#),
                "ctx.securityCtx must be an object.",
            ),
        ] {
            let found = fault(&with(&format!(r#""method":"invoke","params":{params}"#)));
            assert_eq!(found, (-32602, json!(7), detail.to_owned()), "{params}");
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = read(&body);
        }

        #[test]
        fn every_id_comes_back(id in "\\PC{0,16}", params in "[\\[\\]{}\":,a-z0-9]{0,16}") {
            let request = json!({"jsonrpc": "2.0", "id": id, "method": "invoke", "params": params});
            let answer = read(request.to_string().as_bytes()).unwrap_err().answer();
            prop_assert_eq!(&answer["id"], &Value::from(id));
        }
    }
}
