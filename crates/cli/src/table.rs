//! Tables for people.

use comfy_table::{ContentArrangement, Table, presets};

/// What stands in a cell that has nothing to say.
pub(crate) const NOTHING: &str = "-";

/// The longest text of a cell that is cut.
const MAX_SHORT_CHARACTERS: usize = 40;

/// A table with these column names: no frame, so that a line is a row and can be searched.
pub(crate) fn with_columns(names: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(names);
    trim_left(&mut table);
    table
}

/// A table of two columns: what something is called, and what it is.
pub(crate) fn of_facts<'a>(facts: impl IntoIterator<Item = (&'a str, String)>) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    for (name, value) in facts {
        table.add_row([name.to_owned(), cell(&value)]);
    }
    trim_left(&mut table);
    table
}

/// The text of a cell: without the control characters with which a name could move the cursor of a terminal.
pub(crate) fn cell(text: &str) -> String {
    if text.is_empty() {
        return NOTHING.to_owned();
    }
    text.chars()
        .map(|letter| {
            if letter.is_control() {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect()
}

/// The text of a cell in a list, cut where it would push the other columns out of sight.
pub(crate) fn short(text: Option<&str>) -> String {
    let text = optional(text);
    match text.char_indices().nth(MAX_SHORT_CHARACTERS) {
        None => text,
        Some(_) => text
            .chars()
            .take(MAX_SHORT_CHARACTERS - 1)
            .chain(['…'])
            .collect(),
    }
}

/// The text of a cell for a value that may be absent.
pub(crate) fn optional<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| NOTHING.to_owned(), |value| cell(&value.to_string()))
}

/// The lines of a table, without the blanks that fill them up.
pub(crate) fn render(table: &Table) -> String {
    let lines: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    lines.join("\n")
}

fn trim_left(table: &mut Table) {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_line() {
        let mut table = with_columns(&["CLIENT", "STATUS"]);
        table.add_row([cell("night shift"), optional::<String>(None)]);
        assert_eq!(render(&table), "CLIENT       STATUS\nnight shift  -");
    }

    #[test]
    fn a_long_name_is_cut_where_it_is_one_of_many() {
        let name = "é".repeat(MAX_SHORT_CHARACTERS);
        assert_eq!(short(Some(&name)), name);
        let cut = short(Some(&format!("{name}é")));
        assert_eq!(cut.chars().count(), MAX_SHORT_CHARACTERS);
        assert!(cut.ends_with("é…"), "{cut}");
        assert_eq!(short(None), NOTHING);
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(cell("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\u{fffd}c");
    }
}
