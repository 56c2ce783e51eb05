//! The use cases of Breakglass: authorise, act, audit, commit.
