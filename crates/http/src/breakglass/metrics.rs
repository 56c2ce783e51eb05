//! `/metrics`: for Prometheus.

use breakglass_app::Caller;

use crate::call::Call;
use crate::failure::Failure;
use crate::metrics::Detail;
use crate::reply::Reply;

/// `getMetrics`. What this process counted is told even when the store does not answer: that is when it is looked at.
///
/// Whoever does not say who they are is told of all realms together, which is what alerts need; which tenants there are, and
/// which of them is about to lose its way in, is for those who may view them.
pub(crate) async fn get(call: &Call) -> Result<Reply, Failure> {
    let (caller, detail) = match &call.caller {
        Some(caller) => (caller.clone(), Detail::EachRealm),
        None => (Caller::system(), Detail::Together),
    };
    let status = match call.app().status(&caller).await {
        Ok(status) => Some(status),
        Err(error) => {
            tracing::warn!(%error, "failed to read the gauges off the store");
            None
        }
    };
    let text = call
        .shared
        .metrics
        .encode(status.as_ref(), detail)
        .map_err(|_| Failure::Defect("the metrics cannot be written"))?;
    Ok(Reply::of(
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
        text,
    ))
}
