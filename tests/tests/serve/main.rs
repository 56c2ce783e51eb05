//! How a server starts, refuses to start, and stops.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test")]

mod keys;
mod running;
mod start;

use breakglass_e2e::Server;
use serde_json::json;

fn sign_in(server: &Server, password: &str) -> u16 {
    let login = json!({ "username": "admin", "password": password });
    let answer = server
        .client()
        .post("/suite-api/api/auth/token/acquire", &login);
    answer.status
}
