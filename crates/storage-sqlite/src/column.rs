//! From what a column holds to what the domain means by it, and back.

use std::fmt;
use std::str::FromStr;

use breakglass_domain::{Minutes, Timestamp, TokenDigest};
use breakglass_ports::StoreError;
use sqlx::error::BoxDynError;
use sqlx::sqlite::{Sqlite, SqliteValueRef};
use sqlx::{Decode, TypeInfo, ValueRef};

use crate::error::unavailable;

/// The row that is being read, to name it when one of its columns makes no sense.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    table: &'static str,
    key: Key<'a>,
}

/// The key of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key<'a> {
    /// Bytes, told as hexadecimal digits.
    Bytes(&'a [u8]),
    /// A number.
    Number(i64),
    /// A text.
    Text(&'a str),
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl<'a> Place<'a> {
    /// The row of this key in this table.
    pub(crate) fn new(table: &'static str, key: Key<'a>) -> Self {
        Self { table, key }
    }

    /// That the column makes no sense.
    pub(crate) fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            column,
            id: self.key.to_string(),
        }
    }

    /// The value, which is there unless the column makes no sense.
    pub(crate) fn some<T>(&self, column: &'static str, value: Option<T>) -> Result<T, StoreError> {
        value.ok_or_else(|| self.corrupt(column))
    }

    /// The text in its domain's type.
    pub(crate) fn parse<T: FromStr>(
        &self,
        column: &'static str,
        text: &str,
    ) -> Result<T, StoreError> {
        self.some(column, text.parse().ok())
    }

    /// Exactly so many bytes.
    pub(crate) fn bytes<const N: usize>(
        &self,
        column: &'static str,
        bytes: &[u8],
    ) -> Result<[u8; N], StoreError> {
        self.some(column, bytes.try_into().ok())
    }

    /// A digest.
    pub(crate) fn digest(
        &self,
        column: &'static str,
        bytes: &[u8],
    ) -> Result<TokenDigest, StoreError> {
        self.bytes(column, bytes).map(TokenDigest::from_bytes)
    }

    /// A number that is not negative.
    pub(crate) fn count(&self, column: &'static str, number: i64) -> Result<u64, StoreError> {
        self.some(column, u64::try_from(number).ok())
    }

    /// A lifetime.
    pub(crate) fn minutes(&self, column: &'static str, number: i64) -> Result<Minutes, StoreError> {
        let minutes = self.some(column, u32::try_from(number).ok())?;
        Ok(Minutes::new(minutes))
    }
}

/// The number as a column holds it. SQLite has no number of 64 bits without a sign.
pub(crate) fn number(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| unavailable("a number is beyond 63 bits"))
}

/// An optional instant as a column holds it.
pub(crate) fn millis(instant: Option<Timestamp>) -> Option<i64> {
    instant.map(Timestamp::millis)
}

/// An optional instant as the domain means it.
pub(crate) fn instant(millis: Option<i64>) -> Option<Timestamp> {
    millis.map(Timestamp::from_millis)
}

/// What a column holds, whatever it should hold: reading it cannot fail, so that the row can be named that makes no sense.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Cell {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A whole number.
    Number(i64),
    /// Nothing.
    Null,
    /// A fraction, or a text that is no UTF-8.
    Other,
    /// A text.
    Text(String),
}

impl<'r> Decode<'r, Sqlite> for Cell {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        if value.is_null() {
            return Ok(Self::Null);
        }
        let kind = value.type_info().into_owned();
        Ok(match kind.name() {
            "BLOB" => Self::Bytes(Decode::<Sqlite>::decode(value)?),
            "INTEGER" => Self::Number(Decode::<Sqlite>::decode(value)?),
            "TEXT" => <String as Decode<Sqlite>>::decode(value).map_or(Self::Other, Self::Text),
            _ => Self::Other,
        })
    }
}

impl Cell {
    /// The bytes, when it holds bytes.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The number, when it holds one.
    pub(crate) fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, when it holds one.
    pub(crate) fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Itself, unless it holds nothing.
    pub(crate) fn present(self) -> Option<Self> {
        (self != Self::Null).then_some(self)
    }
}
