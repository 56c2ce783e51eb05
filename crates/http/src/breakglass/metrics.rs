//! `/metrics`: for Prometheus.

use breakglass_app::Caller;

use crate::call::Call;
use crate::failure::Failure;
use crate::reply::Reply;

/// `getMetrics`. What this process counted is told even when the store does not answer: that is when it is looked at.
pub(crate) async fn get(call: Call) -> Result<Reply, Failure> {
    let status = match call.app().status(&Caller::system()).await {
        Ok(status) => Some(status),
        Err(error) => {
            tracing::warn!(%error, "failed to read the gauges off the store");
            None
        }
    };
    let text = call
        .shared
        .metrics
        .encode(status.as_ref())
        .map_err(|_| Failure::Defect("the metrics cannot be written"))?;
    Ok(Reply::of(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        text,
    ))
}
