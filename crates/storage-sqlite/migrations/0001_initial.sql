-- The first schema. Instants are milliseconds since 1970 UTC, identifiers their 16 bytes, secrets their 32-byte digests.
-- A migration that was released is never edited: what it should have said is a new one.

-- "BGLS": tells this program's files from those of others.
PRAGMA application_id = 1111968851;

CREATE TABLE installation (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
    id BLOB NOT NULL CHECK (length(id) = 16),
    public_url TEXT NOT NULL,
    sealed_audit_key BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE settings (
    singleton INTEGER NOT NULL PRIMARY KEY CHECK (singleton = 1),
    access_token_ttl INTEGER NOT NULL,
    all_users_group_enabled INTEGER NOT NULL CHECK (all_users_group_enabled IN (0, 1)),
    api_token_retention_period INTEGER NOT NULL,
    api_token_ttl INTEGER NOT NULL,
    jit_inactive_user_ttl INTEGER
) STRICT;

CREATE TABLE accounts (
    username TEXT NOT NULL PRIMARY KEY,
    password_hash TEXT NOT NULL,
    -- A JSON array of the names of the privileges.
    privileges TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    password_set_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
    username TEXT NOT NULL REFERENCES accounts (username),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_username ON sessions (username);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE brokers (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    tenant TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    deployment_type TEXT NOT NULL CHECK (deployment_type IN ('EMBEDDED', 'EXTERNAL')),
    algorithm TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- The next free place of the status list, and how often a token was recalled.
    next_status_index INTEGER NOT NULL DEFAULT 0,
    recall_epoch INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE signing_keys (
    id TEXT NOT NULL PRIMARY KEY,
    -- NULL is the installation's own key.
    broker_id BLOB REFERENCES brokers (id),
    algorithm TEXT NOT NULL,
    public_key BLOB NOT NULL,
    sealed_private_key BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX signing_keys_by_broker ON signing_keys (broker_id, created_at);

CREATE TABLE recalled_tokens (
    broker_id BLOB NOT NULL REFERENCES brokers (id),
    status_index INTEGER NOT NULL CHECK (status_index >= 0),
    token_id BLOB NOT NULL CHECK (length(token_id) = 16),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (broker_id, status_index)
) STRICT, WITHOUT ROWID;

CREATE INDEX recalled_tokens_by_expiry ON recalled_tokens (expires_at);

CREATE TABLE realms (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    broker_id BLOB NOT NULL UNIQUE REFERENCES brokers (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE emergency_clients (
    realm_id BLOB NOT NULL REFERENCES realms (id),
    client_id TEXT NOT NULL,
    client_name TEXT NOT NULL,
    client_description TEXT,
    ttl INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    last_regenerated_at INTEGER,
    token_id BLOB NOT NULL CHECK (length(token_id) = 16),
    token_digest BLOB NOT NULL UNIQUE CHECK (length(token_digest) = 32),
    token_status_index INTEGER NOT NULL,
    token_issued_at INTEGER NOT NULL,
    token_expires_at INTEGER NOT NULL,
    token_revoked_at INTEGER,
    token_expiry_recorded INTEGER NOT NULL CHECK (token_expiry_recorded IN (0, 1)),
    uses INTEGER NOT NULL,
    last_used_at INTEGER,
    PRIMARY KEY (realm_id, client_id)
) STRICT;

-- What housekeeping asks for again and again: the ends of age that nobody has written down.
CREATE INDEX emergency_clients_by_unrecorded_expiry ON emergency_clients (token_expires_at)
WHERE token_expiry_recorded = 0 AND token_revoked_at IS NULL;

CREATE TABLE tasks (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL CHECK (kind = 'DELETE_REALM'),
    -- A task outlives the realm it deleted, so this refers to nothing.
    realm_id BLOB NOT NULL CHECK (length(realm_id) = 16),
    force INTEGER NOT NULL CHECK (force IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN ('COMPLETED', 'FAILED', 'QUEUED')),
    error_code TEXT,
    error_message TEXT,
    error_at INTEGER,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX tasks_queued ON tasks (created_at, id) WHERE state = 'QUEUED';
CREATE INDEX tasks_ended ON tasks (updated_at) WHERE state <> 'QUEUED';

-- The audit refers to nothing: a record outlives what it tells of.
CREATE TABLE audit_records (
    sequence INTEGER NOT NULL PRIMARY KEY,
    time INTEGER NOT NULL,
    realm_id BLOB,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT,
    target_id TEXT,
    outcome TEXT NOT NULL,
    source_address TEXT,
    request_id TEXT,
    emergency INTEGER NOT NULL,
    -- A JSON object of texts.
    details TEXT NOT NULL,
    mac BLOB NOT NULL
) STRICT;

-- Every index ends in the sequence, so each serves a page in either order.
CREATE INDEX audit_records_by_realm ON audit_records (realm_id);
CREATE INDEX audit_records_by_action ON audit_records (action);

CREATE TABLE audit_checkpoints (
    sequence INTEGER NOT NULL PRIMARY KEY,
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    time INTEGER NOT NULL,
    jws TEXT NOT NULL
) STRICT;
