//! The fuzz targets, run for a while each: what they find worth keeping joins the saved corpus.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use xshell::{Shell, cmd};

use crate::languages;
use crate::measured::{Measured, Row};
use crate::test::SCHEMATHESIS_VARIABLE;
use crate::workspace::{self, say};

/// The version that is installed where there is none.
const CARGO_FUZZ: &str = "0.13.2";

/// The folder of the fuzz targets, a workspace of its own.
const TARGETS: &str = "tests/fuzz/targets";

/// The folder of the saved corpus.
const CORPUS: &str = "tests/fuzz/corpus";

/// The most bytes that the saved corpus of a target may grow to.
const MOST_BYTES: u64 = 24 * 1024;

/// The most inputs that it may grow to.
const MOST_INPUTS: usize = 100;

/// The longest input that is made up, in bytes: longer than the longest token that is looked at.
const MAX_LENGTH: &str = "-max_len=20000";

/// An input that takes longer than this is a finding, in seconds.
const TIMEOUT: &str = "-timeout=10";

/// What is to be run.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// For how many minutes each target is run.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// How many targets are run at a time; a core of its own for each is best.
    #[arg(long, value_name = "N", default_value_t = NonZeroUsize::MIN)]
    jobs: NonZeroUsize,
    /// Ask the server itself for everything that its OpenAPI document has, instead: so many made-up requests for each operation.
    #[arg(long, value_name = "EXAMPLES", num_args = 0..=1, default_missing_value = "100", conflicts_with = "targets")]
    api: Option<u32>,
    /// These targets instead of all.
    targets: Vec<String>,
}

/// Runs them and writes what was found.
pub(crate) fn run(root: &Path, arguments: &Arguments) -> Result<()> {
    let shell = workspace::shell(root)?;
    if let Some(examples) = arguments.api {
        return ask_the_server(&shell, root, examples);
    }
    let known = names(&shell)?;
    for name in &arguments.targets {
        ensure!(
            known.contains(name),
            "there is no fuzz target {name}: there are {}",
            known.join(", ")
        );
    }
    let is_whole = arguments.targets.is_empty();
    let chosen = if is_whole { &known } else { &arguments.targets };
    let folder = build(&shell, root)?;
    let (minutes, jobs) = (arguments.minutes, arguments.jobs);
    let command = format!("cargo xtask fuzz --minutes {minutes} --jobs {jobs}");
    let mut measured = Measured::begin(&shell, ("fuzz", "Hostile input: fuzzing"), command)?;
    for few in chosen.chunks(jobs.get()) {
        say(&format!(
            "fuzzing {} for {minutes} minutes",
            few.join(" and ")
        ));
        let targets = few
            .iter()
            .map(|name| Target::new(&shell, root, &folder, name))
            .collect::<Result<Vec<_>>>()?;
        measured.rows.extend(run_together(targets, minutes)?);
        if is_whole {
            measured.write(root)?;
        }
    }
    for row in measured.rows.iter().filter(|row| !row.held) {
        say(&format!("{}: {}", row.what, row.found));
    }
    if measured.held() {
        return Ok(());
    }
    bail!(
        "the fuzz targets found something; the inputs are beside their corpora in the target folder"
    )
}

/// Runs the end-to-end tests that compare the server with its OpenAPI document, for longer than usual.
fn ask_the_server(shell: &Shell, root: &Path, examples: u32) -> Result<()> {
    let checker = languages::schemathesis(shell, root)?;
    let told = workspace::target(root)?.join("api-measured.tsv");
    shell.remove_path(&told)?;
    let command = format!("cargo xtask fuzz --api {examples}");
    let part = ("api", "Hostile input: the served OpenAPI document");
    let mut measured = Measured::begin(shell, part, command)?;
    cmd!(
        shell,
        "cargo build --quiet --locked --package breakglass-cli --bin breakglass"
    )
    .run()?;
    let outcome = cmd!(
        shell,
        "cargo test --quiet --locked --package breakglass-e2e --test hostile -- --test-threads 1"
    )
    .env(SCHEMATHESIS_VARIABLE, checker)
    .env("BREAKGLASS_E2E_EXAMPLES", examples.to_string())
    .env("BREAKGLASS_E2E_MEASURED", &told)
    .run();
    for line in shell.read_file(&told).unwrap_or_default().lines() {
        if let Some((what, found)) = line.split_once('\t') {
            measured.rows.push(Row {
                what: what.to_owned(),
                found: found.to_owned(),
                held: true,
            });
        }
    }
    measured.rows.push(Row {
        what: "the server".to_owned(),
        found: match &outcome {
            Ok(()) => "no 5xx, no undocumented answer, nothing in its log".to_owned(),
            Err(_) => "answered or logged what it must not; see what the test says".to_owned(),
        },
        held: outcome.is_ok(),
    });
    measured.write(root)?;
    Ok(outcome?)
}

fn names(shell: &Shell) -> Result<Vec<String>> {
    let folders = shell.read_dir(CORPUS)?;
    let names = folders.iter().filter_map(|path| path.file_name()?.to_str());
    Ok(names.map(str::to_owned).collect())
}

/// Builds every target with the instrumentation of libFuzzer, and gives the folder of the programs. No sanitizer: there is no
/// unsafe code here, and sanitizers need a compiler that is not stable.
fn build(shell: &Shell, root: &Path) -> Result<PathBuf> {
    let fuzz = workspace::tool(shell, root, "cargo-fuzz", CARGO_FUZZ)?;
    let built = workspace::target(root)?.join("fuzz");
    // The versions that are shipped are those that are fuzzed.
    shell.copy_file("Cargo.lock", format!("{TARGETS}/Cargo.lock"))?;
    cmd!(
        shell,
        "{fuzz} build --fuzz-dir {TARGETS} --target-dir {built} --sanitizer none"
    )
    .run()
    .context("the fuzz targets do not build; they need a C++ compiler (Debian and Ubuntu: `apt install g++`)")?;
    let compiler = cmd!(shell, "rustc --version --verbose").read()?;
    let host = compiler
        .lines()
        .find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not say what it compiles for")?;
    Ok(built.join(host).join("release"))
}

/// Runs targets side by side, and keeps what each found worth keeping.
fn run_together(targets: Vec<Target>, minutes: f64) -> Result<Vec<Row>> {
    std::thread::scope(|scope| {
        let running: Vec<_> = targets
            .into_iter()
            .map(|target| {
                scope.spawn(move || {
                    let row = target.run(minutes)?;
                    target.keep()?;
                    Ok(row)
                })
            })
            .collect();
        running
            .into_iter()
            .map(|target| {
                target
                    .join()
                    .map_err(|_| anyhow!("the run of a target broke off"))?
            })
            .collect()
    })
}

/// A fuzz target, with the folders that it works in.
struct Target {
    shell: Shell,
    name: String,
    program: PathBuf,
    saved: PathBuf,
    working: PathBuf,
    findings: PathBuf,
    least: PathBuf,
}

impl Target {
    fn new(shell: &Shell, root: &Path, programs: &Path, name: &str) -> Result<Self> {
        let folder = workspace::target(root)?.join("fuzz-corpus").join(name);
        let target = Self {
            shell: shell.clone(),
            name: name.to_owned(),
            program: programs.join(name),
            saved: root.join(CORPUS).join(name),
            working: folder.join("working"),
            findings: folder.join("findings"),
            least: folder.join("least"),
        };
        for folder in [&target.working, &target.findings] {
            shell.create_dir(folder)?;
        }
        Ok(target)
    }

    fn run(&self, minutes: f64) -> Result<Row> {
        let Self {
            program,
            working,
            saved,
            ..
        } = self;
        let time = format!("-max_total_time={:.0}", minutes * 60.0);
        let prefix = format!("-artifact_prefix={}/", self.findings.display());
        let output = cmd!(
            self.shell,
            "{program} {working} {saved} {time} {prefix} {MAX_LENGTH} {TIMEOUT} -print_final_stats=1"
        )
        .quiet()
        .ignore_status()
        .output()?;
        let log = String::from_utf8_lossy(&output.stderr);
        let findings = self.shell.read_dir(&self.findings)?.len();
        let found = Figures::read(&log).told(findings);
        if !output.status.success() {
            say(&log);
        }
        Ok(Row {
            what: self.name.clone(),
            held: output.status.success() && findings == 0,
            found,
        })
    }

    /// Makes the saved corpus the least one that reaches as much, as far as it stays small. What is there stays: each of those
    /// files shows something.
    fn keep(&self) -> Result<()> {
        let Self {
            program,
            working,
            saved,
            least,
            ..
        } = self;
        self.shell.remove_path(least)?;
        self.shell.create_dir(least)?;
        cmd!(
            self.shell,
            "{program} -set_cover_merge=1 {MAX_LENGTH} {least} {saved} {working}"
        )
        .quiet()
        .ignore_stderr()
        .run()
        .with_context(|| format!("the corpus of {} cannot be made smaller", self.name))?;
        let size = |path: &PathBuf| std::fs::metadata(path).map_or(0, |found| found.len());
        let there = self.shell.read_dir(saved)?;
        let mut bytes: u64 = there.iter().map(size).sum();
        let mut inputs = there.len();
        let mut new = self.shell.read_dir(least)?;
        new.sort_by_key(size);
        for input in new {
            let name = input.file_name().context("an input has a name")?;
            let place = saved.join(name);
            if place.exists() {
                continue;
            }
            bytes += size(&input);
            inputs += 1;
            if bytes > MOST_BYTES || inputs > MOST_INPUTS {
                break;
            }
            self.shell.copy_file(&input, place)?;
        }
        Ok(())
    }
}

/// What libFuzzer says of a run.
#[derive(Debug, Default, Eq, PartialEq)]
struct Figures {
    runs: u64,
    seconds: u64,
    edges: u64,
    inputs: u64,
}

impl Figures {
    fn read(log: &str) -> Self {
        let mut figures = Self::default();
        for line in log.lines() {
            // #1234  DONE   cov: 2155 ft: 5102 corp: 411/28Kb exec/s: 1310 rss: 96Mb
            let mut words = line.split_whitespace();
            if line.starts_with('#') {
                while let Some(word) = words.next() {
                    let number =
                        |text: &str| text.split('/').next().and_then(|text| text.parse().ok());
                    match word {
                        "cov:" => {
                            figures.edges = words.next().and_then(number).unwrap_or(figures.edges);
                        }
                        "corp:" => {
                            figures.inputs =
                                words.next().and_then(number).unwrap_or(figures.inputs);
                        }
                        _ => {}
                    }
                }
            } else if let Some(rest) = line.strip_prefix("Done ") {
                // Done 1234 runs in 61 second(s)
                let mut numbers = rest.split_whitespace().filter_map(|word| word.parse().ok());
                figures.runs = numbers.next().unwrap_or_default();
                figures.seconds = numbers.next().unwrap_or_default();
            }
        }
        figures
    }

    fn told(&self, findings: usize) -> String {
        let Self {
            runs,
            seconds,
            edges,
            inputs,
        } = self;
        format!(
            "{runs} runs in {seconds} s; {edges} edges reached by a corpus of {inputs} inputs; {findings} findings"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_a_run_are_read() {
        let log = "INFO: Seed: 1\n#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 30Mb\n\
                   #9000\tDONE   cov: 2155 ft: 5102 corp: 411/28Kb lim: 4096 exec/s: 1310 rss: 96Mb\n\
                   Done 9000 runs in 61 second(s)\nstat::number_of_executed_units: 9000\n";
        let figures = Figures::read(log);
        let expected = Figures {
            runs: 9000,
            seconds: 61,
            edges: 2155,
            inputs: 411,
        };
        assert_eq!(figures, expected);
        assert_eq!(
            figures.told(0),
            "9000 runs in 61 s; 2155 edges reached by a corpus of 411 inputs; 0 findings"
        );
    }

    #[test]
    fn a_run_that_broke_off_says_how_far_it_came() {
        let figures = Figures::read("#7\tNEW    cov: 5 ft: 6 corp: 2/4b\nthread panicked\n");
        assert_eq!(
            figures,
            Figures {
                edges: 5,
                inputs: 2,
                ..Figures::default()
            }
        );
    }
}
