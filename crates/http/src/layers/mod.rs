//! The layers of the stack that are this crate's own, and what it tells the others to do.

mod envelope;
mod observe;
mod panic;
mod request_id;

pub(crate) use envelope::EnvelopeLayer;
pub(crate) use observe::{Observer, span};
pub(crate) use panic::{Panicked, answer_panic};
pub(crate) use request_id::{MakeId, drop_bad_request_id};
