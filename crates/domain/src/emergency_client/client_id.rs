//! The caller-chosen id of an emergency client.

use std::fmt;
use std::str::FromStr;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// The longest client id, in characters.
const MAX_CHARACTERS: usize = 256;

/// Signs allowed beside letters and digits. `/`, `?`, `#` and `%` are not among them: clients exist that do not escape
/// them in a path, so that an id with one could be made and never deleted.
const SIGNS: &[char] = &[' ', '-', '_', '.', '@', ':', '+'];

/// The id of an emergency client, unique in its realm: 1 to 256 letters and digits of any script with the marks that
/// belong to them, spaces and the signs `-`, `_`, `.`, `@`, `:`, `+`.
///
/// # One spelling
/// Unicode spells many letters in two ways: `á` is one character, or an `a` with an accent behind it, and which one comes
/// out of a keyboard or a file name depends on the system. Nobody can tell the two apart, so they are one id: it is kept in
/// normalization form C, in which it is also answered, stored and put into tokens. Its length is that of this form.
///
/// Characters that cannot be seen are refused even where Unicode calls them letters or marks. Letters of two scripts that
/// look alike, such as a Latin and a Cyrillic `a`, remain two letters.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ClientId(String);

impl ClientId {
    /// The text of the id, in normalization form C.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = ClientIdError;

    fn from_str(text: &str) -> Result<Self, ClientIdError> {
        let text = ComposingNormalizerBorrowed::new_nfc().normalize(text);
        if text.is_empty() {
            return Err(ClientIdError::Empty);
        }
        if text.chars().count() > MAX_CHARACTERS {
            return Err(ClientIdError::TooLong);
        }
        if matches!(&*text, "." | "..") {
            return Err(ClientIdError::DotSegment);
        }
        if text.starts_with(' ') || text.ends_with(' ') {
            return Err(ClientIdError::SpaceAtAnEnd);
        }
        match misplaced(&text) {
            Some(character) => Err(ClientIdError::Character { character }),
            None => Ok(Self(text.into_owned())),
        }
    }
}

/// The first character that may not stand where it stands.
fn misplaced(text: &str) -> Option<char> {
    let mut carries_marks = false;
    text.chars().find(|&character| {
        let stands = !is_invisible(character)
            && if is_mark(character) {
                carries_marks
            } else {
                carries_marks = character.is_alphanumeric();
                carries_marks || SIGNS.contains(&character)
            };
        !stands
    })
}

/// Whether this is a mark that is written with the letter before it: an accent, the vowel of a syllable, a sign that takes
/// its vowel away. Rings and squares around a letter (`Me`) are ornament.
fn is_mark(character: char) -> bool {
    matches!(
        CodePointMapData::<GeneralCategory>::new().get(character),
        GeneralCategory::NonspacingMark | GeneralCategory::SpacingMark
    )
}

/// Whether nothing is shown for this character, so that two ids that differ in it look the same.
fn is_invisible(character: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no client id.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClientIdError {
    /// It holds a character that is neither a letter nor a digit nor a mark on one nor one of the allowed signs, or that
    /// cannot be seen.
    #[error(
        "must hold only letters, digits, their marks, spaces and - _ . @ : +, not {character:?}"
    )]
    Character {
        /// The first such character.
        character: char,
    },
    /// It is `.` or `..`, which a path would swallow (RFC 3986, section 5.2.4).
    #[error("must not be '.' or '..'")]
    DotSegment,
    /// It has no character.
    #[error("must have at least 1 character")]
    Empty,
    /// It begins or ends with a space.
    #[error("must not begin or end with a space")]
    SpaceAtAnEnd,
    /// It has more than 256 characters.
    #[error("must have at most {MAX_CHARACTERS} characters")]
    TooLong,
}
