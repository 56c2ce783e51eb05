//! The wire types of Breakglass and the table of its operations.
//!
//! Everything here follows from the contracts in `contracts/`: the types of the surfaces, the shapes that
//! request bodies are checked against, and the operation table that routing, metrics, tests and the served OpenAPI
//! document read. To change the wire, change a contract and run `cargo xtask codegen`.
//!
//! A wire type promises nothing but its spelling: every field may be absent. [`read`] says what is wrong with a
//! request body; what a valid value means is decided by the domain.
//!
//! ```
//! use breakglass_api_types::{fleet_iam::EmergencyClient, read};
//!
//! let parsed = read::<EmergencyClient>(br#"{"clientId": "night-shift", "accessTokenTtl": "60"}"#)?;
//! let paths: Vec<&str> = parsed.failures.iter().map(|failure| failure.path.as_str()).collect();
//! assert_eq!(paths, ["accessTokenTtl", "clientName"]);
//! # Ok::<(), breakglass_api_types::Malformed>(())
//! ```

mod bounds;
mod document;
mod generated;
mod json;
mod operation;
mod reader;
mod sensitive;
mod shape;

pub use document::openapi;
pub use generated::operations::{OPERATIONS, Operation};
pub use generated::{breakglass, broker, esx, fleet_iam, vcenter};
pub use operation::{Body, Effect, Method, MissingParameter, OperationSpec, Privilege, Surface};
pub use reader::{Fault, FieldFailure, Malformed, Parsed, read};
pub use sensitive::Sensitive;
pub use shape::{Field, Kind, Shape, Shaped};
