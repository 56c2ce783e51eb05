//! What vAPI clients are answered, and their older REST clients.

use serde_json::{Map, Value, json};

use super::wire_type::{Structure, Type, encode, marked, marked_structure};

/// What stands before the name of each error.
const ERRORS: &str = "com.vmware.vapi.std.errors.";

/// The name of a structure that no contract describes.
const DYNAMIC: &str = "dynamic-structure";

/// The structure of what is said of an issuer that exists already.
const ISSUER_EXISTS: &str =
    "com.vmware.esx.authentication.trust.security_token_issuers.issuer_already_exists_info";

/// A message for people.
static MESSAGE: Structure = Structure {
    name: "com.vmware.vapi.std.localizable_message",
    fields: &[
        ("id", Type::Text),
        ("default_message", Type::Text),
        ("args", Type::List(&Type::Text)),
    ],
};

/// The messages of an error.
static MESSAGES: Type = Type::List(&Type::Structure(&MESSAGE));

/// The answer of an operation that succeeded. `output` is a value as vAPI writes it; null for nothing.
pub(crate) fn success(id: &Value, output: Value) -> Value {
    result(id, "output", output)
}

/// The answer of an operation that failed. `error` is what `error_node` makes.
pub(crate) fn failure(id: &Value, error: Value) -> Value {
    result(id, "error", error)
}

fn result(id: &Value, name: &str, value: Value) -> Value {
    let mut answer = Map::new();
    answer.insert("jsonrpc".to_owned(), Value::from("2.0"));
    answer.insert("id".to_owned(), id.clone());
    answer.insert("result".to_owned(), marked(name, value));
    Value::Object(answer)
}

/// An error as vAPI writes it, from the body that REST clients get.
pub(crate) fn error_node(error_type: &str, body: &Value) -> Value {
    let messages = body.get("messages").unwrap_or(&Value::Null);
    let data = body.get("data").filter(|data| data.is_object());
    let mut members = Map::new();
    let mut insert = |name: &str, value: Value| members.insert(name.to_owned(), value);
    insert("messages", encode(messages, &MESSAGES));
    insert("data", optional(data.map(dynamic)));
    insert("error_type", optional(Some(Value::from(error_type))));
    // Nothing else has a place for it.
    if matches!(error_type, "UNAUTHENTICATED" | "UNAUTHORIZED") {
        insert("challenge", optional(body.get("challenge").cloned()));
    }
    marked_structure("ERROR", &name(error_type), members)
}

/// An error as the older REST clients of vAPI read it, from the body that REST clients get today.
pub(crate) fn rest_error(body: &Value) -> Value {
    let error_type = body.get("error_type").and_then(Value::as_str);
    let mut value = Map::from_iter([("messages".to_owned(), json!([]))]);
    let members = body.as_object().into_iter().flatten();
    let members = members.filter(|(_, member)| !member.is_null());
    value.extend(members.map(|(name, member)| (name.clone(), member.clone())));
    json!({"type": name(error_type.unwrap_or("ERROR")), "value": value})
}

/// The name of an error as vAPI knows it.
fn name(error_type: &str) -> String {
    format!("{ERRORS}{}", error_type.to_ascii_lowercase())
}

fn optional(value: Option<Value>) -> Value {
    marked("OPTIONAL", value.unwrap_or_default())
}

/// A value that no contract describes: each object is a structure.
fn dynamic(value: &Value) -> Value {
    match value {
        Value::Null => optional(None),
        Value::Array(items) => items.iter().map(dynamic).collect(),
        Value::Object(members) => {
            let name = structure_name(members);
            let members = members.iter();
            let members = members.map(|(name, value)| (name.clone(), dynamic(value)));
            marked_structure("STRUCTURE", name, members.collect())
        }
        plain => plain.clone(),
    }
}

fn structure_name(members: &Map<String, Value>) -> &'static str {
    let is_issuer = members.len() == 2
        && members.contains_key("issuer")
        && members.contains_key("issuer_alias");
    if is_issuer { ISSUER_EXISTS } else { DYNAMIC }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(error_type: &str) -> Value {
        let message = json!({"id": "breakglass.x", "default_message": "No.", "args": []});
        json!({"error_type": error_type, "messages": [message]})
    }

    fn message() -> Value {
        json!({"STRUCTURE": {"com.vmware.vapi.std.localizable_message": {
            "id": "breakglass.x", "default_message": "No.", "args": []
        }}})
    }

    #[test]
    fn answers_name_the_request() {
        let expected = json!({"jsonrpc": "2.0", "id": "0", "result": {"output": null}});
        assert_eq!(success(&json!("0"), Value::Null), expected);
        let error = json!({"ERROR": {"x": {}}});
        let expected = json!({"jsonrpc": "2.0", "id": 7, "result": {"error": error}});
        assert_eq!(failure(&json!(7), error), expected);
    }

    #[test]
    fn errors_say_what_they_are() {
        let expected = json!({"ERROR": {"com.vmware.vapi.std.errors.not_found": {
            "messages": [message()],
            "data": {"OPTIONAL": null},
            "error_type": {"OPTIONAL": "NOT_FOUND"}
        }}});
        assert_eq!(error_node("NOT_FOUND", &body("NOT_FOUND")), expected);
    }

    #[test]
    fn only_who_may_not_call_is_challenged() {
        let mut given = body("UNAUTHENTICATED");
        let challenge = |given: &Value, error_type: &str| {
            let node = error_node(error_type, given);
            let name = name(error_type);
            node.pointer(&format!("/ERROR/{name}/challenge")).cloned()
        };
        let none = Some(json!({"OPTIONAL": null}));
        assert_eq!(challenge(&given, "UNAUTHENTICATED"), none);
        given["challenge"] = json!("Bearer");
        let bearer = Some(json!({"OPTIONAL": "Bearer"}));
        assert_eq!(challenge(&given, "UNAUTHENTICATED"), bearer);
        assert_eq!(challenge(&given, "UNAUTHORIZED"), bearer);
        assert_eq!(challenge(&given, "NOT_FOUND"), None);
    }

    #[test]
    fn data_are_structures() {
        let mut given = body("INVALID_ARGUMENT");
        let mut data = |value: Value| {
            given["data"] = value;
            let node = error_node("INVALID_ARGUMENT", &given);
            node["ERROR"]["com.vmware.vapi.std.errors.invalid_argument"]["data"].clone()
        };
        let field = json!({"path": "a", "message": null, "n": 1});
        let expected = json!({"OPTIONAL": {"STRUCTURE": {"dynamic-structure": {"fields": [
            {"STRUCTURE": {"dynamic-structure": {
                "path": "a", "message": {"OPTIONAL": null}, "n": 1
            }}}
        ]}}}});
        assert_eq!(data(json!({"fields": [field]})), expected);
        let issuer = json!({"issuer": "https://a", "issuer_alias": "a"});
        let expected = json!({"OPTIONAL": {"STRUCTURE": {ISSUER_EXISTS: issuer}}});
        assert_eq!(data(issuer), expected);
        assert_eq!(data(json!("no structure")), json!({"OPTIONAL": null}));
    }

    #[test]
    fn a_body_that_lacks_everything_still_makes_an_error() {
        let expected = json!({"ERROR": {"com.vmware.vapi.std.errors.error": {
            "messages": [], "data": {"OPTIONAL": null}, "error_type": {"OPTIONAL": "ERROR"}
        }}});
        let empty = json!({"type": "com.vmware.vapi.std.errors.error", "value": {"messages": []}});
        for body in [json!(null), json!({}), json!([1])] {
            assert_eq!(error_node("ERROR", &body), expected);
            assert_eq!(rest_error(&body), empty);
        }
        let bare = json!({"messages": [{"id": "x", "default_message": "No."}]});
        let node = error_node("ERROR", &bare);
        let place = "/ERROR/com.vmware.vapi.std.errors.error/messages/0/STRUCTURE";
        let message = node.pointer(place).unwrap();
        assert_eq!(
            message["com.vmware.vapi.std.localizable_message"]["args"],
            json!([])
        );
    }

    #[test]
    fn older_clients_get_the_same_members() {
        let mut given = body("ALREADY_EXISTS");
        let expected = json!({
            "type": "com.vmware.vapi.std.errors.already_exists", "value": given
        });
        assert_eq!(rest_error(&given), expected);
        given["data"] = Value::Null;
        assert_eq!(rest_error(&given), expected);
    }
}
