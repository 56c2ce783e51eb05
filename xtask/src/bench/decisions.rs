//! What others ask: whether the holder of a token may do something.

use anyhow::Result;
use serde_json::json;

use crate::bench::http::{exchange, submit};
use crate::bench::load::Load;
use crate::bench::stage::{MACHINE, Stage, text};
use crate::bench::targets::name;

/// How many client profiles there are where there are few.
pub(super) const FEW_PROFILES: u64 = 10;

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

    /// The question of a proxy, with an access token.
    pub(super) fn forward_auth(&self) -> Result<Load> {
        let issued = submit(&format!("{}/token", self.broker()), &self.machine_form())?;
        Ok(self.asking(name::FORWARD_AUTH, text(&issued, "access_token")?))
    }

    /// The questions whose answers must not cost more with more profiles.
    pub(super) fn loads_of_decisions(&self) -> Result<Vec<Load>> {
        let question = json!({
            "subject": {
                "type": "user",
                "id": format!("{MACHINE}@CUSTOMER"),
                "properties": { "issuer_alias": "breakglass", "groups": ["vcf_viewer"] },
            },
            "action": { "name": "READ_ONLY" },
            "resource": { "type": "host", "id": "esx-1" },
        });
        Ok(vec![
            self.forward_auth()?,
            self.asking(
                "forward-auth with an emergency token",
                &self.emergency_token()?,
            ),
            Load {
                authorization: Some(self.authorization().to_owned()),
                body: Some(question.to_string()),
                expected: "\"decision\":true",
                ..Load::of(
                    "AuthZEN evaluation of a named user",
                    "POST",
                    format!("{}/access/v1/evaluation", self.url()),
                )
            },
        ])
    }

    fn asking(&self, name: &str, token: &str) -> Load {
        let url = format!(
            "{}/breakglass/v1/forward-auth?entitlement=READ_ONLY",
            self.url()
        );
        Load {
            authorization: Some(format!("Bearer {token}")),
            ..Load::of(name, "GET", url)
        }
    }
}
