//! The contract files, as far as the generators need them.
//!
//! A keyword that is not listed here fails the reading: nothing that a contract states is dropped in silence.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::schema::{RawSchema, Schema};

/// The surfaces, each with a contract of this name.
pub(crate) const SURFACES: [&str; 5] = ["fleet-iam", "broker", "breakglass", "esx", "vcenter"];

/// Where the contracts stand.
pub(crate) const FOLDER: &str = "crates/api-types/contracts";

/// The server's own list of the operations it does not do yet; a test of the server holds it against the routes.
const UNSERVED: &str = "crates/http/tests/unhandled_operations.txt";

/// One surface.
#[derive(Debug)]
pub(crate) struct Contract {
    pub(crate) surface: String,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) operations: Vec<Operation>,
    pub(crate) schemas: BTreeMap<String, Schema>,
    pub(crate) responses: BTreeMap<String, String>,
}

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) summary: String,
    pub(crate) description: Option<String>,
    pub(crate) privilege: String,
    pub(crate) effect: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) request: Option<Body>,
    pub(crate) success: u16,
    pub(crate) response: Option<Body>,
    pub(crate) errors: Vec<(u16, String)>,
    /// Whether the server answers it with more than that it does not do it yet.
    pub(crate) served: bool,
}

/// A parameter of an operation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    #[serde(rename = "in")]
    pub(crate) place: String,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) description: String,
    pub(crate) schema: RawSchema,
}

/// The body of a request or an answer.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) media_type: String,
    pub(crate) schema: RawSchema,
}

/// Reads every contract and checks that no two declare the same name.
pub(crate) fn read_all(root: &Path) -> Result<Vec<Contract>> {
    let mut contracts = SURFACES
        .iter()
        .map(|surface| read(root, surface))
        .collect::<Result<Vec<_>>>()?;
    mark_unserved(root, &mut contracts)?;
    let mut owners = BTreeMap::new();
    for contract in &contracts {
        let names = contract.schemas.keys().chain(contract.responses.keys());
        for name in names {
            if let Some(other) = owners.insert(name, &contract.surface) {
                bail!("both {other} and {} declare {name}", contract.surface);
            }
        }
    }
    Ok(contracts)
}

/// Marks the operations that stand in the server's own list of what it does not do yet.
fn mark_unserved(root: &Path, contracts: &mut [Contract]) -> Result<()> {
    let path = root.join(UNSERVED);
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("failed to read {}", path.display()))?;
    for name in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let operation = contracts
            .iter_mut()
            .flat_map(|contract| &mut contract.operations)
            .find(|operation| operation.name == name);
        operation
            .with_context(|| format!("{UNSERVED} names {name}, which no contract has"))?
            .served = false;
    }
    Ok(())
}

fn read(root: &Path, surface: &str) -> Result<Contract> {
    let path = root.join(FOLDER).join(format!("{surface}.openapi.json"));
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("failed to read {}", path.display()))?;
    let raw: RawContract = serde_json::from_str(&text)
        .with_context(|| format!("failed to understand {}", path.display()))?;
    raw.resolve()
        .with_context(|| format!("failed to resolve {}", path.display()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawContract {
    #[serde(rename = "openapi")]
    _openapi: String,
    info: RawInfo,
    #[serde(rename = "x-surface")]
    surface: String,
    paths: BTreeMap<String, BTreeMap<String, RawOperation>>,
    components: RawComponents,
}

#[derive(Deserialize)]
struct RawInfo {
    title: String,
    summary: String,
    description: String,
}

#[derive(Deserialize)]
struct RawComponents {
    responses: BTreeMap<String, RawResponse>,
    schemas: BTreeMap<String, RawSchema>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawOperation {
    operation_id: String,
    summary: String,
    description: Option<String>,
    #[serde(rename = "x-privilege")]
    privilege: String,
    #[serde(rename = "x-effect")]
    effect: String,
    #[serde(rename = "security")]
    _security: Vec<serde_json::Value>,
    #[serde(default)]
    parameters: Vec<Parameter>,
    request_body: Option<RawBody>,
    responses: BTreeMap<u16, RawResponse>,
}

#[derive(Deserialize)]
struct RawBody {
    content: BTreeMap<String, RawMedia>,
}

#[derive(Deserialize)]
struct RawMedia {
    schema: RawSchema,
}

#[derive(Deserialize)]
struct RawResponse {
    description: Option<String>,
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(default)]
    content: BTreeMap<String, RawMedia>,
}

impl RawContract {
    fn resolve(self) -> Result<Contract> {
        let mut operations = Vec::new();
        for (path, methods) in self.paths {
            for (method, operation) in methods {
                operations.push(operation.resolve(&path, &method)?);
            }
        }
        let schemas = self.components.schemas.into_iter();
        let responses = self.components.responses.into_iter();
        Ok(Contract {
            surface: self.surface,
            title: self.info.title,
            summary: self.info.summary,
            description: self.info.description,
            operations,
            schemas: schemas
                .map(|(name, raw)| {
                    let schema = raw.resolve().with_context(|| format!("in {name}"))?;
                    Ok((name, schema))
                })
                .collect::<Result<_>>()?,
            responses: responses
                .map(|(name, raw)| (name, raw.description.unwrap_or_default()))
                .collect(),
        })
    }
}

impl RawOperation {
    fn resolve(self, path: &str, method: &str) -> Result<Operation> {
        let mut success = None;
        let mut errors = Vec::new();
        for (status, response) in self.responses {
            if status < 300 {
                success = Some((status, body(response.content)));
            } else {
                let name = response.reference.context("an error stands in line")?;
                errors.push((status, last_segment(&name)));
            }
        }
        let (success, response) =
            success.with_context(|| format!("{} never succeeds", self.operation_id))?;
        Ok(Operation {
            name: self.operation_id,
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: self.summary,
            description: self.description,
            privilege: self.privilege,
            effect: self.effect,
            parameters: self.parameters,
            request: self.request_body.and_then(|request| body(request.content)),
            success,
            response,
            errors,
            served: true,
        })
    }
}

fn body(content: BTreeMap<String, RawMedia>) -> Option<Body> {
    let (media_type, media) = content.into_iter().next()?;
    Some(Body {
        media_type,
        schema: media.schema,
    })
}

/// What a `$ref` points at, without the path to it.
pub(crate) fn last_segment(reference: &str) -> String {
    reference.rsplit('/').next().unwrap_or(reference).to_owned()
}
