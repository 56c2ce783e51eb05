//! The closed list of ways in which a use case can fail.

/// What went wrong, in words every adapter understands. Only `http` maps it to a status and only `cli` to an exit code;
/// both do so without a wildcard, so that a new kind breaks the build in those two places.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ErrorKind {
    /// The thing exists already, or is in a state that does not allow the change.
    Conflict,
    /// The caller is known and may not do this.
    Forbidden,
    /// A defect, or a store whose content makes no sense.
    Internal,
    /// The request breaks a rule; the report names every faulty field.
    Invalid,
    /// There is no such thing, or none that the caller may know of.
    NotFound,
    /// Too many failed attempts came from one place.
    RateLimited,
    /// The caller did not prove who it is.
    Unauthenticated,
    /// The store cannot take the request now; nothing was changed.
    Unavailable,
}
