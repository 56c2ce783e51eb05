//! Emergency clients: callers that hold one long-lived, privileged access token for the hour when nothing else works.

mod client_id;
mod draft;
mod entity;
#[cfg(test)]
mod tests;

pub use client_id::{ClientId, ClientIdError};
pub use draft::{AcceptedEmergencyClient, EmergencyClientDraft};
pub use entity::{EmergencyClient, EmergencyToken, NewToken, RetiredToken, TokenStatus, Usage};
