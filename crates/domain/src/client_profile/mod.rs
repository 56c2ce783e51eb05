//! Client profiles: which subjects get which entitlements in the tokens of a realm's hosts.

mod draft;
mod entity;
mod filter;
#[cfg(test)]
mod tests;

pub use draft::{AcceptedClientProfile, AccessGrantDraft, ClientProfileDraft, accept_grants};
pub use entity::{ClientProfile, PrivilegeMap, ProfileSubject, SubjectKind};
pub use filter::{ProfileFilter, ProfileFilterDraft};
