//! The table of operations over all surfaces.

use std::path::PathBuf;

use anyhow::Result;

use super::contract::{Contract, Operation};
use super::names::pascal;
use super::output::{Output, rust_file};

/// The table.
pub(crate) fn generate(contracts: &[Contract]) -> Result<Vec<Output>> {
    let mut variants = String::new();
    let mut rows = String::new();
    for contract in contracts {
        for operation in &contract.operations {
            variants.push_str(&variant(operation));
            rows.push_str(&row(contract, operation));
        }
    }
    let text = format!(
        "//! Every operation of every surface.

        use crate::operation::{{Body, Effect, Method, OperationSpec, Privilege, Surface}};

        /// An operation of one of the contracts.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Operation {{ {variants} }}

        /// What the contracts say of each operation, in the order of [`Operation`].
        pub static OPERATIONS: &[OperationSpec] = &[{rows}];
        "
    );
    Ok(vec![rust_file(PathBuf::from("operations.rs"), &text)?])
}

fn variant(operation: &Operation) -> String {
    format!("/// {}.\n{},\n", operation.summary, pascal(&operation.name))
}

fn row(contract: &Contract, operation: &Operation) -> String {
    let body = match &operation.request {
        None => "None",
        Some(body) if body.media_type.ends_with("json") => "Json",
        Some(_) => "Form",
    };
    format!(
        "OperationSpec {{
            id: Operation::{},
            name: \"{}\",
            method: Method::{},
            path: \"{}\",
            success: {},
            privilege: Privilege::{},
            surface: Surface::{},
            effect: Effect::{},
            body: Body::{body},
        }},
        ",
        pascal(&operation.name),
        operation.name,
        pascal(&operation.method.to_lowercase()),
        operation.path,
        operation.success,
        pascal(&operation.privilege),
        pascal(&contract.surface),
        pascal(&operation.effect),
    )
}
