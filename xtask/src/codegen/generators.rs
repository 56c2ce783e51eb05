//! The generators by name.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::contract::{self, Contract};
use super::output::{Mode, Output, ensure_contents};
use super::{operations, queries, reference, shapes, types};
use crate::bench;

/// A generator: its name on the command line and what it does.
struct Generator {
    name: &'static str,
    run: fn(&Path, Mode) -> Result<()>,
}

/// Every generator. To add one, write its file in this folder and name it here.
const GENERATORS: &[Generator] = &[
    Generator {
        name: "operations",
        run: |root, mode| from_contracts(root, mode, operations::generate),
    },
    Generator {
        name: "performance",
        run: |root, mode| ensure_all(root, mode, &bench::generate(root)?),
    },
    Generator {
        name: "queries",
        run: queries::generate,
    },
    Generator {
        name: "reference",
        run: |root, mode| from_contracts(root, mode, reference::generate),
    },
    Generator {
        name: "reliability",
        run: crate::reliability::generate,
    },
    Generator {
        name: "shapes",
        run: |root, mode| from_contracts(root, mode, shapes::generate),
    },
    Generator {
        name: "types",
        run: |root, mode| from_contracts(root, mode, types::generate),
    },
];

/// Runs one generator, or all.
pub(crate) fn run(root: &Path, name: Option<&str>, mode: Mode) -> Result<()> {
    let wanted: Vec<&Generator> = GENERATORS
        .iter()
        .filter(|generator| name.is_none_or(|name| name == generator.name))
        .collect();
    if wanted.is_empty() {
        let names: Vec<&str> = GENERATORS.iter().map(|generator| generator.name).collect();
        bail!("there is no such generator; there are {}", names.join(", "));
    }
    for generator in wanted {
        (generator.run)(root, mode)
            .with_context(|| format!("failed to generate {}", generator.name))?;
    }
    Ok(())
}

fn from_contracts(
    root: &Path,
    mode: Mode,
    generate: fn(&[Contract]) -> Result<Vec<Output>>,
) -> Result<()> {
    ensure_all(root, mode, &generate(&contract::read_all(root)?)?)
}

fn ensure_all(root: &Path, mode: Mode, outputs: &[Output]) -> Result<()> {
    for output in outputs {
        ensure_contents(&root.join(&output.path), &output.text, mode)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_files_are_up_to_date() {
        let root = crate::workspace::root().unwrap();
        // Describing the queries runs cargo, which would wait for the cargo that runs this test: `cargo xtask ci` does it.
        for generator in GENERATORS.iter().filter(|one| one.name != "queries") {
            run(&root, Some(generator.name), Mode::Check).unwrap();
        }
    }

    #[test]
    fn an_unknown_generator_is_refused_with_the_names_of_the_known() {
        let root = crate::workspace::root().unwrap();
        let error = run(&root, Some("nothing"), Mode::Check).unwrap_err();
        assert!(
            error.to_string().contains("operations, performance"),
            "{error}"
        );
    }
}
