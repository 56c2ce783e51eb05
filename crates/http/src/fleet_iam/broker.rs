//! `…/iam/vidbs`: identity brokers.

use breakglass_api_types::fleet_iam::{
    EligibilityStatus, Vidb, VidbDeploymentType, VidbStatus, Vidbs,
};
use breakglass_app::{BrokerFilter, BrokerView};
use breakglass_domain::{BrokerId, DeploymentType, DisplayName};
use http::Uri;

use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `getEligibleVidbs`.
pub(crate) async fn list(call: &Call) -> Result<Reply, Failure> {
    let mut query = call.query();
    let filter = BrokerFilter {
        instance_id: query.read("vcfInstanceId", "must be a UUID"),
        deployment_type: query.read_with(
            "deploymentType",
            "must be EMBEDDED or EXTERNAL",
            deployment_type,
        ),
    };
    query.finish()?;
    let brokers = call.app().list_brokers(call.caller()?, filter).await?;
    let version = call.shared.options.version;
    let vidbs = brokers.iter().map(|broker| wire(broker, version)).collect();
    Reply::json(&Vidbs { vidbs: Some(vidbs) })
}

/// `updateVidbMetadata`: gives a broker another name.
pub(crate) async fn rename(call: &Call) -> Result<Reply, Failure> {
    let parsed = call.json::<Vidb>()?;
    let name: Result<DisplayName, _> = parsed.value.display_name.unwrap_or_default().parse();
    let fault = name
        .as_ref()
        .err()
        .map(|error| breakglass_domain::ValidationReport::of("displayName", error.to_string()));
    reject_faults(parsed.failures, fault)?;
    let id: Result<BrokerId, _> = parsed.value.id.unwrap_or_default().parse();
    let (Ok(id), Ok(name)) = (id, name) else {
        return Err(Failure::of_field("id", "must be a UUID"));
    };
    call.app().rename_broker(call.caller()?, id, name).await?;
    Ok(Reply::empty())
}

fn deployment_type(word: &str) -> Option<DeploymentType> {
    match word {
        "EMBEDDED" => Some(DeploymentType::Embedded),
        "EXTERNAL" => Some(DeploymentType::External),
        _ => None,
    }
}

fn wire(view: &BrokerView, version: &str) -> Vidb {
    let host = view.issuer.parse::<Uri>().ok();
    let host = host.as_ref().and_then(Uri::host);
    Vidb {
        deployment_type: Some(match view.broker.deployment_type {
            DeploymentType::Embedded => VidbDeploymentType::Embedded,
            DeploymentType::External => VidbDeploymentType::External,
        }),
        display_name: Some(view.broker.display_name.to_string()),
        fqdn: host.map(str::to_owned),
        // A broker that runs in this process answers when this does.
        healthy: Some(true),
        id: Some(view.broker.id.to_string()),
        oidc_configuration_url: Some(format!("{}/.well-known/openid-configuration", view.issuer)),
        vcf_instance_id: Some(view.instance_id.to_string()),
        version: Some(version.to_owned()),
        vidb_status: Some(VidbStatus {
            eligibility_status: Some(EligibilityStatus::Eligible),
            reasons: Some(Vec::new()),
        }),
    }
}
