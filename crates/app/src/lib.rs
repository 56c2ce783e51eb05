//! The use cases of Breakglass. Each one authorises its caller, acts through the ports, and commits what it did together
//! with its audit record.
//!
//! Nothing here knows HTTP, SQL or a runtime: a service that brings its own adapters for the ports can embed [`App`].
//! A new use case is a method of [`App`] in the file of its area.

mod access_token;
mod account;
mod api_client;
mod api_token;
mod app;
mod audit;
mod authentication;
mod broker;
mod caller;
mod client_authentication;
mod client_key;
mod client_profile;
mod client_secret;
mod decision;
mod emergency_client;
mod error;
mod host_authentication;
mod host_token;
mod housekeeping;
mod installation;
mod issuer;
mod key_set;
mod live_token;
mod master_key;
mod oauth_app;
mod possession;
mod realm;
mod role;
mod role_assignment;
mod service;
mod session;
mod settings;
mod signing_key;
mod status;
mod task;
mod token_endpoint;
mod token_exchange;
mod token_issuer;
mod watch;

pub use access_token::ActiveToken;
pub use api_client::{ApiClientKey, ApiClientView};
pub use api_token::{ApiTokenView, IssuedApiToken};
pub use app::{App, Options, Ports};
pub use audit::{AuditPage, Verification};
pub use authentication::Credentials;
pub use broker::{BrokerFilter, BrokerView};
pub use caller::{Caller, Origin};
pub use client_authentication::ClientCredentials;
pub use client_secret::IssuedClientSecret;
pub use decision::{HostIdentity, Proof};
pub use emergency_client::{EmergencyClientView, IssuedEmergencyClient};
pub use error::{Conflict, Error, GrantFault, Refusal, Resource};
pub use housekeeping::Housekeeping;
pub use installation::{FirstStart, Initialized, OpenError};
pub use issuer::{Issuer, StatusListAnswer};
pub use oauth_app::{IssuedOauthApp, OauthAppView};
pub use possession::ShownProof;
pub use role_assignment::HeldRole;
pub use service::ServiceToken;
pub use session::AcquiredSession;
pub use signing_key::{KeyPolicyView, Rotation, SigningKeyView};
pub use status::{AuditState, RealmStatus, ServerStatus, Warning};
pub use token_endpoint::{Grant, IssuedAccessToken, TokenRequest};
pub use token_issuer::{TokenIssuerDraft, TokenIssuerView};
