//! Builders, a manual clock and seeded randomness for the tests of Breakglass.
