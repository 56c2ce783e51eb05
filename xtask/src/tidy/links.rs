//! The links between the documents.

use std::path::Path;

use crate::markdown::{anchors, links, prose};

/// The links of one document that lead nowhere. Links out of the tree are not followed.
pub(super) fn check(root: &Path, document: &Path, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, line) in prose(text) {
        for target in links(line) {
            if !target.contains("://") && !leads_somewhere(root, document, text, target) {
                findings.push(format!(
                    "{}:{number}: the link to {target} leads nowhere",
                    document.display()
                ));
            }
        }
    }
    findings
}

fn leads_somewhere(root: &Path, document: &Path, text: &str, target: &str) -> bool {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    if path.is_empty() {
        return has_anchor(text, anchor);
    }
    let Some(folder) = root.join(document).parent().map(Path::to_owned) else {
        return false;
    };
    let path = folder.join(path);
    if anchor.is_empty() {
        return path.exists();
    }
    std::fs::read_to_string(path).is_ok_and(|text| has_anchor(&text, anchor))
}

fn has_anchor(text: &str, anchor: &str) -> bool {
    anchors(text).iter().any(|known| known == anchor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        let root = crate::workspace::root().unwrap();
        check(&root, Path::new("docs/page.md"), text)
    }

    #[test]
    fn a_link_to_a_file_or_a_heading_is_no_finding() {
        let text = "# Here\n[a](../Cargo.toml) [b](#here) [c](https://example.org/x)\n\
                    [d](reference/broker.md#errors)\n```text\n[e](none)\n```\n";
        assert_eq!(findings(text), Vec::<String>::new());
    }

    #[test]
    fn a_link_to_nothing_is_found_with_its_line() {
        let text = "\n[a](none.md)\n[b](#none) [c](reference/broker.md#none)\n";
        assert_eq!(
            findings(text),
            [
                "docs/page.md:2: the link to none.md leads nowhere",
                "docs/page.md:3: the link to #none leads nowhere",
                "docs/page.md:3: the link to reference/broker.md#none leads nowhere",
            ]
        );
    }
}
