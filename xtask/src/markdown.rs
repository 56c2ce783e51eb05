//! The little of Markdown that the tasks write and check.

/// The anchor of a heading, as GitHub makes it.
pub(crate) fn anchor(heading: &str) -> String {
    let kept = heading
        .to_lowercase()
        .chars()
        .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
        .collect::<String>();
    kept.trim().replace(' ', "-")
}

/// The lines that are not inside a fenced block, each with its number from 1.
pub(crate) fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    let numbered = text.lines().enumerate();
    numbered.filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fence && !fenced).then_some((index + 1, line))
    })
}

/// The anchors that a text offers.
pub(crate) fn anchors(text: &str) -> Vec<String> {
    prose(text)
        .filter(|(_, line)| line.starts_with('#'))
        .map(|(_, line)| anchor(line.trim_start_matches('#')))
        .collect()
}

/// The targets of the links in a line.
pub(crate) fn links(line: &str) -> Vec<&str> {
    let after_each = line.split("](").skip(1);
    after_each
        .filter_map(|rest| rest.split(')').next())
        .filter_map(|target| target.split_whitespace().next())
        .collect()
}

/// A text as the cell of a table.
pub(crate) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_the_heading_without_its_punctuation() {
        assert_eq!(anchor(" Makes a token, once "), "makes-a-token-once");
        assert_eq!(anchor("`emergency-client`"), "emergency-client");
    }

    #[test]
    fn what_stands_in_a_fence_is_no_prose() {
        let text = "# One\n```text\n# not one\n```\n## Two";
        assert_eq!(anchors(text), ["one", "two"]);
        assert_eq!(prose(text).last(), Some((5, "## Two")));
    }

    #[test]
    fn every_link_of_a_line_is_found() {
        let line = "See [a](a.md), [b](b.md#part \"title\") and ![c](c.png).";
        assert_eq!(links(line), ["a.md", "b.md#part", "c.png"]);
    }

    #[test]
    fn a_cell_stays_on_one_line_and_in_its_column() {
        assert_eq!(cell("a|b\nc"), "a\\|b c");
    }
}
