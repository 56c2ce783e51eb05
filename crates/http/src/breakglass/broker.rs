//! `/breakglass/v1/brokers`: identity brokers.

use breakglass_api_types::breakglass::{
    Broker, BrokerCreationRequest, BrokerDeploymentType, Brokers,
};
use breakglass_app::{BrokerFilter, BrokerView};
use breakglass_domain::{BrokerDraft, DeploymentType};

use super::signing_key::algorithm;
use crate::call::Call;
use crate::failure::{Failure, reject_faults};
use crate::reply::Reply;

/// `listBrokers`.
pub(crate) async fn list(call: &Call) -> Result<Reply, Failure> {
    let everything = BrokerFilter::default();
    let brokers = call.app().list_brokers(call.caller()?, everything).await?;
    Reply::json(&Brokers {
        brokers: Some(brokers.iter().map(wire).collect()),
    })
}

/// `createBroker`.
pub(crate) async fn create(call: &Call) -> Result<Reply, Failure> {
    let parsed = call.json::<BrokerCreationRequest>()?;
    let body = parsed.value;
    let draft = BrokerDraft {
        tenant: body.tenant,
        display_name: body.display_name,
        algorithm: body.algorithm.map(|name| name.as_str().to_owned()),
    };
    reject_faults(parsed.failures, draft.clone().accept().err())?;
    let broker = call.app().create_broker(call.caller()?, draft).await?;
    Reply::json(&wire(&broker))
}

fn wire(view: &BrokerView) -> Broker {
    let broker = &view.broker;
    Broker {
        algorithm: Some(algorithm(broker.algorithm)),
        created_at: Some(broker.created_at.millis()),
        deployment_type: Some(match broker.deployment_type {
            DeploymentType::Embedded => BrokerDeploymentType::Embedded,
            DeploymentType::External => BrokerDeploymentType::External,
        }),
        display_name: Some(broker.display_name.to_string()),
        id: Some(broker.id.to_string()),
        oidc_issuer_url: Some(view.issuer.clone()),
        tenant: Some(broker.tenant.to_string()),
    }
}
