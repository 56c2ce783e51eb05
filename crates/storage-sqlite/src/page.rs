//! A page of a list and the length of the whole list, in one statement and so of one commit.

use breakglass_domain::{Page, PageRequest};
use breakglass_ports::StoreError;
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{FromRow, QueryBuilder, Row};

use crate::column::{Key, Place, number};
use crate::error::store_error;
use crate::view::{Loan, View};

/// A list of which a page is wanted.
pub(crate) trait Listing {
    /// The table of the list.
    const TABLE: &'static str;

    /// By what the list is ordered, in terms of the rows' columns.
    fn order(&self) -> &'static str;

    /// Adds the query that selects the rows of the list.
    fn push_rows(&self, statement: &mut QueryBuilder<Sqlite>);

    /// Adds a query that counts the rows, which has the name `found` for them.
    fn push_count(&self, statement: &mut QueryBuilder<Sqlite>) {
        statement.push("SELECT count(*) FROM found");
    }
}

impl<C: Loan> View<C> {
    /// A page of the list.
    pub(crate) async fn page_of<L, R, T>(
        &mut self,
        listing: L,
        page: PageRequest,
    ) -> Result<Page<T>, StoreError>
    where
        L: Listing + Send,
        R: for<'r> FromRow<'r, SqliteRow>,
        T: TryFrom<R, Error = StoreError>,
    {
        let mut statement = statement(&listing, page)?;
        // Not kept for another time: its text is as manifold as what is asked.
        let rows = statement
            .build()
            .persistent(false)
            .fetch_all(self.connection().await?)
            .await;
        read_page(L::TABLE, &self.settle(rows)?)
    }
}

/// The statement that gives a row for each entry of the page, or one without an entry, and in each the length of the list.
///
/// A page that is neither full nor past the end tells the length by itself, so that the list is looked through only once.
/// SQLite comes to each count when it is needed, and then once.
pub(crate) fn statement(
    listing: &impl Listing,
    page: PageRequest,
) -> Result<QueryBuilder<Sqlite>, StoreError> {
    let offset = number(page.offset())?;
    let size = i64::from(page.size());
    let mut statement = QueryBuilder::new("WITH found AS NOT MATERIALIZED (");
    listing.push_rows(&mut statement);
    statement
        .push("), entries AS MATERIALIZED (SELECT 1 AS present, * FROM found ORDER BY ")
        .push(listing.order())
        .push(" LIMIT ")
        .push_bind(size)
        .push(" OFFSET ")
        .push_bind(offset)
        .push(") SELECT entries.*, CASE WHEN (SELECT count(*) FROM entries) BETWEEN ")
        .push_bind(offset.min(1))
        .push(" AND ")
        .push_bind(size - 1)
        .push(" THEN ")
        .push_bind(offset)
        .push(" + (SELECT count(*) FROM entries) ELSE (");
    listing.push_count(&mut statement);
    statement
        .push(") END AS total FROM (SELECT 1) LEFT JOIN entries ON TRUE ORDER BY ")
        .push(listing.order());
    Ok(statement)
}

fn read_page<R, T>(table: &'static str, rows: &[SqliteRow]) -> Result<Page<T>, StoreError>
where
    R: for<'r> FromRow<'r, SqliteRow>,
    T: TryFrom<R, Error = StoreError>,
{
    let mut page = Page {
        entries: Vec::with_capacity(rows.len()),
        total: 0,
    };
    for row in rows {
        let read = |error| store_error(&error);
        let total = row.try_get("total").map_err(read)?;
        page.total = Place::new(table, Key::Text("*")).count("total", total)?;
        if row
            .try_get::<Option<i64>, _>("present")
            .map_err(read)?
            .is_some()
        {
            let entry = R::from_row(row).map_err(read)?;
            page.entries.push(T::try_from(entry)?);
        }
    }
    Ok(page)
}
