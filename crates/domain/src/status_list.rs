//! The bits of a status list (IETF Token Status List, section 4.1).

/// Lists grow by so many places, and start with as many: so a list does not tell how few tokens there are, and one signed
/// list serves while tokens are issued.
const STEP: u64 = 8192;

/// A status list of one bit per token: 0 is valid, 1 is invalid (section 7.1 of the draft).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StatusList(Vec<u8>);

impl StatusList {
    /// A list with room for `places` tokens, with the `recalled` ones set. Places beyond the room are left out.
    pub fn new(places: u64, recalled: &[u64]) -> Self {
        let bytes = usize::try_from(places.max(STEP).div_ceil(8)).unwrap_or(usize::MAX);
        let mut list = Self(vec![0; bytes]);
        for index in recalled {
            list.set(*index);
        }
        list
    }

    /// How many places a list needs when so many tokens were given one: more than that, in steps of 8,192.
    pub fn places_for(tokens: u64) -> u64 {
        (tokens + 1).next_multiple_of(STEP)
    }

    /// The bytes of the list: the token of the lowest index in the lowest bit of the first byte.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether the token at `index` is recalled; `None` beyond the end of the list.
    pub fn is_recalled(&self, index: u64) -> Option<bool> {
        let byte = self.0.get(usize::try_from(index / 8).ok()?)?;
        Some(byte >> (index % 8) & 1 == 1)
    }

    fn set(&mut self, index: u64) {
        let byte = usize::try_from(index / 8)
            .ok()
            .and_then(|byte| self.0.get_mut(byte));
        if let Some(byte) = byte {
            *byte |= 1 << (index % 8);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_drafts_example_has_its_bits() {
        // The one-bit example of section 4.1: bytes 0xB9 and 0xA3.
        let list = StatusList::new(16, &[0, 3, 4, 5, 7, 8, 9, 13, 15]);
        assert_eq!(list.as_bytes()[..2], [0xb9, 0xa3]);
    }

    #[test]
    fn a_list_has_room_for_the_next_token_too() {
        for (tokens, places) in [(0, 8192), (8191, 8192), (8192, 16_384), (8193, 16_384)] {
            assert_eq!(StatusList::places_for(tokens), places, "{tokens}");
        }
    }

    proptest! {
        #[test]
        fn exactly_the_recalled_places_are_set(recalled in prop::collection::btree_set(0_u64..20_000, 0..50)) {
            let indices: Vec<u64> = recalled.iter().copied().collect();
            let list = StatusList::new(20_000, &indices);
            for index in 0..20_000 {
                prop_assert_eq!(list.is_recalled(index), Some(recalled.contains(&index)));
            }
        }
    }
}
