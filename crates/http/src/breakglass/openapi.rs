//! `/openapi.json`: the contracts, as far as they are served.

use breakglass_api_types::openapi;

use crate::call::Call;
use crate::failure::Failure;
use crate::handlers;
use crate::reply::Reply;

/// For how many seconds a copy may be kept: it changes with the version of the server alone.
const KEPT_SECONDS: u32 = 300;

/// `getOpenapi`.
pub(crate) fn get(call: &Call) -> Result<Reply, Failure> {
    let kept = &call.shared.openapi;
    if kept.get().is_none() {
        let document = openapi(handlers::is_served)
            .and_then(|document| serde_json::to_vec(&document))
            .map_err(|_| Failure::Defect("a contract cannot be read"))?;
        kept.get_or_init(|| document.into());
    }
    let document = kept.get().cloned().unwrap_or_default();
    Ok(Reply::of("application/json", document).kept_for(KEPT_SECONDS))
}
