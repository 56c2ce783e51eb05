-- API tokens, OAuth apps, the secrets of clients, and access tokens that were revoked on their own.

CREATE TABLE api_tokens (
    realm_id BLOB NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    -- The API client that holds it.
    principal_id BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    ttl INTEGER NOT NULL,
    access_token_ttl INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    last_characters TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER,
    status_index INTEGER NOT NULL CHECK (status_index >= 0),
    PRIMARY KEY (realm_id, id),
    FOREIGN KEY (realm_id, principal_id) REFERENCES api_clients (realm_id, id)
) STRICT;

CREATE INDEX api_tokens_by_principal ON api_tokens (realm_id, principal_id);
-- A page of all tokens in each order is a stretch of one of these.
CREATE INDEX api_tokens_by_access_token_ttl ON api_tokens (realm_id, access_token_ttl, id);
CREATE INDEX api_tokens_by_creation ON api_tokens (realm_id, created_at, id);
CREATE INDEX api_tokens_by_expiry ON api_tokens (realm_id, expires_at, id);
CREATE INDEX api_tokens_by_last_use ON api_tokens (realm_id, last_used_at, id);
CREATE INDEX api_tokens_by_name ON api_tokens (realm_id, name, id);
-- What housekeeping asks for: the tokens of every realm that have been over for long.
CREATE INDEX api_tokens_outlived ON api_tokens (expires_at, id);

ALTER TABLE realms ADD COLUMN api_tokens INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER api_token_inserted AFTER INSERT ON api_tokens BEGIN
    UPDATE realms SET api_tokens = api_tokens + 1 WHERE id = new.realm_id;
END;

CREATE TRIGGER api_token_deleted AFTER DELETE ON api_tokens BEGIN
    UPDATE realms SET api_tokens = api_tokens - 1 WHERE id = old.realm_id;
END;

CREATE TABLE oauth_apps (
    realm_id BLOB NOT NULL REFERENCES realms (id),
    -- The principal that roles are given to.
    id BLOB NOT NULL CHECK (length(id) = 16),
    client_id TEXT NOT NULL,
    client_name TEXT NOT NULL,
    -- JSON arrays of texts.
    redirect_urls TEXT NOT NULL,
    logout_urls TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, client_id)
) STRICT;

CREATE TABLE client_secrets (
    -- Clients are of several kinds, so this refers to none of them; it ends with the realm.
    realm_id BLOB NOT NULL REFERENCES realms (id) ON DELETE CASCADE,
    id BLOB NOT NULL CHECK (length(id) = 16),
    principal_id BLOB NOT NULL CHECK (length(principal_id) = 16),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    status_index INTEGER NOT NULL CHECK (status_index >= 0),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    PRIMARY KEY (realm_id, id)
) STRICT;

CREATE INDEX client_secrets_by_principal ON client_secrets (realm_id, principal_id);
CREATE INDEX client_secrets_by_expiry ON client_secrets (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE revoked_access_tokens (
    realm_id BLOB NOT NULL REFERENCES realms (id) ON DELETE CASCADE,
    token_id BLOB NOT NULL CHECK (length(token_id) = 16),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, token_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX revoked_access_tokens_by_expiry ON revoked_access_tokens (expires_at);

CREATE TABLE client_keys (
    realm_id BLOB NOT NULL REFERENCES realms (id) ON DELETE CASCADE,
    id BLOB NOT NULL CHECK (length(id) = 16),
    principal_id BLOB NOT NULL CHECK (length(principal_id) = 16),
    kid TEXT,
    algorithm TEXT NOT NULL,
    thumbprint BLOB NOT NULL CHECK (length(thumbprint) = 32),
    -- A JWK without any private member.
    jwk TEXT NOT NULL,
    status_index INTEGER NOT NULL CHECK (status_index >= 0),
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, principal_id, thumbprint)
) STRICT;

-- An assertion is good for one use.
CREATE TABLE used_assertions (
    realm_id BLOB NOT NULL REFERENCES realms (id) ON DELETE CASCADE,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);
