//! Values to be written and read: whatever has a number differs in every field from what has another.

use std::collections::BTreeMap;

use breakglass_domain::audit::{
    AuditAction, AuditEvent, AuditKey, AuditMac, AuditTarget, Checkpoint, Outcome,
    SignedCheckpoint, TargetKind,
};
use breakglass_domain::{
    Account, Actor, ActorKind, ApiClient, ApiToken, ApiTokenId, Broker, BrokerId, ClientKey,
    ClientKeyId, ClientSecret, ClientSecretId, ComponentRole, ComponentType, DeploymentType,
    EmergencyClient, EmergencyToken, Installation, InstanceId, KeyId, KeyPolicy, Minutes, OauthApp,
    OpsSession, OverflowThreshold, PasswordHash, PrincipalId, Privilege, PublicJwk, Realm, RealmId,
    RetiredToken, Role, RoleAssignment, RoleKind, RoleScope, ScopeResource, SealedBytes,
    SessionGrant, SessionGrantId, SignatureAlgorithm, SigningKey, Task, TaskId, TaskKind,
    TaskState, Thumbprint, Timestamp, TokenDigest, TokenId, Usage,
};

/// An instant this many minutes after a fixed one.
pub const fn at(minutes: u32) -> Timestamp {
    Timestamp::from_millis(1_750_000_000_123).plus(Minutes::new(minutes))
}

/// The key of the audit chain.
pub fn audit_key() -> AuditKey {
    AuditKey::new([7; 32])
}

/// A local account of this name.
pub fn account(name: &str) -> Account {
    Account {
        username: name.parse().unwrap(),
        password_hash: PasswordHash::new(format!("$argon2id$v=19$m=8,t=1,p=1${name}")),
        privileges: vec![Privilege::View, Privilege::Manage],
        created_at: at(1),
        password_set_at: at(2),
    }
}

/// The id of the broker of this number.
pub fn broker_id(number: u8) -> BrokerId {
    BrokerId::from_random([number; 16])
}

/// A broker; one of a higher number is younger, though its id and tenant come first.
pub fn broker(number: u8) -> Broker {
    Broker {
        id: broker_id(number),
        tenant: format!("TENANT-{:03}", u8::MAX - number).parse().unwrap(),
        display_name: format!("Broker {number} \u{1f511}").parse().unwrap(),
        deployment_type: match number % 2 {
            0 => DeploymentType::External,
            _ => DeploymentType::Embedded,
        },
        algorithm: algorithm(number),
        key_policy: KeyPolicy {
            rotation_period: number
                .is_multiple_of(2)
                .then(|| Minutes::new(2000 + u32::from(number))),
            overlap: Minutes::new(number.into()),
        },
        token_overflow_threshold: OverflowThreshold::new(4000 + i64::from(number)).unwrap(),
        created_at: at(number.into()),
        updated_at: at(1000 + u32::from(number)),
    }
}

/// The id of the realm of this number.
pub fn realm_id(number: u8) -> RealmId {
    RealmId::from_random([u8::MAX - number; 16])
}

/// A realm on the broker of the same number; one of a higher number is younger, though its id comes first.
pub fn realm(number: u8) -> Realm {
    Realm {
        id: realm_id(number),
        broker_id: broker_id(number),
        created_at: at(number.into()),
        updated_at: at(1000 + u32::from(number)),
    }
}

/// A client of the realm of this number, with a token that lives from `at(10)` to `at(70)`.
pub fn client(realm: u8, id: &str) -> EmergencyClient {
    EmergencyClient {
        realm_id: realm_id(realm),
        client_id: id.parse().unwrap(),
        client_name: format!("Name of {id}"),
        client_description: Some(format!("What {id} is for:\n\u{1f692}")),
        ttl: Minutes::new(60),
        dpop_key: Some(Thumbprint::of(id.as_bytes())),
        created_at: at(10),
        created_by: "admin".to_owned(),
        last_regenerated_at: None,
        token: token(&format!("{realm}/{id}/first"), 7),
        usage: Usage::default(),
    }
}

/// An API client of the realm of this number.
pub fn api_client(realm: u8, id: &str) -> ApiClient {
    ApiClient {
        realm_id: realm_id(realm),
        id: principal_id(&format!("{realm}/{id}")),
        client_id: id.parse().unwrap(),
        client_name: format!("Name of {id} \u{1f511}").parse().unwrap(),
        client_description: Some(format!("What {id} is for:\n\u{1f692}")),
        created_at: at(10),
        created_by: "admin".to_owned(),
        updated_at: at(11),
    }
}

/// An API token of this principal of the realm of this number, which lives until `at(43_300)`.
pub fn api_token(realm: u8, principal_id: PrincipalId, name: &str) -> ApiToken {
    let digest = TokenDigest::of(&format!("api token {name}"));
    ApiToken {
        realm_id: realm_id(realm),
        id: ApiTokenId::from_random(random(&digest)),
        principal_id,
        name: name.parse().unwrap(),
        description: Some(format!("What {name} is for:\n\u{1f692}")),
        ttl: Minutes::new(43_200),
        access_token_ttl: Minutes::new(30),
        last_characters: name.to_owned(),
        created_at: at(10),
        issued_at: at(100),
        expires_at: at(43_300),
        last_used_at: None,
        status_index: u64::from(digest.as_bytes()[0]),
        digest,
    }
}

/// A secret of this principal of the realm of this number.
pub fn client_secret(realm: u8, principal_id: PrincipalId, name: &str) -> ClientSecret {
    let digest = TokenDigest::of(&format!("client secret {name}"));
    ClientSecret {
        realm_id: realm_id(realm),
        principal_id,
        id: ClientSecretId::from_random(random(&digest)),
        status_index: 1000 + u64::from(digest.as_bytes()[0]),
        digest,
        created_at: at(10),
        expires_at: None,
        last_used_at: None,
    }
}

/// A public key of this principal of the realm of this number.
pub fn client_key(realm: u8, principal_id: PrincipalId, name: &str) -> ClientKey {
    let digest = TokenDigest::of(&format!("client key {name}"));
    ClientKey {
        realm_id: realm_id(realm),
        principal_id,
        id: ClientKeyId::from_random(random(&digest)),
        key: PublicJwk {
            kid: Some(format!("{name} \u{1f511}")),
            algorithm: SignatureAlgorithm::EdDsa,
            thumbprint: Thumbprint::from_bytes(*digest.as_bytes()),
            jwk: format!(r#"{{"kty":"OKP","x":"{name}"}}"#),
        },
        status_index: 2000 + u64::from(digest.as_bytes()[0]),
        created_at: at(10),
        last_used_at: None,
    }
}

/// An OAuth app of the realm of this number.
pub fn oauth_app(realm: u8, name: &str) -> OauthApp {
    OauthApp {
        realm_id: realm_id(realm),
        id: principal_id(&format!("app {realm}/{name}")),
        client_id: format!("app-{name}"),
        client_name: format!("Name of {name} \u{1f511}").parse().unwrap(),
        redirect_urls: vec![format!("https://{name}.example/cb?\"x\"")],
        logout_urls: vec![
            "https://a.example/".to_owned(),
            "https://b.example/".to_owned(),
        ],
        created_at: at(10),
        created_by: "admin".to_owned(),
        updated_at: at(11),
    }
}

/// The principal of this name.
pub fn principal_id(name: &str) -> PrincipalId {
    PrincipalId::from_random(random(&TokenDigest::of(name)))
}

/// A role of this name.
pub fn role(name: &str) -> Role {
    Role {
        name: name.parse().unwrap(),
        display_name: format!("Display name of {name} \u{1f511}"),
        description: Some(format!("What \"{name}\" is for")),
        kind: RoleKind::Custom,
        component_roles: vec![
            ComponentRole {
                component_type: ComponentType::Vcenter,
                roles: vec![format!("{name} \"1\""), format!("{name} \\2")],
            },
            ComponentRole {
                component_type: ComponentType::NsxManager,
                roles: vec!["auditor".to_owned()],
            },
        ],
        created_at: at(20),
        created_by: "admin".to_owned(),
        updated_at: at(21),
        updated_by: "other".to_owned(),
    }
}

/// The role of this name, held over the whole realm without an end.
pub fn held(role: &str) -> RoleAssignment {
    RoleAssignment {
        role_name: role.parse().unwrap(),
        scope: RoleScope::SsoRealm,
        expires_at: None,
    }
}

/// The role of this name, held over two instances until `at(60)`.
pub fn held_in_part(role: &str) -> RoleAssignment {
    let instance = |id: &str, name: Option<&str>| ScopeResource {
        id: id.to_owned(),
        name: name.map(ToOwned::to_owned),
    };
    RoleAssignment {
        scope: RoleScope::VcfInstance(vec![
            instance("vcf 2", None),
            instance("vcf \"1\"", Some("The \u{1f692} one")),
        ]),
        expires_at: Some(at(60)),
        ..held(role)
    }
}

/// Bytes that are the same for the same digest only.
fn random(digest: &TokenDigest) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes
        .iter_mut()
        .zip(digest.as_bytes())
        .for_each(|(to, from)| *to = *from);
    bytes
}

/// A token that lives from `at(10)` to `at(70)`.
pub fn token(secret: &str, status_index: u64) -> EmergencyToken {
    let digest = TokenDigest::of(secret);
    EmergencyToken {
        id: TokenId::from_random(random(&digest)),
        digest,
        key_id: KeyId::new(format!("key of {secret}")),
        status_index,
        issued_at: at(10),
        expires_at: at(70),
        revoked_at: None,
        expiry_recorded: false,
    }
}

/// A token that was taken away, at this place of its status list.
pub fn retired(status_index: u64) -> RetiredToken {
    token(&format!("retired {status_index}"), status_index).retire()
}

/// An installation.
pub fn installation(number: u8) -> Installation {
    Installation {
        id: InstanceId::from_random([number; 16]),
        public_url: format!("https://breakglass-{number}.example"),
        sealed_audit_key: SealedBytes::new(vec![number; 60]),
        created_at: at(number.into()),
    }
}

/// A signing key; one of a higher number is younger, though its id comes first.
pub fn signing_key(number: u8, broker: Option<u8>) -> SigningKey {
    SigningKey {
        id: KeyId::new(format!("key-{:03}", u8::MAX - number)),
        broker_id: broker.map(broker_id),
        algorithm: algorithm(number),
        public_key: vec![number; 91],
        sealed_private_key: SealedBytes::new(vec![number; 150]),
        created_at: at(number.into()),
        activates_at: at(100 + u32::from(number)),
        signs_until: at(1000 + u32::from(number)),
        retired_at: number
            .is_multiple_of(2)
            .then(|| at(2000 + u32::from(number))),
    }
}

/// A session of the account that is over at `at(60)`.
pub fn session(secret: &str, username: &str) -> OpsSession {
    OpsSession {
        digest: TokenDigest::of(secret),
        username: username.parse().unwrap(),
        created_at: at(0),
        expires_at: at(60),
    }
}

/// What the broker of this number gave out for the session of this secret.
pub fn session_grant(number: u8, secret: &str, broker: u8) -> SessionGrant {
    SessionGrant {
        id: SessionGrantId::from_random([number; 16]),
        session_digest: TokenDigest::of(secret),
        broker_id: broker_id(broker),
        status_index: u64::from(number),
        expires_at: at(30),
    }
}

/// A task; one of a higher number is younger, though its id comes first.
pub fn task(number: u8, state: TaskState) -> Task {
    Task {
        id: TaskId::from_random([u8::MAX - number; 16]),
        kind: TaskKind::DeleteRealm {
            realm_id: realm_id(number),
            force: number.is_multiple_of(2),
        },
        state,
        created_by: format!("admin {number}"),
        created_at: at(number.into()),
        updated_at: at(1000 + u32::from(number)),
    }
}

/// An event with a value in every field.
pub fn event(text: &str) -> AuditEvent {
    AuditEvent {
        time: at(3),
        realm_id: Some(realm_id(1)),
        actor: Actor::new(ActorKind::LocalOperator, format!("{text} by root")),
        action: AuditAction::EmergencyClientCreated,
        target: Some(AuditTarget::new(TargetKind::EmergencyClient, &text)),
        outcome: Outcome::Success,
        source_address: Some("2001:db8::1".to_owned()),
        request_id: Some(format!("request of {text}")),
        emergency: true,
        details: BTreeMap::from([
            ("a \"quoted\" name".to_owned(), text.to_owned()),
            ("empty".to_owned(), String::new()),
            ("lines".to_owned(), "one\ntwo\u{0}\u{1f512}".to_owned()),
        ]),
    }
}

/// An event with no more than it must have.
pub fn bare_event(action: AuditAction) -> AuditEvent {
    AuditEvent {
        time: at(4),
        realm_id: None,
        actor: Actor::anonymous(),
        action,
        target: None,
        outcome: Outcome::Denied,
        source_address: None,
        request_id: None,
        emergency: false,
        details: BTreeMap::new(),
    }
}

/// A signed checkpoint.
pub fn checkpoint(sequence: u64) -> SignedCheckpoint {
    SignedCheckpoint {
        checkpoint: Checkpoint {
            sequence,
            mac: AuditMac::from_bytes([u8::try_from(sequence % 256).unwrap_or_default(); 32]),
            time: at(5),
        },
        jws: format!("header.payload-{sequence}.signature"),
    }
}

fn algorithm(number: u8) -> SignatureAlgorithm {
    match number % 3 {
        0 => SignatureAlgorithm::EdDsa,
        1 => SignatureAlgorithm::Es256,
        _ => SignatureAlgorithm::Rs256,
    }
}
