//! What a request body may hold, as data.

/// The fields of an object.
#[derive(Debug)]
pub struct Shape {
    /// The fields, in the order of their names.
    pub fields: &'static [Field],
}

/// A field of an object.
#[derive(Debug)]
pub struct Field {
    /// The name on the wire.
    pub name: &'static str,
    /// The name in Rust, which `validator` reports.
    pub ident: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a request must have it.
    pub required: bool,
    /// Whether only the server sets it, so that it is dropped from requests.
    pub read_only: bool,
}

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Any value.
    Any,
    /// `true` or `false`.
    Boolean,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// A list.
    List(&'static Kind),
    /// Texts by name.
    Map,
    /// An object.
    Object(&'static Shape),
    /// A text.
    Text,
    /// A UUID in its hyphenated form.
    Uuid,
}

/// A wire type that can be a request body.
pub trait Shaped {
    /// What such a body may hold.
    const SHAPE: &'static Shape;
}

impl Field {
    /// An optional field that a caller may set.
    pub const fn new(name: &'static str, ident: &'static str, kind: Kind) -> Self {
        Self {
            name,
            ident,
            kind,
            required: false,
            read_only: false,
        }
    }

    /// The same field, but a request must have it.
    #[must_use]
    pub const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// The same field, but only the server sets it.
    #[must_use]
    pub const fn read_only(self) -> Self {
        Self {
            read_only: true,
            ..self
        }
    }
}
