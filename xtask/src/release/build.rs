//! One build of the program, with what the compilers are told.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use crate::release::llvm::Llvm;

/// The machine whose builds are linked by LLVM's linker, which lays functions in a given order.
const ORDERED: &str = "x86_64-unknown-linux-gnu";

/// What a build knows of how the program is used.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Guide<'a> {
    /// Nothing, like `cargo build --release`.
    Nothing,
    /// Nothing yet: the program counts what it does, and writes that to this folder when it ends.
    Counting(&'a Path),
    /// What was counted.
    Counts(&'a Counts),
}

/// What was counted: how often each function and each branch was taken, and the order in which functions are to lie.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    pub(super) profile: PathBuf,
    pub(super) order: PathBuf,
    /// The versions of the compilers.
    pub(super) tools: PathBuf,
}

impl Counts {
    /// The counts in this folder.
    pub(crate) fn of(folder: &Path) -> Self {
        Self {
            profile: folder.join("breakglass.profdata"),
            order: folder.join("breakglass.order"),
            tools: folder.join("breakglass.tools"),
        }
    }

    /// Fails when they are not there, or when the compilers are not those that they were made with: then the bytes would
    /// be others.
    pub(crate) fn require(&self, shell: &Shell) -> Result<()> {
        for file in self.files() {
            ensure!(file.exists(), "there is no {}", file.display());
        }
        let (then, now) = (
            shell.read_file(&self.tools)?,
            Llvm::find(shell)?.describe(shell)?,
        );
        ensure!(
            then == now,
            "the counts were made with\n{then}and here is\n{now}"
        );
        Ok(())
    }

    /// All the files.
    pub(crate) fn files(&self) -> [&Path; 3] {
        [&self.profile, &self.order, &self.tools]
    }
}

/// One build of the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Build<'a> {
    /// The sources.
    pub(crate) tree: &'a Path,
    /// Where cargo builds.
    pub(crate) target: &'a Path,
    /// When the sources were committed, in seconds since 1970 UTC.
    pub(crate) time: &'a str,
    pub(crate) guide: Guide<'a>,
}

impl Build<'_> {
    /// The program, without a trace of where it was built: paths and times are the same wherever it is built.
    ///
    /// # Errors
    ///
    /// A guided build fails without LLVM's tools, and any does that does not compile.
    pub(crate) fn run(&self, shell: &Shell) -> Result<PathBuf> {
        let _inside = shell.push_dir(self.tree);
        let home = std::env::home_dir().context("there is a home folder")?;
        let cargo =
            std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
        let compiler = match self.guide {
            Guide::Nothing => "cc".to_owned(),
            Guide::Counting(_) | Guide::Counts(_) => Llvm::find(shell)?.clang(),
        };
        let machine = machine(shell)?;
        let places = Places {
            tree: self.tree,
            cargo: &cargo,
            target: self.target,
        };
        let Flags { rust, c } = Flags::of(self.guide, &machine, places)?;
        // The machine is named so that the flags are not those of programs that run while it is built, which would count too.
        cmd!(
            shell,
            "cargo build --quiet --locked --release --target {machine} --package breakglass-cli --bin breakglass"
        )
        .env("CARGO_TARGET_DIR", self.target)
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("RUSTFLAGS", rust)
        .env("CC", compiler)
        .env("CFLAGS", c)
        .env("SOURCE_DATE_EPOCH", self.time)
        .run()?;
        let folder = self.target.join(machine).join("release");
        Ok(folder.join("breakglass"))
    }
}

/// The machine that the compiler runs on, as a target.
fn machine(shell: &Shell) -> Result<String> {
    let told = cmd!(shell, "rustc --version --verbose").quiet().read()?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc tells its host")?.to_owned())
}

/// What the compilers are told.
#[derive(Debug)]
struct Flags {
    rust: String,
    c: String,
}

/// The folders that would be named in what is built.
#[derive(Clone, Copy, Debug)]
struct Places<'a> {
    tree: &'a Path,
    /// Where cargo keeps packages.
    cargo: &'a Path,
    target: &'a Path,
}

impl Flags {
    /// # Errors
    ///
    /// A folder has a name that flags cannot carry.
    fn of(guide: Guide<'_>, machine: &str, places: Places<'_>) -> Result<Self> {
        // The last that fits counts, and the target folder may lie in the tree.
        let mut named = vec![(places.tree, "/breakglass"), (places.cargo, "/cargo")];
        let mut told = vec![places.tree, places.cargo, places.target];
        match guide {
            Guide::Nothing => named.push((places.target, "/target")),
            Guide::Counts(counts) => {
                named.push((places.target, "/target"));
                told.extend(counts.files());
            }
            // That program is shown to nobody.
            Guide::Counting(folder) => told.push(folder),
        }
        for path in told {
            let path = path.to_string_lossy();
            ensure!(
                !path.contains([' ', ',']),
                "compilers are told of {path}, in whose name there may be no space and no comma"
            );
        }
        let instead = |flag: &str| -> Vec<String> {
            let mapped = |(path, name): &(&Path, &str)| format!("{flag}={}={name}", path.display());
            named.iter().map(mapped).collect()
        };
        let mut rust = instead("--remap-path-prefix");
        let mut c = instead("-ffile-prefix-map");
        match guide {
            Guide::Nothing => {}
            Guide::Counting(folder) => {
                let folder = folder.display();
                rust.push(format!("-Cprofile-generate={folder}"));
                c.push(format!("-fprofile-generate={folder}"));
                // Programs that run while all is being built load such C too, and have no place for counts of values.
                c.push("-mllvm -disable-vp".to_owned());
            }
            Guide::Counts(counts) => {
                let profile = counts.profile.display();
                rust.push(format!("-Cprofile-use={profile}"));
                if machine == ORDERED {
                    let order = counts.order.display();
                    rust.push(format!(
                        "-Clink-arg=-Wl,-z,keep-text-section-prefix,--no-warn-symbol-ordering,--symbol-ordering-file={order}"
                    ));
                }
                c.push(format!("-fprofile-use={profile}"));
                c.push("-Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date".to_owned());
            }
        }
        if !matches!(guide, Guide::Nothing) {
            // What a file keeps to itself is counted under its name, without the folder that it lies in.
            c.push("-mllvm -static-func-strip-dirname-prefix=99".to_owned());
        }
        let (rust, c) = (rust.join(" "), c.join(" "));
        Ok(Self { rust, c })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: [(&str, &str); 3] = [
        ("/home/me/tree", "/breakglass"),
        ("/home/me/.cargo", "/cargo"),
        ("/home/me/tree/target", "/target"),
    ];

    fn flags_on(machine: &str, guide: Guide<'_>) -> Flags {
        let [tree, cargo, target] = PLACES.map(|(path, _)| Path::new(path));
        let places = Places {
            tree,
            cargo,
            target,
        };
        Flags::of(guide, machine, places).unwrap()
    }

    fn flags(guide: Guide<'_>) -> Flags {
        flags_on(ORDERED, guide)
    }

    #[test]
    fn no_program_tells_where_it_was_built() {
        let counts = Counts::of(Path::new("/counts"));
        for guide in [Guide::Nothing, Guide::Counts(&counts)] {
            let Flags { rust, c } = flags(guide);
            for (path, name) in PLACES {
                let mapped = format!("--remap-path-prefix={path}={name}");
                assert!(rust.contains(&mapped), "{rust}");
                let mapped = format!("-ffile-prefix-map={path}={name}");
                assert!(c.contains(&mapped), "{c}");
            }
        }
    }

    #[test]
    fn a_folder_that_flags_cannot_carry_is_named() {
        let counts = Counts::of(Path::new("/my counts"));
        let [tree, cargo, target] = PLACES.map(|(path, _)| Path::new(path));
        let places = Places {
            tree,
            cargo,
            target,
        };
        let refused = Flags::of(Guide::Counts(&counts), ORDERED, places).unwrap_err();
        assert!(refused.to_string().contains("/my counts"), "{refused}");
    }

    #[test]
    fn rust_and_c_count_into_one_folder_and_are_guided_by_one_file() {
        let folder = Path::new("/counts");
        let counts = Counts::of(folder);
        let file = "profile-use=/counts/breakglass.profdata";
        for (guide, flag) in [
            (Guide::Counting(folder), "profile-generate=/counts"),
            (Guide::Counts(&counts), file),
        ] {
            let Flags { rust, c } = flags(guide);
            assert!(rust.contains(&format!(" -C{flag}")), "{rust}");
            assert!(c.contains(&format!(" -f{flag}")), "{c}");
        }
        let Flags { rust, c } = flags(Guide::Nothing);
        assert!(!rust.contains("profile") && !c.contains("profile"));
    }

    #[test]
    fn functions_are_ordered_where_the_linker_can() {
        let counts = Counts::of(Path::new("/counts"));
        let of = |machine| flags_on(machine, Guide::Counts(&counts)).rust;
        assert!(of(ORDERED).ends_with(",--symbol-ordering-file=/counts/breakglass.order"));
        assert!(!of("aarch64-unknown-linux-gnu").contains("link-arg"));
    }
}
