//! The breakglass binary: the command line and the composition root.
