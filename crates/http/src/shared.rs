//! What every request of one process shares.

use std::sync::{Arc, OnceLock};

use breakglass_app::App;
use bytes::Bytes;

use crate::api::ApiOptions;
use crate::metrics::Metrics;

/// What every request of one process shares.
pub(crate) struct Shared {
    /// The application.
    pub(crate) app: Arc<App>,
    /// The options in force.
    pub(crate) options: ApiOptions,
    /// What was counted.
    pub(crate) metrics: Metrics,
    /// The served OpenAPI document, once somebody has asked for it.
    pub(crate) openapi: OnceLock<Bytes>,
}
