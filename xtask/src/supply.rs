//! Where a release comes from: known weaknesses of what it is built from, a bill of materials, and a build that anybody can repeat.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use xshell::{Shell, cmd};

use crate::measured::{Measured, Row};
use crate::release::{Build, Counts, Guide, MOST_BYTES, commit_time, sha256};
use crate::workspace::{self, say};

/// The versions that are installed where there is none.
const CARGO_AUDIT: &str = "0.22.2";
const CARGO_CYCLONEDX: &str = "0.5.9";

/// Where known weaknesses of Rust packages are published.
const ADVISORIES: &str = "https://github.com/rustsec/advisory-db";

/// The names under which the two copies are built: of different lengths, so that a path that is left in shows.
const COPIES: [&str; 2] = ["a", "another-folder"];

/// Looks for known weaknesses of the packages in the lock file.
pub(crate) fn audit(root: &Path) -> Result<()> {
    let shell = workspace::shell(root)?;
    // Asked first, so that no tool is built for nothing. Git asks nobody for a password.
    let reached = cmd!(shell, "git ls-remote --exit-code {ADVISORIES} HEAD")
        .env("GIT_TERMINAL_PROMPT", "0")
        .quiet()
        .ignore_stdout()
        .run();
    if reached.is_err() {
        bail!(
            "nothing was checked: the advisory database {ADVISORIES} cannot be reached from here"
        );
    }
    let audit = workspace::tool(&shell, root, "cargo-audit", CARGO_AUDIT)?;
    cmd!(shell, "{audit} audit --deny warnings").run()?;
    Ok(())
}

/// Writes what the program is built from to `target/sbom/breakglass.cdx.json` (`CycloneDX` 1.5).
pub(crate) fn bill_of_materials(root: &Path) -> Result<()> {
    let shell = workspace::shell(root)?;
    let tool = workspace::tool(&shell, root, "cargo-cyclonedx", CARGO_CYCLONEDX)?;
    let target = workspace::target(root)?;
    let folder = target.join("sbom");
    shell.create_dir(&folder)?;
    // The tool writes beside every manifest, so that it works on a copy.
    let copy = copy_of_commit(&shell, "HEAD", &target.join("sbom-tree"))?;
    let time = commit_time(&shell, "HEAD")?;
    let inside = shell.push_dir(&copy);
    cmd!(
        shell,
        "{tool} cyclonedx --quiet --format json --spec-version 1.5 --no-build-deps --override-filename breakglass.cdx"
    )
    .env("SOURCE_DATE_EPOCH", time)
    .run()?;
    let written = folder.join("breakglass.cdx.json");
    // It names our own packages by their folders, which are nobody's business.
    let bill = shell.read_file("crates/cli/breakglass.cdx.json")?;
    let bill = bill.replace(&copy.display().to_string(), "/breakglass");
    shell.write_file(&written, &bill)?;
    drop(inside);
    shell.remove_path(&copy)?;
    let bill: serde_json::Value = serde_json::from_str(&bill)?;
    let components = bill
        .get("components")
        .and_then(serde_json::Value::as_array)
        .map_or(0, Vec::len);
    ensure!(components > 0, "the bill of materials names nothing");
    say(&format!(
        "written: {} ({components} components)",
        written.display()
    ));
    Ok(())
}

/// Builds the program twice, from two copies of the commit in different folders, and compares the bytes. With counts, the
/// builds are those of the release that was guided by them.
pub(crate) fn repeat(root: &Path, counts: Option<&Path>) -> Result<()> {
    let shell = workspace::shell(root)?;
    let folder = workspace::target(root)?.join("repeat");
    let counts = counts.map(std::path::absolute).transpose()?;
    let counts = counts.map(|folder| Counts::of(&folder));
    if let Some(counts) = &counts {
        counts.require(&shell)?;
    }
    let guide = counts.as_ref().map_or(Guide::Nothing, Guide::Counts);
    let guided = if counts.is_some() {
        " --counts FOLDER"
    } else {
        ""
    };
    let mut measured = Measured::begin(
        &shell,
        ("repeat", "The build, repeated"),
        format!("cargo xtask repeat{guided}"),
    )?;
    let commit = cmd!(shell, "git rev-parse --short=12 HEAD").read()?;
    let mut hashes = Vec::new();
    for name in COPIES {
        let copy = copy_of_commit(&shell, &commit, &folder.join(name))?;
        say(&format!("building in {}", copy.display()));
        let build = Build {
            tree: &copy,
            target: &copy.join("target"),
            time: &commit_time(&shell, &commit)?,
            guide,
        };
        let program = build.run(&shell)?;
        let (hash, bytes) = (
            sha256(&shell, &program)?,
            std::fs::metadata(&program)?.len(),
        );
        say(&format!("{hash}  {bytes} bytes"));
        measured.rows.push(Row {
            what: format!("stripped program, built in a folder `{name}`"),
            found: format!("{bytes} bytes, SHA-256 {hash}"),
            held: bytes <= MOST_BYTES,
        });
        hashes.push(hash);
        shell.copy_file(&program, folder.join(format!("breakglass-{name}")))?;
        shell.remove_path(&copy)?;
    }
    let same = hashes.iter().all(|hash| Some(hash) == hashes.first());
    measured.rows.push(Row {
        what: format!("the two builds of commit {commit}"),
        found: if same {
            "the same, bit for bit"
        } else {
            "they differ"
        }
        .to_owned(),
        held: same,
    });
    measured.write(root)?;
    ensure!(
        same,
        "the builds differ; both programs are in {}",
        folder.display()
    );
    ensure!(
        measured.held(),
        "the program is larger than {MOST_BYTES} bytes"
    );
    Ok(())
}

/// A copy of what was committed, and of nothing else.
fn copy_of_commit(shell: &Shell, commit: &str, folder: &Path) -> Result<PathBuf> {
    shell.remove_path(folder)?;
    shell.create_dir(folder)?;
    let archive = folder.with_extension("tar");
    cmd!(
        shell,
        "git archive --format tar --output {archive} {commit}"
    )
    .run()?;
    cmd!(shell, "tar --extract --file {archive} --directory {folder}").run()?;
    shell.remove_path(&archive)?;
    Ok(folder.to_owned())
}
