//! Small changes to a text that was signed.

/// The bytes that one change takes: what is done, where (two bytes), and the character that is put there.
const STEP: usize = 4;

/// The text after the changes that these bytes ask for. It may be the same again.
pub(crate) fn tampered(text: &str, changes: &[u8]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes.chunks_exact(STEP) {
        if let [kind, high, low, byte] = *change {
            apply(&mut bytes, kind, u16::from_be_bytes([high, low]), byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn apply(bytes: &mut Vec<u8>, kind: u8, place: u16, byte: u8) {
    let place = usize::from(place) % (bytes.len() + 1);
    match kind % 5 {
        0 => bytes.insert(place, byte),
        1 => bytes.truncate(place),
        2 if place < bytes.len() => drop(bytes.remove(place)),
        3 => bytes.rotate_left(place),
        _ => {
            if let Some(old) = bytes.get_mut(place) {
                *old = byte;
            }
        }
    }
}

/// The first byte, which says what the others are, and the others.
pub(crate) fn split(data: &[u8]) -> (u8, &[u8]) {
    data.split_first()
        .map_or((0, &[]), |(kind, rest)| (*kind, rest))
}

/// What stands before and after the first line break.
pub(crate) fn two_parts(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(place) => {
            let (first, rest) = data.split_at(place);
            (first, rest.get(1..).unwrap_or_default())
        }
        None => (data, &[]),
    }
}
