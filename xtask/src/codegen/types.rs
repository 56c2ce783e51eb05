//! The wire types: one module for each surface.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;

use super::contract::Contract;
use super::names::{pascal, serde_camel, snake};
use super::output::{Output, rust_file};
use super::schema::{Bounds, Kind, Property, Schema};

/// One module of types for each contract.
pub(crate) fn generate(contracts: &[Contract]) -> Result<Vec<Output>> {
    contracts
        .iter()
        .map(|contract| {
            let name = format!("{}.rs", snake(&contract.surface));
            rust_file(PathBuf::from(name), &module(contract))
        })
        .collect()
}

fn module(contract: &Contract) -> String {
    let bodies: String = contract
        .schemas
        .iter()
        .map(|(name, schema)| match schema {
            Schema::Enumeration {
                description,
                values,
            } => enumeration(name, description, values),
            Schema::Object {
                description,
                properties,
            } => structure(contract, name, description, properties),
        })
        .collect();
    let mut head = format!("//! {} The types of this surface.\n\n", contract.summary);
    if bodies.contains("BTreeMap<") {
        head.push_str("use std::collections::BTreeMap;\n\n");
    }
    head.push_str("use serde::{Deserialize, Serialize};\nuse validator::Validate;\n\n");
    if bodies.contains("<Sensitive>") {
        head.push_str("use crate::sensitive::Sensitive;\n\n");
    }
    head + &bodies
}

fn enumeration(name: &str, description: &str, values: &[String]) -> String {
    let known: Vec<&String> = values.iter().filter(|value| *value != "UNKNOWN").collect();
    let mut variants = String::new();
    let mut arms = String::new();
    for value in known {
        let variant = pascal(value);
        let _ = writeln!(
            variants,
            "/// `{value}`.\n#[serde(rename = \"{value}\")]\n{variant},"
        );
        let _ = writeln!(arms, "Self::{variant} => \"{value}\",");
    }
    let name = pascal(name);
    format!(
        "/// {description}
        #[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
        pub enum {name} {{
            {variants}
            /// A word that is newer than this code; never valid in a request.
            #[serde(other, rename = \"UNKNOWN\")]
            Unknown,
        }}

        impl {name} {{
            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {{
                match self {{ {arms} Self::Unknown => \"UNKNOWN\", }}
            }}
        }}

        "
    )
}

fn structure(
    contract: &Contract,
    name: &str,
    description: &str,
    properties: &[Property],
) -> String {
    let camel = properties
        .iter()
        .any(|property| property.name != snake(&property.name));
    let style = if camel {
        ", rename_all = \"camelCase\""
    } else {
        ""
    };
    let fields: String = properties
        .iter()
        .map(|property| field(contract, property, camel))
        .collect();
    format!(
        "/// {description}
        #[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize, Validate)]
        #[serde(default{style})]
        pub struct {} {{
            {fields}
        }}

        ",
        pascal(name)
    )
}

fn field(contract: &Contract, property: &Property, camel: bool) -> String {
    let name = snake(&property.name);
    let by_default = if camel {
        serde_camel(&name)
    } else {
        name.clone()
    };
    let mut serde = vec!["skip_serializing_if = \"Option::is_none\"".to_owned()];
    if by_default != property.name {
        serde.insert(0, format!("rename = \"{}\"", property.name));
    }
    let mut text = format!(
        "/// {}\n#[serde({})]\n",
        documentation(property),
        serde.join(", ")
    );
    if let Some(rule) = rule(contract, property) {
        let _ = writeln!(text, "#[validate({rule})]");
    }
    let kind = if property.secret {
        "Sensitive".to_owned()
    } else {
        rust_type(&property.kind)
    };
    let _ = writeln!(text, "pub {name}: Option<{kind}>,");
    text
}

fn documentation(property: &Property) -> String {
    let mut facts = Vec::from_iter(property.description.clone());
    if facts.is_empty() {
        facts.push(format!("`{}`.", property.name));
    }
    if property.required {
        facts.push("Required.".to_owned());
    }
    if property.read_only {
        facts.push("Set by the server.".to_owned());
    }
    if let Some(words) = property.bounds.words(&property.kind) {
        let mut letters = words.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        facts.push(format!(
            "{}.",
            first.into_iter().chain(letters).collect::<String>()
        ));
    }
    if let Some(default) = &property.default {
        facts.push(format!(
            "Default: `{}`.",
            default.to_string().trim_matches('"')
        ));
    }
    facts.join(" ")
}

fn rule(contract: &Contract, property: &Property) -> Option<String> {
    let Bounds { least, most } = property.bounds;
    let least = least.map(|least| format!("min = {}", literal(least)));
    let most = most.map(|most| format!("max = {}", literal(most)));
    let bounds: Vec<String> = least.into_iter().chain(most).collect();
    let mut rules = Vec::new();
    if !bounds.is_empty() {
        let rule = match property.kind {
            Kind::Int32 | Kind::Int64 => "range",
            _ => "length",
        };
        rules.push(format!("{rule}({})", bounds.join(", ")));
    }
    if property
        .kind
        .named()
        .is_some_and(|name| contract.is_bounded(name))
    {
        rules.push("nested".to_owned());
    }
    (!rules.is_empty()).then(|| rules.join(", "))
}

/// The number with its thousands set apart.
fn literal(number: i64) -> String {
    if (-999..=999).contains(&number) {
        return number.to_string();
    }
    format!("{}_{:03}", literal(number / 1000), (number % 1000).abs())
}

fn rust_type(kind: &Kind) -> String {
    match kind {
        Kind::Any => "serde_json::Value".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Choice(_) | Kind::Text | Kind::Uuid => "String".to_owned(),
        Kind::Int32 => "i32".to_owned(),
        Kind::Int64 => "i64".to_owned(),
        Kind::List(inner) => format!("Vec<{}>", rust_type(inner)),
        Kind::Map => "BTreeMap<String, String>".to_owned(),
        Kind::Named(name) => pascal(name),
    }
}
