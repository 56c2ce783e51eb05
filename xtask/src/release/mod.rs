//! The program that is released: built with counters, put to the work of the bench, and built again with what was counted,
//! so that what is done often is fast and lies together, and what is never done is out of the way.

mod build;
mod llvm;
mod order;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use crate::bench::Training;
use crate::workspace::{self, say};

pub(crate) use build::{Build, Counts, Guide};
use llvm::Llvm;

/// The most bytes of the program that is released: 20 MiB.
pub(crate) const MOST_BYTES: u64 = 20 * 1024 * 1024;

/// The folder of all this among what cargo builds.
const FOLDER: &str = "guided";

/// The folder with the counts, which are published beside the program: whoever builds it again needs them.
const COUNTS: &str = "counts";

/// The folder in which the program is built that is guided by them.
const PROGRAM: &str = "program";

/// Builds, counts, builds again, and tells where the program is.
pub(crate) fn run(root: &Path) -> Result<()> {
    let shell = workspace::shell(root)?;
    // All is asked for before anything is built in vain.
    let llvm = Llvm::find(&shell)?;
    Training::require()?;
    let changed = cmd!(shell, "git status --porcelain").quiet().read()?;
    ensure!(
        changed.is_empty(),
        "what is released is what was committed, and this is not:\n{changed}"
    );
    let commit = cmd!(shell, "git rev-parse HEAD").quiet().read()?;
    let folder = workspace::target(root)?.join(FOLDER);
    let raw = folder.join("raw");
    say("building a program that counts; the first time takes minutes");
    let counting = here(&shell, root, "counting", Guide::Counting(&raw))?;
    // Cargo does not see it when counts are others.
    shell.remove_path(folder.join(PROGRAM))?;
    let counts = count(&shell, llvm, &counting, &raw, &folder.join(COUNTS))?;
    let program = guided(root)?;
    say(&format!("built of commit {commit}:"));
    for file in counts.files().into_iter().chain([program.as_path()]) {
        let (bytes, hash) = (std::fs::metadata(file)?.len(), sha256(&shell, file)?);
        say(&format!(
            "{}: {bytes} bytes, SHA-256 {hash}",
            file.display()
        ));
    }
    ensure!(
        std::fs::metadata(&program)?.len() <= MOST_BYTES,
        "the program is larger than {MOST_BYTES} bytes"
    );
    Ok(())
}

/// Takes away the counts that are there, and makes what this program counts when it starts and when it works.
fn count(shell: &Shell, llvm: Llvm, counting: &Path, raw: &Path, folder: &Path) -> Result<Counts> {
    shell.remove_path(folder)?;
    shell.create_dir(folder)?;
    let counts = Counts::of(folder);
    let mut training = Training::set(counting)?;
    // What it takes to make an installation is done once.
    shell.remove_path(raw)?;
    training.start()?;
    let starts = llvm.text(shell, raw)?;
    training.work()?;
    llvm.merge(shell, raw, &counts.profile)?;
    let order = order::order(&starts, &llvm.text(shell, raw)?);
    shell.write_file(&counts.order, order)?;
    shell.write_file(&counts.tools, llvm.describe(shell)?)?;
    Ok(counts)
}

/// The program of this tree, guided by the counts that are there.
///
/// # Errors
///
/// There are no counts, or the program cannot be built.
pub(crate) fn guided(root: &Path) -> Result<PathBuf> {
    let shell = workspace::shell(root)?;
    let counts = Counts::of(&workspace::target(root)?.join(FOLDER).join(COUNTS));
    counts
        .require(&shell)
        .context("`cargo xtask release` makes counts")?;
    say("building a program that is guided by counts; the first time takes minutes");
    here(&shell, root, PROGRAM, Guide::Counts(&counts))
}

fn here(shell: &Shell, root: &Path, name: &str, guide: Guide<'_>) -> Result<PathBuf> {
    let target = workspace::target(root)?.join(FOLDER).join(name);
    let time = commit_time(shell, "HEAD")?;
    let build = Build {
        tree: root,
        target: &target,
        time: &time,
        guide,
    };
    build.run(shell)
}

/// When this was committed, in seconds since 1970 UTC.
pub(crate) fn commit_time(shell: &Shell, commit: &str) -> Result<String> {
    Ok(cmd!(shell, "git log -1 --format=%ct {commit}").read()?)
}

/// The digest of a file, in hexadecimal digits.
pub(crate) fn sha256(shell: &Shell, file: &Path) -> Result<String> {
    let line = cmd!(shell, "sha256sum {file}").read()?;
    let hash = line.split_whitespace().next();
    Ok(hash.context("sha256sum tells a hash")?.to_owned())
}
