//! What the manifests must say.

use std::collections::BTreeSet;

/// Every crate takes the lints of the workspace.
pub(super) fn check_member(name: &str, manifest: &str) -> Option<String> {
    let takes_lints = section(manifest, "[lints]").any(|line| line == "workspace = true");
    (!takes_lints).then(|| format!("the manifest of {name} lacks `[lints] workspace = true`"))
}

/// Every shared dependency is explained, and used.
pub(super) fn check_workspace(manifest: &str, used: &BTreeSet<&str>) -> Vec<String> {
    let mut findings = Vec::new();
    let mut explained = false;
    for line in section(manifest, "[workspace.dependencies]") {
        let Some((name, _)) = line.split_once('=') else {
            // A comment explains the lines up to the next empty one.
            explained = line.starts_with('#');
            continue;
        };
        if line.starts_with('#') {
            explained = true;
            continue;
        }
        let name = name.trim();
        let ours = name.starts_with("breakglass-");
        if !explained && !ours {
            findings.push(format!("no comment in Cargo.toml says what {name} is for"));
        }
        if !used.contains(name) && !ours {
            findings.push(format!("no crate uses {name}, which Cargo.toml shares"));
        }
    }
    findings
}

/// The lines of one table of a manifest.
fn section<'a>(manifest: &'a str, header: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = manifest.lines().map(str::trim);
    lines
        .skip_while(move |line| *line != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_without_the_lints_of_the_workspace_is_found() {
        assert_eq!(
            check_member("a", "[package]\n\n[lints]\nworkspace = true\n"),
            None
        );
        let other = "[package]\nworkspace = true\n\n[lints]\n\n[dependencies]\nworkspace = true\n";
        assert_eq!(
            check_member("a", other).as_deref(),
            Some("the manifest of a lacks `[lints] workspace = true`")
        );
    }

    #[test]
    fn a_comment_explains_its_group() {
        let manifest = "[workspace.dependencies]\nbreakglass-a = \"1\"\n\n# A = both.\nb = \"1\"\nc = \"1\"\n[x]\nd = 1\n";
        assert_eq!(
            check_workspace(manifest, &["b", "c"].into()),
            Vec::<String>::new()
        );
    }

    #[test]
    fn a_dependency_without_a_comment_or_a_use_is_found() {
        let manifest = "[workspace.dependencies]\n# Why.\na = \"1\"\n\nb = \"1\"\n";
        assert_eq!(
            check_workspace(manifest, &["b"].into()),
            [
                "no crate uses a, which Cargo.toml shares",
                "no comment in Cargo.toml says what b is for",
            ]
        );
    }
}
