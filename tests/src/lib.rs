//! End-to-end tests: they start the real binary and drive it with real clients.
