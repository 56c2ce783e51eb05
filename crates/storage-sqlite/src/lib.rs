//! SQLite adapter of the Breakglass store.
