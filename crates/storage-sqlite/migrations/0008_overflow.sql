-- Tokens that would be too long leave claims out; what they leave out, and what the twins of other issuers' tokens said.

-- How long the access tokens of a broker may be, in bytes.
ALTER TABLE brokers ADD COLUMN token_overflow_threshold INTEGER NOT NULL DEFAULT 4096;

-- How often the roles that principals of the realm hold were changed, or what they are called.
ALTER TABLE realms ADD COLUMN roles_epoch INTEGER NOT NULL DEFAULT 0;

CREATE TABLE withheld_claims (
    realm_id BLOB NOT NULL REFERENCES realms (id) ON DELETE CASCADE,
    -- Of the claims; the tokens that leave them out carry it.
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    -- A JSON array of objects.
    roles TEXT NOT NULL,
    scope TEXT,
    -- The end of the last token that leaves them out.
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, digest)
) STRICT;

CREATE INDEX withheld_claims_by_end ON withheld_claims (expires_at);

CREATE TABLE registered_tokens (
    realm_id BLOB NOT NULL,
    -- Of the overflow token as it is shown.
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    issuer_alias TEXT NOT NULL,
    vouched_since INTEGER NOT NULL,
    subject TEXT NOT NULL,
    -- Of the twin as it was registered.
    twin BLOB NOT NULL CHECK (length(twin) = 32),
    -- A JSON array of texts.
    groups TEXT NOT NULL,
    -- A JSON object of arrays.
    privileges TEXT NOT NULL,
    registered_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (realm_id, digest),
    FOREIGN KEY (realm_id, issuer_alias) REFERENCES token_issuers (realm_id, alias) ON DELETE CASCADE
) STRICT;

CREATE INDEX registered_tokens_by_subject
    ON registered_tokens (realm_id, issuer_alias, subject, registered_at);
CREATE INDEX registered_tokens_by_end ON registered_tokens (expires_at);

CREATE TRIGGER role_assignment_inserted AFTER INSERT ON role_assignments BEGIN
    UPDATE realms SET roles_epoch = roles_epoch + 1 WHERE id = new.realm_id;
END;
CREATE TRIGGER role_assignment_updated AFTER UPDATE ON role_assignments BEGIN
    UPDATE realms SET roles_epoch = roles_epoch + 1 WHERE id = new.realm_id;
END;
CREATE TRIGGER role_assignment_deleted AFTER DELETE ON role_assignments BEGIN
    UPDATE realms SET roles_epoch = roles_epoch + 1 WHERE id = old.realm_id;
END;
CREATE TRIGGER role_updated AFTER UPDATE ON roles BEGIN
    UPDATE realms SET roles_epoch = roles_epoch + 1;
END;
