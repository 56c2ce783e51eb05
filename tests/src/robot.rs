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

    /// Its issuer, its id and its secret, as the scripts take them.
    pub fn words(&self) -> [&str; 3] {
        [&self.issuer, CLIENT_ID, &self.secret]
    }
}
