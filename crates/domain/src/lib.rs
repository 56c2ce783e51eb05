//! Models, validation and the audit chain's arithmetic of Breakglass: no I/O, no async, no clock.
