//! What others ask: whether the holder of a token may do something.

use anyhow::Result;
use serde_json::json;

use crate::bench::http::{exchange, submit};
use crate::bench::load::Load;
use crate::bench::stage::{MACHINE, Stage, text};

impl Stage {
    /// Makes client profiles until there are so many; one of them lets the machine look on.
    pub(super) fn fill_profiles(&self, count: u64) -> Result<()> {
        let url = format!("{}/api/esx/authentication/client-profiles", self.url());
        let make = |subject: (&str, String)| {
            let (member, name) = subject;
            let spec = json!({
                member: name,
                "issuer_alias": "breakglass",
                "domain": "CUSTOMER",
                "grants": [{ "resource_type": "ENTITLEMENT", "entitlement": "READ_ONLY" }],
            });
            exchange("POST", &url, Some(self.authorization()), Some(&spec))
        };
        make(("external_group_name", "vcf_viewer".to_owned()))?;
        for number in 1..count {
            make(("external_user_name", format!("user-{number}")))?;
        }
        Ok(())
    }

    /// The decisions, named by how many profiles there are.
    pub(super) fn loads_of_decisions(&self, count: u64) -> Result<Vec<Load>> {
        let form = format!(
            "grant_type=client_credentials&client_id={MACHINE}&client_secret={}",
            self.machine_secret()
        );
        let issued = submit(&format!("{}/acs/t/CUSTOMER/token", self.url()), &form)?;
        let token = text(&issued, "access_token")?;
        let question = json!({
            "subject": {
                "type": "user",
                "id": format!("{MACHINE}@CUSTOMER"),
                "properties": { "issuer_alias": "breakglass", "groups": ["vcf_viewer"] },
            },
            "action": { "name": "READ_ONLY" },
            "resource": { "type": "host", "id": "esx-1" },
        });
        let forward = format!(
            "{}/breakglass/v1/forward-auth?entitlement=READ_ONLY",
            self.url()
        );
        let emergency = self.emergency_token()?;
        let bearer = |name: String, token: &str| Load {
            authorization: Some(format!("Bearer {token}")),
            ..Load::of(&name, "GET", forward.clone())
        };
        Ok(vec![
            bearer(format!("forward-auth, {count} profiles"), token),
            bearer(
                format!("the same, emergency token, {count} profiles"),
                &emergency,
            ),
            Load {
                authorization: Some(self.authorization().to_owned()),
                body: Some(question.to_string()),
                expected: "\"decision\":true",
                ..Load::of(
                    &format!("AuthZEN, {count} profiles"),
                    "POST",
                    format!("{}/access/v1/evaluation", self.url()),
                )
            },
        ])
    }
}
