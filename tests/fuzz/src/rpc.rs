//! Calls of JSON-RPC: what is no call is answered with an error of JSON-RPC, and what is one holds only what was sent.

use breakglass_http::internal::call;
use serde_json::Value;

/// Panics when something does not hold.
pub fn check(data: &[u8]) {
    let sent = serde_json::from_slice::<Value>(data);
    match call(data) {
        Ok((service, operation, input)) => {
            let sent = sent.expect("a call is JSON");
            assert_eq!(sent["jsonrpc"], "2.0");
            assert_eq!(sent["method"], "invoke");
            assert_eq!(sent["params"]["serviceId"], service.as_str());
            assert_eq!(sent["params"]["operationId"], operation.as_str());
            let members = sent.pointer("/params/input/STRUCTURE/operation-input");
            let members = members
                .and_then(Value::as_object)
                .expect("a call has an input");
            assert!(input.keys().all(|name| members.contains_key(name)));
        }
        Err(answer) => {
            assert_eq!(answer["jsonrpc"], "2.0");
            let code = answer["error"]["code"]
                .as_i64()
                .expect("an error has a code");
            assert!([-32700, -32600, -32601, -32602].contains(&code), "{code}");
            assert_eq!(sent.is_err(), code == -32700, "what is not JSON is told so");
            assert!(answer["error"]["data"].is_string());
            let id = &answer["id"];
            assert!(id.is_null() || sent.is_ok_and(|sent| sent["id"] == *id));
        }
    }
}
