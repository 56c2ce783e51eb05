//! HTTP adapter of Breakglass.
