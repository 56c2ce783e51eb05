//! Pages of lists: which one a request asks for, and what an answer tells of it and of its neighbours.

use breakglass_api_types::fleet_iam::{Link, LinkRelation, PageInfo};
use breakglass_domain::PageRequest;
use form_urlencoded::Serializer;

use crate::failure::Failure;
use crate::query::Query;

/// The page when nobody says.
const FIRST: i32 = 0;

/// How many entries a page holds when nobody says.
const SIZE: i32 = 50;

/// The page that a request asks for by `page` and `pageSize`. The rest of the query must have been read before.
///
/// # Errors
/// With every faulty parameter.
pub(crate) fn request(mut query: Query) -> Result<PageRequest, Failure> {
    let rule = "must be a whole number of 32 bits";
    let page: Option<i32> = query.read("page", rule);
    let size: Option<i32> = query.read("pageSize", rule);
    let wanted = PageRequest::new(page.unwrap_or(FIRST).into(), size.unwrap_or(SIZE).into());
    query.finish_with(wanted)
}

/// Whether a request asks by `sortOrder` for the greatest first.
pub(crate) fn descending(query: &mut Query) -> bool {
    let is_descending = |word: &str| {
        [false, true]
            .into_iter()
            .find(|descending| direction_name(*descending) == word)
    };
    let rule = "must be ASCENDING or DESCENDING";
    query
        .read_with("sortOrder", rule, is_descending)
        .unwrap_or(false)
}

/// The contract's name of a direction.
pub(crate) fn direction_name(descending: bool) -> &'static str {
    if descending {
        "DESCENDING"
    } else {
        "ASCENDING"
    }
}

/// What is told of a page of a list of so many entries.
pub(crate) fn info(page: PageRequest, total: u64) -> PageInfo {
    PageInfo {
        page: i32::try_from(page.page()).ok(),
        page_size: i32::try_from(page.size()).ok(),
        sort_by: None,
        sort_order: None,
        total_count: Some(i32::try_from(total).unwrap_or(i32::MAX)),
    }
}

/// The links of a page to itself, to both ends of the list and to its neighbours, where there are any. What else the
/// request said behind its path is said by every link.
pub(crate) fn links(path: &str, query: Option<&str>, page: PageRequest, total: u64) -> Vec<Link> {
    let last = total.saturating_sub(1) / u64::from(page.size());
    let current = u64::from(page.page());
    let link = |rel, name: &str, number: u64| Link {
        description: None,
        href: Some(href(path, query, number, page.size())),
        name: Some(name.to_owned()),
        rel: Some(rel),
    };
    let mut links = vec![
        link(LinkRelation::Itself, "current", current),
        link(LinkRelation::Start, "first", 0),
        link(LinkRelation::End, "last", last),
    ];
    if current > 0 {
        // Beyond the end, the page before is the last one that has entries.
        let previous = last.min(current - 1);
        links.push(link(LinkRelation::Previous, "previous", previous));
    }
    if current < last {
        links.push(link(LinkRelation::Next, "next", current + 1));
    }
    links
}

fn href(path: &str, query: Option<&str>, page: u64, size: u32) -> String {
    let given = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let others = given.filter(|(name, _)| name != "page" && name != "pageSize");
    let mut parameters = Serializer::new(String::new());
    parameters.extend_pairs(others);
    parameters.append_pair("page", &page.to_string());
    parameters.append_pair("pageSize", &size.to_string());
    format!("{path}?{}", parameters.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PageRequest, String> {
        request(Query::new(text)).map_err(|failure| failure.to_string())
    }

    fn told(page: i64, size: i64, total: u64) -> Vec<String> {
        let page = PageRequest::new(page, size).unwrap();
        links("/x", Some("a=%26&page=9"), page, total)
            .into_iter()
            .map(|link| {
                let href = link.href.unwrap();
                let number = href.strip_prefix("/x?a=%26&page=").unwrap().to_owned();
                format!("{} {number}", link.rel.unwrap().as_str())
            })
            .collect()
    }

    #[test]
    fn a_page_is_the_first_of_fifty_entries_unless_asked_otherwise() {
        assert_eq!(read(""), Ok(PageRequest::new(0, 50).unwrap()));
        assert_eq!(
            read("pageSize=7&page=3"),
            Ok(PageRequest::new(3, 7).unwrap())
        );
    }

    #[test]
    fn every_faulty_parameter_is_named() {
        let check = |text, expected: &str| assert_eq!(read(text), Err(expected.to_owned()));
        check(
            "page=x&pageSize=0",
            "page must be a whole number of 32 bits; pageSize must be 1 to 1000",
        );
        check("page=-1", "page must be at least 0");
        check("page=2147483648", "page must be a whole number of 32 bits");
        check("pageSize=1001", "pageSize must be 1 to 1000");
        check("page=1&page=1", "page must not stand there twice");
    }

    #[test]
    fn a_page_links_to_its_neighbours_where_there_are_any() {
        let sized = |links: &[&str]| -> Vec<String> {
            links
                .iter()
                .map(|link| format!("{link}&pageSize=2"))
                .collect()
        };
        assert_eq!(told(0, 2, 0), sized(&["SELF 0", "START 0", "END 0"]));
        assert_eq!(
            told(0, 2, 3),
            sized(&["SELF 0", "START 0", "END 1", "NEXT 1"])
        );
        assert_eq!(
            told(1, 2, 5),
            sized(&["SELF 1", "START 0", "END 2", "PREVIOUS 0", "NEXT 2"])
        );
        assert_eq!(
            told(2, 2, 6),
            sized(&["SELF 2", "START 0", "END 2", "PREVIOUS 1"])
        );
        assert_eq!(
            told(9, 2, 6),
            sized(&["SELF 9", "START 0", "END 2", "PREVIOUS 2"])
        );
    }

    #[test]
    fn what_a_page_tells_fits_the_contract() {
        let page = PageRequest::new(1, 2).unwrap();
        let told = info(page, u64::MAX);
        assert_eq!(told.total_count, Some(i32::MAX));
        assert_eq!((told.page, told.page_size), (Some(1), Some(2)));
    }
}
