//! The contract's search language over API clients and API tokens.

use breakglass_api_types::fleet_iam::{
    ClientTokenField, ClientTokenFilters, ClientTokenQuery, ClientTokenSearchGroupings,
    ClientTokenSearchTerm, SearchOperator, TokenStatus, TokenType,
};
use breakglass_api_types::{FieldFailure, Parsed};
use breakglass_domain::{ClientQuery, Comparison, SearchField, SearchTerm, TokenQuery};

use crate::failure::{Failure, reject_faults};

/// The most terms of a group: a store looks at each of them for every client.
const MAX_TERMS: usize = 50;

/// The most texts of a term.
const MAX_TEXTS: usize = 100;

/// The longest text, in characters. It is longer than whatever is searched.
const MAX_TEXT: usize = 1024;

/// What is said of a search that asks for what only tokens have: answering it as if it asked for nothing would find too
/// much.
const OF_TOKENS: &str = "is of API tokens and finds no API client";

/// The search that a body asks for.
///
/// # Errors
/// With every faulty field.
pub(crate) fn read(parsed: Parsed<ClientTokenQuery>) -> Result<ClientQuery, Failure> {
    let Parsed {
        value,
        mut failures,
    } = parsed;
    refuse_filters(&value.filters.unwrap_or_default(), &mut failures);
    let query = terms(value.search_terms, Target::Clients, &mut failures);
    reject_faults(failures, None)?;
    Ok(query)
}

/// The search over API tokens that a body asks for.
///
/// # Errors
/// With every faulty field.
pub(crate) fn read_for_tokens(parsed: Parsed<ClientTokenQuery>) -> Result<TokenQuery, Failure> {
    let Parsed {
        value,
        mut failures,
    } = parsed;
    let filters = value.filters.unwrap_or_default();
    let terms = terms(value.search_terms, Target::Tokens, &mut failures);
    reject_faults(failures, None)?;
    let wants = |status| {
        let statuses = filters.token_status.as_deref();
        statuses.is_none_or(|wanted| wanted.contains(&status))
    };
    let alive = match (wants(TokenStatus::Active), wants(TokenStatus::Expired)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    };
    let types = filters.token_type.as_deref();
    Ok(TokenQuery {
        terms,
        alive,
        // There are no tokens of users.
        nothing: types.is_some_and(|wanted| !wanted.contains(&TokenType::ApiClient)),
    })
}

/// What is searched.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Target {
    Clients,
    Tokens,
}

fn terms(
    given: Option<ClientTokenSearchGroupings>,
    target: Target,
    failures: &mut Vec<FieldFailure>,
) -> ClientQuery {
    let groups = given.unwrap_or_default();
    ClientQuery {
        all_of: group("searchTerms.allOf", groups.all_of, target, failures),
        any_of: group("searchTerms.anyOf", groups.any_of, target, failures),
    }
}

fn refuse_filters(filters: &ClientTokenFilters, failures: &mut Vec<FieldFailure>) {
    for (path, is_given) in [
        ("filters.tokenStatus", filters.token_status.is_some()),
        ("filters.tokenType", filters.token_type.is_some()),
    ] {
        if is_given {
            failures.push(FieldFailure::new(path, OF_TOKENS));
        }
    }
}

fn group(
    path: &str,
    given: Option<Vec<ClientTokenSearchTerm>>,
    target: Target,
    failures: &mut Vec<FieldFailure>,
) -> Vec<SearchTerm> {
    let given = given.unwrap_or_default();
    if given.len() > MAX_TERMS {
        let message = format!("must have at most {MAX_TERMS} entries");
        failures.push(FieldFailure::new(path, message));
    }
    given
        .into_iter()
        .enumerate()
        .filter_map(|(place, given)| term(&format!("{path}[{place}]"), given, target, failures))
        .collect()
}

/// One comparison, unless something of it is faulty. Of a word that could not be read the reader has told.
fn term(
    path: &str,
    given: ClientTokenSearchTerm,
    target: Target,
    failures: &mut Vec<FieldFailure>,
) -> Option<SearchTerm> {
    let field = match given.field? {
        // The name of the principal of an API client, and of its tokens, is its id.
        ClientTokenField::ClientId | ClientTokenField::PrincipalName => SearchField::ClientId,
        ClientTokenField::ClientName => SearchField::ClientName,
        ClientTokenField::RoleDisplayName => SearchField::RoleDisplayName,
        ClientTokenField::RoleName | ClientTokenField::Roles => SearchField::RoleName,
        ClientTokenField::TokenName if target == Target::Tokens => SearchField::TokenName,
        ClientTokenField::TokenName => {
            failures.push(FieldFailure::new(format!("{path}.field"), OF_TOKENS));
            return None;
        }
        ClientTokenField::Unknown => return None,
    };
    let path = format!("{path}.terms");
    let comparison = match given.operator? {
        SearchOperator::Empty => Comparison::Empty,
        SearchOperator::Equals => Comparison::Equals(texts(path, given.terms, failures)),
        SearchOperator::Like => Comparison::Like(texts(path, given.terms, failures)),
        SearchOperator::NotEmpty => Comparison::NotEmpty,
        SearchOperator::Unknown => return None,
    };
    Some(SearchTerm { field, comparison })
}

/// The texts that a field is compared with. Without any, nothing would be found, which nobody asks for on purpose.
fn texts(
    path: String,
    given: Option<Vec<String>>,
    failures: &mut Vec<FieldFailure>,
) -> Vec<String> {
    let texts = given.unwrap_or_default();
    let is_long = |text: &String| text.chars().count() > MAX_TEXT;
    let fault = if texts.is_empty() {
        "must not be empty for EQUALS and LIKE".to_owned()
    } else if texts.len() > MAX_TEXTS || texts.iter().any(is_long) {
        format!("must have at most {MAX_TEXTS} entries, each of at most {MAX_TEXT} characters")
    } else {
        return texts;
    };
    failures.push(FieldFailure::new(path, fault));
    texts
}
