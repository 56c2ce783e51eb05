//! The closed catalogue of audited actions.

macro_rules! actions {
    ($($name:ident = $text:literal, $description:literal;)+) => {
        /// An audited action. The names are stored: they never change, and none is ever reused.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum AuditAction {
            $(#[doc = $description] $name,)+
        }

        impl AuditAction {
            /// Every action, ordered by name.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stored name of the action.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// What the action means, in a sentence.
            pub const fn description(self) -> &'static str {
                match self { $(Self::$name => $description,)+ }
            }

            /// The action of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$name),)+ _ => None }
            }
        }
    };
}

actions! {
    AccessTokenExpanded = "access_token.expanded", "An overflow token was expanded into all its claims; repeats within a minute are folded.";
    AccessTokenIntrospected = "access_token.introspected", "A resource server asked about a live access token; repeats within a minute are folded.";
    AccessTokenIssued = "access_token.issued", "An access token was issued for a credential, or for another token.";
    AccessTokenRevoked = "access_token.revoked", "An access token was revoked on its own, with the narrower copies of it.";
    AccountCreated = "account.created", "A local account was made.";
    AccountPasswordSet = "account.password_set", "The password of a local account was set and its sessions ended.";
    ApiClientCreated = "api_client.created", "An API client was made.";
    ApiClientDeleted = "api_client.deleted", "An API client was deleted with its roles, tokens and secrets.";
    ApiClientUpdated = "api_client.updated", "The name or description of an API client was changed.";
    ApiTokenCreated = "api_token.created", "An API token was made.";
    ApiTokenDeleted = "api_token.deleted", "An API token was deleted and its access tokens recalled.";
    ApiTokenForgotten = "api_token.forgotten", "An API token that was over was removed at the end of its retention period.";
    ApiTokenRegenerated = "api_token.regenerated", "An API token got a new secret; the access tokens of the old one were recalled.";
    ApiTokenUpdated = "api_token.updated", "The name, description or access token lifetime of an API token was changed.";
    AuditCheckpointed = "audit.checkpointed", "The head of the audit chain was signed, by itself or on request.";
    AuthenticationFailed = "authentication.failed", "A password or token was refused; repeats from one source within a minute are folded into one record that counts them.";
    AuthorizationDenied = "authorization.denied", "A known caller asked for something it lacks the privilege for; repeats are folded likewise.";
    BackupCreated = "backup.created", "A copy of the store was made.";
    BackupRestored = "backup.restored", "A copy of the store was put back, and what was recalled after it was made was recalled in it.";
    BrokerCreated = "broker.created", "A broker and its first signing key were made.";
    BrokerUpdated = "broker.updated", "The display name of a broker was changed.";
    ClientKeysReplaced = "client_keys.replaced", "The public keys of a client were replaced; the access tokens of those that are gone were recalled.";
    ClientProfileCreated = "client_profile.created", "A client profile was made.";
    ClientProfileDeleted = "client_profile.deleted", "A client profile was deleted; what it granted is gone.";
    ClientProfileUpdated = "client_profile.updated", "The grants of a client profile were replaced.";
    ClientSecretCreated = "client_secret.created", "A secret of a client was made; the old ones end at once or after an overlap.";
    ClientSecretDeleted = "client_secret.deleted", "A secret of a client was deleted and its access tokens recalled.";
    ClockMovedBack = "clock.moved_back", "The clock was found behind the time, which does not go back: it goes on at half its pace until the clock has caught up.";
    ClockMovedForward = "clock.moved_forward", "The clock shows more than has passed: it was set forward, or the machine slept.";
    EmergencyClientCreated = "emergency_client.created", "An emergency client was made and its first token issued.";
    EmergencyClientDeleted = "emergency_client.deleted", "An emergency client was deleted and its token recalled.";
    EmergencyClientRegenerated = "emergency_client.regenerated", "An emergency client got a new token; the old one was recalled.";
    EmergencyTokenExpired = "emergency_token.expired", "The time of an emergency token was over.";
    EmergencyTokenIntrospected = "emergency_token.introspected", "A resource server asked about a live emergency token; repeats within a minute are folded.";
    EmergencyTokenRevoked = "emergency_token.revoked", "An emergency token was revoked on its own; its client stays.";
    EmergencyTokenUsed = "emergency_token.used", "A request was made with an emergency token.";
    HostSessionCreated = "host_session.created", "A session of the hosts' APIs began, for a password or a token.";
    HostSessionDeleted = "host_session.deleted", "A session of the hosts' APIs was ended by its holder.";
    HostTokenIssued = "host_token.issued", "A host token was issued for a password or for a token of a trusted issuer.";
    KeyPolicyUpdated = "key_policy.updated", "The algorithm, rotation period or overlap of a broker's signing keys was changed.";
    MasterKeyRotated = "master_key.rotated", "Every sealed key was sealed anew under another master key.";
    OauthAppCreated = "oauth_app.created", "An OAuth app was made with its first secret.";
    OauthAppDeleted = "oauth_app.deleted", "An OAuth app was deleted with its secrets and roles.";
    OauthAppUpdated = "oauth_app.updated", "The name or addresses of an OAuth app were replaced.";
    RealmCreated = "realm.created", "A realm was made on a broker.";
    RealmDeleted = "realm.deleted", "A realm was deleted with everything in it.";
    RealmDeletionFailed = "realm.deletion_failed", "The deletion of a realm ended without effect.";
    RealmDeletionRequested = "realm.deletion_requested", "The deletion of a realm was asked for.";
    RecallsTakenOver = "recalls.taken_over", "The store was older than the record of recalls beside it; what the record has beyond it was recalled.";
    RoleAssignmentsReplaced = "role.assignments_replaced", "The roles of a principal were replaced.";
    RoleCreated = "role.created", "A custom role was made.";
    RoleDeleted = "role.deleted", "A custom role was deleted.";
    RoleUpdated = "role.updated", "A custom role was changed.";
    ServerInitialized = "server.initialized", "The data folder was made, with its keys.";
    ServerReconfigured = "server.reconfigured", "The server started with another public URL than before.";
    ServerStarted = "server.started", "The server began to answer.";
    ServerStopped = "server.stopped", "The server stopped in good order.";
    SessionAcquired = "session.acquired", "A local account got an OpsToken for its password.";
    SessionReleased = "session.released", "An OpsToken was given back.";
    SettingsUpdated = "settings.updated", "The fleet-wide IAM settings were changed.";
    SigningKeyCreated = "signing_key.created", "A signing key was made.";
    SigningKeyExtended = "signing_key.extended", "A signing key signed a token that outlives the others of it, and stays published until then.";
    SigningKeyRetired = "signing_key.retired", "A signing key whose last token had ended was retired, its private half destroyed.";
    SigningKeyRevoked = "signing_key.revoked", "A signing key was retired at once, its private half destroyed and every token that it signed recalled.";
    TokenRegistered = "token.registered", "An expanded token was registered with its overflow token.";
    TokenIssuerCreated = "token_issuer.created", "A realm trusts an issuer.";
    TokenIssuerDeleted = "token_issuer.deleted", "A realm trusts an issuer no longer.";
    TokenIssuerUpdated = "token_issuer.updated", "The name or the certificates of a trusted issuer were changed.";
    TokenPolicyUpdated = "token_policy.updated", "The length from which the access tokens of a realm leave claims out was changed.";
}
