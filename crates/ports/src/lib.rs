//! The traits the Breakglass application needs, and their contracts in words.
