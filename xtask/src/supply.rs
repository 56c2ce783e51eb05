//! Where a release comes from: known weaknesses of what it is built from, a bill of materials, and a build that anybody can repeat.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use xshell::{Shell, cmd};

use crate::measured::{Measured, Row};
use crate::workspace::{self, say};

/// The versions that are installed where there is none.
const CARGO_AUDIT: &str = "0.22.2";
const CARGO_CYCLONEDX: &str = "0.5.9";

/// Where known weaknesses of Rust packages are published.
const ADVISORIES: &str = "https://github.com/rustsec/advisory-db";

/// The most bytes of the program that is released: 20 MiB.
const MOST_BYTES: u64 = 20 * 1024 * 1024;

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

/// Builds the program twice, from two copies of the commit in different folders, and compares the bytes.
pub(crate) fn repeat(root: &Path) -> Result<()> {
    let shell = workspace::shell(root)?;
    let folder = workspace::target(root)?.join("repeat");
    let mut measured = Measured::begin(
        &shell,
        ("repeat", "The build, repeated"),
        "cargo xtask repeat".to_owned(),
    )?;
    let commit = cmd!(shell, "git rev-parse --short=12 HEAD").read()?;
    let mut hashes = Vec::new();
    for name in COPIES {
        let copy = copy_of_commit(&shell, &commit, &folder.join(name))?;
        say(&format!("building in {}", copy.display()));
        let program = build(&shell, &commit, &copy)?;
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

/// The release, without a trace of where it was built: paths and times are the same wherever it is built.
fn build(shell: &Shell, commit: &str, copy: &Path) -> Result<PathBuf> {
    let time = commit_time(shell, commit)?;
    let _inside = shell.push_dir(copy);
    let home = std::env::home_dir().context("there is a home folder")?;
    let cargo = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let (here, cargo) = (copy.display(), cargo.display());
    let rust = format!("--remap-path-prefix={here}=/breakglass --remap-path-prefix={cargo}=/cargo");
    let c = format!("-ffile-prefix-map={here}=/breakglass -ffile-prefix-map={cargo}=/cargo");
    let target = copy.join("target");
    cmd!(
        shell,
        "cargo build --quiet --locked --release --package breakglass-cli --bin breakglass"
    )
    .env("CARGO_TARGET_DIR", &target)
    .env("RUSTFLAGS", rust)
    .env("CFLAGS", &c)
    .env("CXXFLAGS", &c)
    .env("SOURCE_DATE_EPOCH", time)
    .run()?;
    Ok(target.join("release").join("breakglass"))
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

fn commit_time(shell: &Shell, commit: &str) -> Result<String> {
    Ok(cmd!(shell, "git log -1 --format=%ct {commit}").read()?)
}

fn sha256(shell: &Shell, file: &Path) -> Result<String> {
    let line = cmd!(shell, "sha256sum {file}").read()?;
    let hash = line.split_whitespace().next();
    Ok(hash.context("sha256sum tells a hash")?.to_owned())
}
