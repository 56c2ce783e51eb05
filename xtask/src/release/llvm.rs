//! The tools of LLVM that a release needs beside the Rust compiler.

use std::path::Path;

use anyhow::{Context, Result};
use xshell::{Shell, cmd};

use crate::workspace;

/// The versions that understand the counts of this Rust compiler and give it theirs, the newest first.
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
            "a release needs `clang` and `llvm-profdata` of LLVM 19 or later, of one version, \
             which are not installed (Debian and Ubuntu: `apt install clang-19 llvm-19`)",
        )
    }

    /// The compiler of C.
    pub(super) fn clang(self) -> String {
        format!("clang-{}", self.version)
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
