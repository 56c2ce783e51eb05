//! The suite of tests that every Breakglass store must pass.
