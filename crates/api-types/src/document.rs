//! The OpenAPI document that a server shows: the contracts, as far as they are served.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::generated::operations::{OPERATIONS, Operation};

const CONTRACTS: [&str; 5] = [
    include_str!("../contracts/fleet-iam.openapi.json"),
    include_str!("../contracts/broker.openapi.json"),
    include_str!("../contracts/breakglass.openapi.json"),
    include_str!("../contracts/esx.openapi.json"),
    include_str!("../contracts/vcenter.openapi.json"),
];

/// One document of the served operations, with the components that they reach and no others.
///
/// # Errors
/// When an embedded contract is not JSON, which the tests of this crate rule out.
pub fn openapi(served: impl Fn(Operation) -> bool) -> Result<Value, serde_json::Error> {
    let mut paths = Map::new();
    let mut components = Map::new();
    for contract in CONTRACTS {
        let contract: Value = serde_json::from_str(contract)?;
        merge(&mut components, contract.get("components"));
        for spec in OPERATIONS.iter().filter(|spec| served(spec.id)) {
            let method = spec.method.as_str().to_ascii_lowercase();
            let operation = contract
                .get("paths")
                .and_then(|paths| paths.get(spec.path)?.get(&method));
            if let Some(operation) = operation {
                let path = paths.entry(spec.path).or_insert_with(|| json!({}));
                if let Some(path) = path.as_object_mut() {
                    path.insert(method, operation.clone());
                }
            }
        }
    }
    let paths = Value::Object(paths);
    let components = reachable(&paths, &components);
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Breakglass",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A self-hosted authority for emergency access.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": components,
    }))
}

/// Names are unique over the contracts, so sections are simply laid together.
fn merge(components: &mut Map<String, Value>, more: Option<&Value>) {
    for (section, entries) in more.and_then(Value::as_object).into_iter().flatten() {
        let into = components
            .entry(section.clone())
            .or_insert_with(|| json!({}));
        if let (Some(into), Some(entries)) = (into.as_object_mut(), entries.as_object()) {
            into.extend(entries.clone());
        }
    }
}

fn reachable(paths: &Value, components: &Map<String, Value>) -> Value {
    let mut wanted = BTreeSet::new();
    let mut waiting = Vec::new();
    references(paths, &mut waiting);
    while let Some((section, name)) = waiting.pop() {
        let component = components
            .get(&section)
            .and_then(|entries| entries.get(&name));
        if wanted.insert((section, name))
            && let Some(component) = component
        {
            references(component, &mut waiting);
        }
    }
    let mut kept = Map::new();
    for (section, name) in wanted {
        if let Some(component) = components
            .get(&section)
            .and_then(|entries| entries.get(&name))
        {
            let entries = kept.entry(section).or_insert_with(|| json!({}));
            if let Some(entries) = entries.as_object_mut() {
                entries.insert(name, component.clone());
            }
        }
    }
    Value::Object(kept)
}

/// The components that a value names, each as section and name.
fn references(value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::Array(entries) => entries.iter().for_each(|entry| references(entry, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), value) {
                    ("$ref", Value::String(target)) => found.extend(component(target)),
                    ("security", Value::Array(schemes)) => {
                        let schemes = schemes.iter().filter_map(Value::as_object);
                        let names = schemes.flat_map(Map::keys).cloned();
                        found.extend(names.map(|name| ("securitySchemes".to_owned(), name)));
                    }
                    _ => references(value, found),
                }
            }
        }
        _ => {}
    }
}

fn component(target: &str) -> Option<(String, String)> {
    let (section, name) = target.strip_prefix("#/components/")?.split_once('/')?;
    Some((section.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Array(entries) => entries.iter().for_each(|entry| targets(entry, found)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(target) if name == "$ref" => found.push(target.clone()),
                        value => targets(value, found),
                    }
                }
            }
            _ => {}
        }
    }

    #[test]
    fn no_reference_dangles() {
        let document = openapi(|_| true).unwrap();
        let mut found = Vec::new();
        targets(&document, &mut found);
        assert!(found.len() > 500, "{}", found.len());
        for target in found {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{target}");
        }
    }

    #[test]
    fn every_operation_is_found_in_its_contract() {
        let document = openapi(|_| true).unwrap();
        for spec in OPERATIONS {
            let method = spec.method.as_str().to_ascii_lowercase();
            let operation = &document["paths"][spec.path][method];
            assert_eq!(operation["operationId"], spec.name);
        }
    }

    #[test]
    fn only_what_is_served_and_reached_is_shown() {
        let document = openapi(|operation| operation == Operation::GetJwks).unwrap();
        let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
        let schemas: Vec<_> = document["components"]["schemas"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(paths, ["/acs/t/{tenant}/jwks"]);
        assert_eq!(schemas, ["Jwk", "JwkSet", "OAuthError"]);
        assert!(document["components"].get("securitySchemes").is_none());
    }

    #[test]
    fn security_schemes_come_along() {
        let document = openapi(|operation| operation == Operation::IntrospectToken).unwrap();
        let schemes = document["components"]["securitySchemes"]
            .as_object()
            .unwrap();
        assert_eq!(schemes.len(), 2);
    }
}
