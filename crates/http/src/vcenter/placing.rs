//! From what a vAPI operation is given to the parts of a request of ours.

use serde_json::{Map, Value};

use super::catalog::{Entry, Input, Place};
use super::data_value::Undecodable;

/// The parts of a request. It may have secrets in its body.
#[derive(Default)]
pub(crate) struct Placed {
    /// The parameters of the path.
    pub(crate) path: Vec<(&'static str, String)>,
    /// The parameters behind the path, neither encoded nor joined.
    pub(crate) query: Vec<(String, String)>,
    /// The body, for an operation that has one.
    pub(crate) body: Option<Value>,
}

/// Puts what an operation is given into its places. Members that the operation does not know are ignored.
///
/// # Errors
/// With the first member that is missing in the path or the body, or that cannot be a parameter.
pub(crate) fn place(entry: &Entry, mut given: Map<String, Value>) -> Result<Placed, Undecodable> {
    let mut placed = Placed::default();
    for input in entry.inputs {
        let value = given.remove(input.member);
        let outcome = placed.put(input, value);
        outcome.map_err(|fault| fault.below(input.member).below("operation-input"))?;
    }
    Ok(placed)
}

impl Placed {
    fn put(&mut self, input: &Input, value: Option<Value>) -> Result<(), Undecodable> {
        match (input.place, value) {
            (Place::Path(name), Some(Value::String(text))) => self.path.push((name, text)),
            (Place::Path(_), _) => return Err(Undecodable::new("must be a text")),
            (Place::Body, Some(body @ Value::Object(_))) => self.body = Some(body),
            (Place::Query(name), Some(value)) => self.push(name, &value)?,
            (Place::Filter, Some(Value::Object(members))) => {
                for (name, value) in members {
                    let outcome = self.push(&name, &value);
                    outcome.map_err(|fault| fault.below(&name))?;
                }
            }
            (Place::Query(_) | Place::Filter, None) => {}
            (Place::Filter | Place::Body, _) => {
                return Err(Undecodable::new("must be a structure"));
            }
        }
        Ok(())
    }

    /// Adds a parameter; once for each item of a list.
    fn push(&mut self, name: &str, value: &Value) -> Result<(), Undecodable> {
        let items = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        for item in items {
            let Some(text) = item.as_str() else {
                return Err(Undecodable::new("must be a text or a list of texts"));
            };
            self.query.push((name.to_owned(), text.to_owned()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::catalog::find;
    use super::*;

    const PROFILES: &str = "com.vmware.esx.authentication.client_profiles";
    const ISSUERS: &str = "com.vmware.esx.authentication.trust.security_token_issuers";

    fn placed(service: &str, operation: &str, given: &Value) -> Result<Placed, Undecodable> {
        let entry = find(service, operation).unwrap();
        place(entry, given.as_object().unwrap().clone())
    }

    #[test]
    fn each_member_goes_to_its_place() {
        let given = json!({"issuer_alias": "vc", "spec": {"issuer": "https://vc"}, "other": 1});
        let update = placed(ISSUERS, "update", &given).unwrap();
        assert_eq!(update.path, [("issuerAlias", "vc".to_owned())]);
        assert_eq!(update.body, Some(json!({"issuer": "https://vc"})));
        assert!(update.query.is_empty());
    }

    #[test]
    fn a_filter_is_parameters() {
        let given = json!({"filter": {"scopes": ["a", "b"], "domain": "d"}, "projection": "FULL"});
        let mut query = placed(PROFILES, "list", &given).unwrap().query;
        query.sort();
        let expected = [
            ("domain", "d"),
            ("projection", "FULL"),
            ("scopes", "a"),
            ("scopes", "b"),
        ];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(query, expected);
        let none = placed(PROFILES, "list", &json!({})).unwrap();
        assert!(none.path.is_empty() && none.query.is_empty() && none.body.is_none());
    }

    #[test]
    fn what_has_no_place_is_named() {
        let texts = "must be a text or a list of texts";
        for (operation, given, path, rule) in [
            ("get", json!({}), "profile", "must be a text"),
            ("get", json!({"profile": 1}), "profile", "must be a text"),
            ("create", json!({}), "spec", "must be a structure"),
            (
                "create",
                json!({"spec": "x"}),
                "spec",
                "must be a structure",
            ),
            (
                "list",
                json!({"filter": "x"}),
                "filter",
                "must be a structure",
            ),
            (
                "list",
                json!({"filter": {"scopes": [1]}}),
                "filter.scopes",
                texts,
            ),
            ("list", json!({"projection": {}}), "projection", texts),
        ] {
            let fault = placed(PROFILES, operation, &given).err().unwrap();
            let path = format!("operation-input.{path}");
            assert_eq!(fault, Undecodable { path, rule });
        }
    }
}
