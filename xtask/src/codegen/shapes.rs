//! What a request body may hold: the data that the reader walks.

use std::path::PathBuf;

use anyhow::Result;

use super::contract::Contract;
use super::names::{pascal, snake};
use super::output::{Output, rust_file};
use super::schema::{Kind, Property, Schema};

/// The shapes of every type that a request can hold.
pub(crate) fn generate(contracts: &[Contract]) -> Result<Vec<Output>> {
    let mut text = String::from(
        "//! What request bodies may hold.

        use super::{broker, breakglass, esx, fleet_iam, vcenter};
        use crate::shape::{Field, Kind, Shape, Shaped};

        ",
    );
    for contract in contracts {
        for name in contract.request_types() {
            if let Some(Schema::Object { properties, .. }) = contract.schemas.get(name) {
                text.push_str(&implementation(contract, name, properties));
            }
        }
    }
    Ok(vec![rust_file(PathBuf::from("shapes.rs"), &text)?])
}

fn implementation(contract: &Contract, name: &str, properties: &[Property]) -> String {
    let fields: String = properties
        .iter()
        .map(|property| field(contract, property))
        .collect();
    format!(
        "impl Shaped for {} {{
            const SHAPE: &'static Shape = &Shape {{ fields: &[{fields}] }};
        }}

        ",
        qualified(contract, name)
    )
}

fn field(contract: &Contract, property: &Property) -> String {
    let mut text = format!(
        "Field::new(\"{}\", \"{}\", {})",
        property.name,
        snake(&property.name),
        kind(contract, property)
    );
    if property.required {
        text.push_str(".required()");
    }
    if property.read_only {
        text.push_str(".read_only()");
    }
    text + ","
}

fn kind(contract: &Contract, property: &Property) -> String {
    // What is dropped needs no description.
    if property.read_only {
        return "Kind::Any".to_owned();
    }
    kind_of(contract, &property.kind)
}

fn kind_of(contract: &Contract, kind: &Kind) -> String {
    match kind {
        Kind::Any => "Kind::Any".to_owned(),
        Kind::Boolean => "Kind::Boolean".to_owned(),
        Kind::Choice(values) => choice(values),
        Kind::Int32 => "Kind::Int32".to_owned(),
        Kind::Int64 => "Kind::Int64".to_owned(),
        Kind::List(inner) => format!("Kind::List(&{})", kind_of(contract, inner)),
        Kind::Map => "Kind::Map".to_owned(),
        Kind::Text => "Kind::Text".to_owned(),
        Kind::Uuid => "Kind::Uuid".to_owned(),
        Kind::Named(name) => match contract.schemas.get(name) {
            Some(Schema::Enumeration { values, .. }) => choice(values),
            _ => format!("Kind::Object({}::SHAPE)", qualified(contract, name)),
        },
    }
}

fn choice(values: &[String]) -> String {
    let known: Vec<String> = values
        .iter()
        .filter(|value| *value != "UNKNOWN")
        .map(|value| format!("\"{value}\""))
        .collect();
    format!("Kind::Choice(&[{}])", known.join(", "))
}

fn qualified(contract: &Contract, name: &str) -> String {
    format!("{}::{}", snake(&contract.surface), pascal(name))
}
