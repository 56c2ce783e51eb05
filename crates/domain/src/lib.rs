//! The rules of Breakglass: who an emergency client is, when its token lives, who may do what, and how the audit chain
//! is calculated.
//!
//! This crate never reads a clock, a random source, a file or the environment, and knows nothing of HTTP or SQL: instants
//! and random bytes are arguments. Another service can embed it alone.
//!
//! # Embedding
//!
//! A service that keeps its own emergency clients drafts one, accepts it, and asks it whether its token still lives:
//!
//! ```
//! use breakglass_domain::{
//!     EmergencyClient, EmergencyClientDraft, KeyId, Minutes, NewToken, RealmId, Timestamp, TokenDigest, TokenId, TokenStatus,
//! };
//!
//! let draft = EmergencyClientDraft {
//!     client_id: Some("fire-brigade".to_owned()),
//!     client_name: Some("Fire brigade".to_owned()),
//!     client_description: None,
//!     access_token_ttl: Some(60),
//!     dpop_key_thumbprint: None,
//! };
//! let accepted = draft.accept(Minutes::new(259_200)).expect("every field is within its bounds");
//!
//! let now = Timestamp::from_millis(1_750_000_000_000);
//! let token = NewToken {
//!     id: TokenId::from_random([7; 16]),
//!     digest: TokenDigest::of("the bearer token, kept nowhere"),
//!     key_id: KeyId::new("the key that signed it"),
//!     status_index: 0,
//! };
//! let client = EmergencyClient::create(RealmId::from_random([1; 16]), accepted, token, "admin", now);
//!
//! assert_eq!(client.status(now), TokenStatus::Active);
//! assert_eq!(client.status(now.plus(Minutes::new(60))), TokenStatus::Expired);
//!
//! // A faulty draft names every faulty field at once.
//! let report = EmergencyClientDraft::default().accept(Minutes::new(259_200)).unwrap_err();
//! let paths: Vec<&str> = report.failures().iter().map(|failure| failure.path.as_str()).collect();
//! assert_eq!(paths, ["accessTokenTtl", "clientId", "clientName"]);
//! ```
//!
//! # Adding to it
//!
//! An area of the product is one module here and has the same file name in every crate above. See `CONTRIBUTING.md`.

pub mod access_token;
pub mod account;
pub mod api_client;
pub mod api_token;
pub mod attempt_limiter;
pub mod audit;
pub mod backup;
pub mod broker;
pub mod client;
pub mod client_key;
pub mod client_profile;
pub mod client_query;
pub mod client_secret;
pub mod credential;
pub mod decision;
pub mod dpop;
pub mod dpop_nonce;
pub mod emergency_client;
pub mod entitlement;
pub mod failure;
pub mod failure_ledger;
pub mod foreign_token;
pub mod host_token;
pub mod id;
pub mod installation;
pub mod key_ring;
pub mod key_set;
pub mod oauth_app;
pub mod overflow;
pub mod page;
pub mod principal;
pub mod realm;
pub mod recall;
pub mod registered_token;
pub mod replay_cache;
pub mod role;
pub mod role_assignment;
pub mod scope;
pub mod secret;
pub mod service;
pub mod session;
pub mod settings;
pub mod signing_key;
pub mod status_list;
mod steady_time;
pub mod task;
mod text;
pub mod thumbprint;
pub mod timestamp;
pub mod token_issuer;
pub mod validation;

pub use access_token::{AccessTokenClaims, ActorClaim, RoleClaim, StatusClaim};
pub use account::{Account, PasswordHash, Username};
pub use api_client::{AcceptedApiClient, ApiClient, ApiClientChange, ApiClientDraft, ApiClientId};
pub use api_token::{ApiToken, ApiTokenDraft, HeldApiToken, NewApiTokenSecret};
pub use backup::{BackupMac, BackupManifest};
pub use broker::{
    Broker, BrokerDraft, DeploymentType, DisplayName, KeyPolicy, KeyPolicyDraft, NewBroker, Tenant,
};
pub use client::{Client, ClientKind};
pub use client_key::{ClientAssertion, ClientKey, PublicJwk};
pub use client_profile::{
    AccessGrantDraft, ClientProfile, ClientProfileDraft, PrivilegeMap, ProfileFilter,
    ProfileFilterDraft, ProfileSubject, SubjectKind,
};
pub use client_query::{
    ClientQuery, Comparison, SearchField, SearchTerm, Searchable, TokenOrder, TokenQuery,
};
pub use client_secret::ClientSecret;
pub use credential::CredentialRef;
pub use decision::{Decision, ProfileIndex, Reason, VerifiedBy};
pub use dpop::{DpopFault, DpopFreshness, DpopProof, DpopRequest};
pub use dpop_nonce::DpopNonces;
pub use emergency_client::{
    AcceptedEmergencyClient, ClientId, EmergencyClient, EmergencyClientDraft, EmergencyToken,
    NewToken, RetiredToken, TokenStatus, Usage,
};
pub use entitlement::Entitlement;
pub use failure::ErrorKind;
pub use foreign_token::ForeignClaims;
pub use id::{
    ApiTokenId, BrokerId, ClientKeyId, ClientProfileId, ClientSecretId, InstanceId, KeyId,
    PrincipalId, RealmId, SessionGrantId, TaskId, TokenId,
};
pub use installation::Installation;
pub use key_ring::{KeyRing, KeyState};
pub use key_set::{FetchedKeySet, KeySet, PublishedKey};
pub use oauth_app::{OauthApp, OauthAppDraft};
pub use overflow::{AuthorizationClaims, OverflowClaim, OverflowThreshold, TokenPolicyDraft};
pub use page::{Page, PageRequest};
pub use principal::{Actor, ActorKind, Principal, Privilege, Reach};
pub use realm::Realm;
pub use recall::{Recall, RecallFault, RecallHead, RecallKind, RecallRecord};
pub use registered_token::{PairingFault, RegisteredToken, Registration};
pub use role::{AcceptedRole, ComponentRole, ComponentType, Role, RoleDraft, RoleKind, RoleName};
pub use role_assignment::{RoleAssignment, RoleAssignmentDraft, RoleScope, ScopeResource};
pub use secret::{Secret, TokenDigest};
pub use service::{Service, ServiceDraft};
pub use session::{OpsSession, SessionGrant};
pub use settings::{IamSettings, IamSettingsDraft};
pub use signing_key::{SealedBytes, SignatureAlgorithm, SigningKey};
pub use status_list::StatusList;
pub use steady_time::{ClockJump, SteadyTime};
pub use task::{Task, TaskError, TaskKind, TaskState};
pub use thumbprint::{Confirmation, Thumbprint};
pub use timestamp::{Minutes, Timestamp};
pub use token_issuer::{CertificateChain, IssuerAlias, TokenIssuer};
pub use validation::{FieldFailure, ValidationReport};
