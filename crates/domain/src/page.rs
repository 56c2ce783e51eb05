//! Pages of long lists.

use crate::validation::{FieldFailure, ValidationReport};

/// The most entries of a page.
pub const MAX_PAGE_SIZE: u32 = 1000;

/// Which page of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PageRequest {
    page: u32,
    size: u32,
}

/// A page of a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Page<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// How many the whole list has.
    pub total: u64,
}

impl PageRequest {
    /// The page of this number, from 0, when pages have this size.
    ///
    /// # Errors
    /// A report on `page` and `pageSize` when they are negative or, of a page, larger than [`MAX_PAGE_SIZE`] or empty.
    pub fn new(page: i64, size: i64) -> Result<Self, ValidationReport> {
        let mut failures = Vec::new();
        let page = u32::try_from(page)
            .map_err(|_| failures.push(FieldFailure::new("page", "must be at least 0")));
        let size = u32::try_from(size)
            .ok()
            .filter(|size| (1..=MAX_PAGE_SIZE).contains(size));
        if size.is_none() {
            failures.push(FieldFailure::new(
                "pageSize",
                format!("must be 1 to {MAX_PAGE_SIZE}"),
            ));
        }
        match (page, size, ValidationReport::from_failures(failures)) {
            (Ok(page), Some(size), None) => Ok(Self { page, size }),
            (.., Some(report)) => Err(report),
            (.., None) => Err(ValidationReport::of("page", "is incomplete")),
        }
    }

    /// The number of the page, from 0.
    pub fn page(self) -> u32 {
        self.page
    }

    /// How many entries it has at most.
    pub fn size(self) -> u32 {
        self.size
    }

    /// How many entries come before it.
    pub fn offset(self) -> u64 {
        u64::from(self.page) * u64::from(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_count_from_zero() {
        assert_eq!(PageRequest::new(2, 50).unwrap().offset(), 100);
        let report = PageRequest::new(-1, 0).unwrap_err();
        let paths: Vec<_> = report
            .failures()
            .iter()
            .map(|failure| failure.path.as_str())
            .collect();
        assert_eq!(paths, ["page", "pageSize"]);
        assert!(
            PageRequest::new(i64::from(u32::MAX), 1000)
                .unwrap()
                .offset()
                > u64::from(u32::MAX)
        );
    }
}
