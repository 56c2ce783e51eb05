//! Cryptography adapter of Breakglass: JWTs, keys, password hashes, random bytes.
