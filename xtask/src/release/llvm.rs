//! The tools of LLVM that a release needs beside the Rust compiler.

use std::path::Path;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::workspace;

/// The versions that are looked for, the newest first. Before 19 the counts of this Rust compiler are not understood, and what is
/// newer than 22, its own, may write counts that it does not understand.
const VERSIONS: [u8; 4] = [22, 21, 20, 19];

/// The tools of one version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Llvm {
    version: u8,
}

impl Llvm {
    /// Those that are installed.
    ///
    /// # Errors
    ///
    /// There are none, or they are too old.
    pub(super) fn find(shell: &Shell) -> Result<Self> {
        let all = VERSIONS.map(|version| Self { version });
        let is_there = |llvm: &Self| {
            let programs = [llvm.clang(), llvm.profdata()];
            programs
                .iter()
                .all(|program| workspace::answers(shell, program))
        };
        all.into_iter().find(is_there).context(
            "a release needs `clang-19` and `llvm-profdata-19`, or both of a version up to 22, \
             which are not installed (Debian and Ubuntu: `apt install clang-19 llvm-19`)",
        )
    }

    /// The compiler of C.
    pub(super) fn clang(self) -> String {
        format!("clang-{}", self.version)
    }

    /// The versions of everything that decides what bytes come out, each on a line.
    pub(super) fn describe(self, shell: &Shell) -> Result<String> {
        let mut lines = String::new();
        for program in ["rustc".to_owned(), self.clang(), "cc".to_owned()] {
            let told = cmd!(shell, "{program} --version").quiet().read()?;
            lines.push_str(told.lines().next().unwrap_or_default());
            lines.push('\n');
        }
        Ok(lines)
    }

    fn profdata(self) -> String {
        format!("llvm-profdata-{}", self.version)
    }

    /// Puts what several programs have counted together in one file.
    pub(super) fn merge(self, shell: &Shell, raw: &Path, profile: &Path) -> Result<()> {
        let program = self.profdata();
        Ok(cmd!(shell, "{program} merge --output {profile} {raw}").run()?)
    }

    /// The same as text, without what was never done.
    pub(super) fn text(self, shell: &Shell, raw: &Path) -> Result<String> {
        let program = self.profdata();
        let text = cmd!(shell, "{program} merge --text --sparse --output - {raw}");
        Ok(text.read()?)
    }
}
