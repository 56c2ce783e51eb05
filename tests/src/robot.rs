//! A machine that may look on, and what a program of another language needs to know of it.

use crate::place::Place;
use crate::server::Server;

/// The id of the API client.
const CLIENT_ID: &str = "robot";

/// An API client that may look on, with a secret, in the first realm of a server.
pub struct Robot {
    /// The issuer of the realm.
    pub issuer: String,
    /// The secret of the API client.
    pub secret: String,
}

impl Robot {
    /// Makes it.
    pub fn new(place: &Place, server: &Server) -> Self {
        let create = ["api-client", "create", "--local", "--client-id", CLIENT_ID];
        place.local(create).run().ok();
        let grant = ["api-client", "grant", "--local", CLIENT_ID];
        place.local(grant).args(["--role", "vcf_viewer"]).run().ok();
        let secret = ["client-secret", "create", "--local", "--output", "token"];
        let secret = place.local(secret).args(["--client-id", CLIENT_ID]).run();
        Self {
            issuer: format!("{}/acs/t/CUSTOMER", server.url()),
            secret: secret.ok().trim().to_owned(),
        }
    }

    /// An access token for it.
    pub fn access_token(&self, server: &Server) -> String {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", CLIENT_ID),
            ("client_secret", &self.secret),
        ];
        let answer = server.client().form("/acs/t/CUSTOMER/token", &fields);
        let answer = answer.expect(200).json();
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// Its issuer, its id and its secret, as the scripts take them.
    pub fn words(&self) -> [&str; 3] {
        [&self.issuer, CLIENT_ID, &self.secret]
    }
}
