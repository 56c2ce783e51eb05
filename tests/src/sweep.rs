//! Schemathesis, which asks for everything that the served OpenAPI document says can be asked for, and compares the answers with it.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::python::target;
use crate::{Place, Server};

/// Names the program of a virtual environment that holds `tests/requirements-api.txt`.
const PROGRAM_VARIABLE: &str = "BREAKGLASS_E2E_SCHEMATHESIS";

/// How many examples are made up for each operation beside those that follow from its description.
const EXAMPLES_VARIABLE: &str = "BREAKGLASS_E2E_EXAMPLES";

/// A file that is told what a long run came to.
const MEASURED_VARIABLE: &str = "BREAKGLASS_E2E_MEASURED";

/// What is looked at in each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// A run over the served document.
#[derive(Debug)]
pub struct Sweep<'a> {
    /// Whose requests they are, in words.
    pub who: &'a str,
    /// The `Authorization` of each request, if it has one.
    pub authorization: Option<String>,
    /// What parameters of these names are set to, in place of what is made up.
    pub parameters: &'a [(&'a str, &'a str)],
    /// The operations that are left out, each with the reason.
    pub without: &'a [(&'a str, &'a str)],
}

impl Sweep<'_> {
    /// Asks, and fails the test with what was answered otherwise than the document says.
    pub fn run(&self, place: &Place, server: &Server) {
        let mut parameters = String::new();
        for (name, value) in self.parameters {
            writeln!(parameters, "{name:?} = {value:?}").expect("a text takes whatever is written");
        }
        let settings =
            place.secret_file("schemathesis.toml", &format!("[parameters]\n{parameters}"));
        let examples = std::env::var_os(EXAMPLES_VARIABLE).unwrap_or_else(|| "2".into());
        let mut command = Command::new(program());
        command.current_dir(settings.parent().expect("a file is in a folder"));
        command.args(["--no-color", "--config-file"]).arg(&settings);
        command.args(["run", &format!("{}/openapi.json", server.url())]);
        command.args(["--checks", CHECKS, "--seed", "1"]);
        command.arg("--max-examples").arg(&examples);
        command.args([
            "--phases",
            "examples,coverage,fuzzing",
            "--continue-on-failure",
        ]);
        command.args([
            "--generation-database",
            "none",
            "--suppress-health-check",
            "all",
        ]);
        command.args(["--no-shrink", "--warnings", "off"]);
        if let Some(value) = &self.authorization {
            command
                .arg("--header")
                .arg(format!("Authorization: {value}"));
        }
        for (operation, _) in self.without {
            command.args(["--exclude-operation-id", operation]);
        }
        let output = command.output().expect("Schemathesis starts");
        let told = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{told}\n{errors}", self.who);
        self.compare(&told);
    }

    /// Sees that as much was asked for as was wanted.
    fn compare(&self, told: &str) {
        let number = |before: &str, after: &str| {
            let rest = told.split_once(before).map(|(_, rest)| rest);
            let text = rest
                .and_then(|rest| rest.split_once(after))
                .map(|(text, _)| text.trim());
            text.and_then(|text| text.parse::<usize>().ok())
        };
        let selected = number("Selected:", "/").expect("how many operations were asked for");
        let tested = number("Tested:", "\n").expect("how many operations were tried");
        let all = number(&format!("Selected: {selected}/"), "\n").expect("how many there are");
        let cases = number("Test cases:\n", "generated").expect("how many requests there were");
        assert_eq!(
            (selected, tested),
            (all - self.without.len(), selected),
            "{told}"
        );
        assert!(cases > 10 * tested, "{told}");
        let Some(file) = std::env::var_os(MEASURED_VARIABLE) else {
            return;
        };
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(file)
            .expect("the file opens");
        writeln!(
            file,
            "{}\t{cases} requests to {tested} of {all} operations; each answer was one that the document has",
            self.who
        )
        .expect("the file can be written");
    }
}

fn program() -> PathBuf {
    let made = || {
        target()
            .join("e2e-api-venv")
            .join("bin")
            .join("schemathesis")
    };
    let path = std::env::var_os(PROGRAM_VARIABLE).map_or_else(made, PathBuf::from);
    assert!(
        path.is_file(),
        "{} is not there; `cargo xtask test` prepares the environment of this test, then runs it",
        path.display()
    );
    path
}
