//! Places in status lists that are set aside, so that not every token that is made has to ask the database for one.
//!
//! Those of one unit of work are the writer's once the unit is kept, and stay so after the commit. Whatever undoes their
//! setting aside drops them; a place that an undone unit has taken, or that is left when the process ends, stays empty.

use std::collections::HashMap;
use std::ops::Range;

use breakglass_domain::BrokerId;

/// How many places are set aside at once.
pub(crate) const SET_ASIDE: u32 = 64;

/// Places that nobody else gives out.
#[derive(Debug, Default)]
pub(crate) struct Places(HashMap<BrokerId, Range<u64>>);

impl Places {
    /// Takes one of this broker's.
    pub(crate) fn take(&mut self, broker_id: BrokerId) -> Option<u64> {
        self.0.get_mut(&broker_id)?.next()
    }

    /// Has these to give out.
    pub(crate) fn set_aside(&mut self, broker_id: BrokerId, places: Range<u64>) {
        self.0.insert(broker_id, places);
    }

    /// Has those too.
    pub(crate) fn take_in(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Has none.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
