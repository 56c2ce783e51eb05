//! What is asked of a stage.

use anyhow::Result;
use serde_json::json;

use crate::bench::load::Load;
use crate::bench::stage::{API_TOKEN_GRANT, FORM, Stage};
use crate::bench::targets::name;

impl Stage {
    /// The operations that are measured.
    pub(super) fn loads(&self) -> Result<Vec<Load>> {
        let broker = self.broker();
        let get = |name, path| Load::of(name, "GET", format!("{broker}/{path}"));
        Ok(vec![
            get(name::JWKS, "jwks"),
            get(name::DISCOVERY, ".well-known/openid-configuration"),
            get(name::STATUS_LIST, "statuslist"),
            self.introspection(),
            self.forward_auth()?,
            self.create(),
            self.load(
                name::REGENERATE,
                "POST",
                format!("{}/again-%TURN%/regenerate", self.clients),
            ),
            self.api_token(),
            self.client_secret(),
            self.page(),
        ])
    }

    /// What servers of others do as well, each with the word for it.
    pub(super) fn loads_of_peers(&self) -> [(&'static str, Load); 3] {
        let jwks = Load::of(name::JWKS, "GET", format!("{}/jwks", self.broker()));
        [
            ("token", self.client_secret()),
            ("introspection", self.introspection()),
            ("JWKS", jwks),
        ]
    }

    /// What is asked over TLS by whoever knows nothing but the secret: on connections that stay, and on new ones.
    pub(super) fn loads_over_tls(&self) -> Vec<Load> {
        let jwks = Load::of(name::JWKS, "GET", format!("{}/jwks", self.broker()));
        let handshakes = Load {
            closes: true,
            ..jwks.clone()
        };
        vec![jwks, self.client_secret(), handshakes]
    }

    /// Makes clients, each with a token.
    pub(super) fn create(&self) -> Load {
        let draft = json!({ "clientId": "%NEW%", "clientName": "Bench", "accessTokenTtl": 43200 });
        Load {
            body: Some(draft.to_string()),
            ..self.load(name::CREATE, "POST", self.clients.clone())
        }
    }

    /// Issues access tokens for a secret.
    pub(super) fn client_secret(&self) -> Load {
        Load {
            body: Some(self.machine_form()),
            content_type: FORM,
            ..Load::of(name::OF_SECRET, "POST", format!("{}/token", self.broker()))
        }
    }

    /// Asks for tokens that are alive.
    pub(super) fn introspection(&self) -> Load {
        Load {
            body: Some("token=%TOKEN%".to_owned()),
            content_type: FORM,
            tokens: Some(self.tokens.clone()),
            expected: "\"active\":true",
            ..self.load(
                name::INTROSPECT,
                "POST",
                format!("{}/introspect", self.broker()),
            )
        }
    }

    /// Issues access tokens for API tokens.
    pub(super) fn api_token(&self) -> Load {
        Load {
            body: Some(format!("grant_type={API_TOKEN_GRANT}&api_token=%TOKEN%")),
            content_type: FORM,
            tokens: Some(self.machine.api_tokens.clone()),
            ..Load::of(
                name::OF_API_TOKEN,
                "POST",
                format!("{}/token", self.broker()),
            )
        }
    }

    fn page(&self) -> Load {
        Load {
            body: Some("{}".to_owned()),
            ..self.load(name::PAGE, "POST", self.machine.query.clone())
        }
    }

    /// The operations whose cost must not grow with what is there. What adds to it comes last.
    pub(super) fn loads_over(&self) -> Vec<Load> {
        let page = self.page();
        let by_name = json!({"searchTerms": {"allOf": [
            {"field": "TOKEN_NAME", "operator": "EQUALS", "terms": ["turn-1"]},
        ]}});
        let find = Load {
            body: Some(by_name.to_string()),
            ..self.load("find an API token by its name", "POST", page.url.clone())
        };
        let last = Load {
            url: format!("{}?sortBy=LAST_USED_DATE&sortOrder=DESCENDING", page.url),
            name: "API tokens, last used first".to_owned(),
            ..page.clone()
        };
        let client = self.load(
            "get an emergency client",
            "GET",
            format!("{}/again-0", self.clients),
        );
        vec![
            self.introspection(),
            self.api_token(),
            client,
            page,
            last,
            find,
            self.create(),
        ]
    }
}
