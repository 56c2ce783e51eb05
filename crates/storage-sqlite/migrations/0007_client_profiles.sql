-- Which subjects get which entitlements, and which other issuers are trusted to say who they are.

-- How often either was changed.
ALTER TABLE realms ADD COLUMN rules_epoch INTEGER NOT NULL DEFAULT 0;

CREATE TABLE client_profiles (
    realm_id BLOB NOT NULL REFERENCES realms (id) ON DELETE CASCADE,
    id BLOB NOT NULL CHECK (length(id) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('EXTERNAL_GROUP', 'EXTERNAL_USER', 'LOCAL_USER', 'PRIVILEGES')),
    -- Of the whole subject, by which two of them are told apart.
    subject_digest BLOB NOT NULL CHECK (length(subject_digest) = 32),
    name TEXT,
    issuer_alias TEXT,
    domain TEXT,
    -- A JSON object of arrays.
    privileges TEXT,
    -- A JSON array of the names of entitlements.
    grants TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, id),
    UNIQUE (realm_id, subject_digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE token_issuers (
    realm_id BLOB NOT NULL REFERENCES realms (id) ON DELETE CASCADE,
    alias TEXT NOT NULL,
    issuer TEXT NOT NULL,
    -- Where it publishes its keys, if they are to be fetched.
    jwks_uri TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, alias),
    UNIQUE (realm_id, issuer)
) STRICT, WITHOUT ROWID;

CREATE TABLE issuer_certificates (
    realm_id BLOB NOT NULL,
    alias TEXT NOT NULL,
    chain INTEGER NOT NULL,
    place INTEGER NOT NULL,
    der BLOB NOT NULL,
    PRIMARY KEY (realm_id, alias, chain, place),
    FOREIGN KEY (realm_id, alias) REFERENCES token_issuers (realm_id, alias) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TRIGGER client_profile_inserted AFTER INSERT ON client_profiles BEGIN
    UPDATE realms SET rules_epoch = rules_epoch + 1 WHERE id = new.realm_id;
END;
CREATE TRIGGER client_profile_updated AFTER UPDATE ON client_profiles BEGIN
    UPDATE realms SET rules_epoch = rules_epoch + 1 WHERE id = new.realm_id;
END;
CREATE TRIGGER client_profile_deleted AFTER DELETE ON client_profiles BEGIN
    UPDATE realms SET rules_epoch = rules_epoch + 1 WHERE id = old.realm_id;
END;
CREATE TRIGGER token_issuer_inserted AFTER INSERT ON token_issuers BEGIN
    UPDATE realms SET rules_epoch = rules_epoch + 1 WHERE id = new.realm_id;
END;
CREATE TRIGGER token_issuer_updated AFTER UPDATE ON token_issuers BEGIN
    UPDATE realms SET rules_epoch = rules_epoch + 1 WHERE id = new.realm_id;
END;
CREATE TRIGGER token_issuer_deleted AFTER DELETE ON token_issuers BEGIN
    UPDATE realms SET rules_epoch = rules_epoch + 1 WHERE id = old.realm_id;
END;
