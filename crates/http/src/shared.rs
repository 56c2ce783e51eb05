//! What every request of one process shares.

use std::sync::{Arc, OnceLock};

use breakglass_app::App;
use bytes::Bytes;

use crate::api::ApiOptions;
use crate::broker::Published;
use crate::metrics::Metrics;
use crate::request_id::RequestIds;
use crate::router::Router;

/// What every request of one process shares.
pub(crate) struct Shared {
    /// The application.
    pub(crate) app: Arc<App>,
    /// The options in force.
    pub(crate) options: ApiOptions,
    /// What was counted.
    pub(crate) metrics: Metrics,
    /// Where requests lead.
    pub(crate) router: Router,
    /// The ids of requests that come without one.
    pub(crate) request_ids: RequestIds,
    /// What issuers publish, as it was written last.
    pub(crate) published: Published,
    /// The served OpenAPI document, once somebody has asked for it.
    pub(crate) openapi: OnceLock<Bytes>,
}
