//! The saved corpus: everything that the fuzz targets once found worth keeping, tried again.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what fails here fails the test"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use breakglass_api_types::openapi;
use breakglass_fuzz::{TARGETS, json_body};

/// The most that the corpus may hold, in bytes, so that a checkout stays small.
const MAX_BYTES: usize = 300 * 1024;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let names = entries.map(|entry| entry.unwrap().path());
    names
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

/// Every input of a target, with the name of its file.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder("corpus").join(target);
    let inputs = names(&folder).into_iter().map(|name| {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).unwrap();
        (path, bytes)
    });
    inputs.collect()
}

#[test]
fn every_input_of_the_saved_corpus_holds() {
    for target in TARGETS {
        let inputs = corpus(target.name);
        assert!(inputs.len() >= 5, "{} has no corpus", target.name);
        for (path, bytes) in inputs {
            let outcome = std::panic::catch_unwind(|| (target.check)(&bytes));
            assert!(outcome.is_ok(), "{} no longer holds", path.display());
        }
    }
}

#[test]
fn the_corpus_is_small() {
    let inputs = TARGETS.iter().flat_map(|target| corpus(target.name));
    let bytes: usize = inputs.map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes <= MAX_BYTES, "{bytes} bytes");
}

#[test]
fn every_reader_has_a_fuzz_target_and_a_corpus_and_none_is_left_over() {
    let known: BTreeSet<String> = TARGETS.iter().map(|one| one.name.to_owned()).collect();
    assert_eq!(names(&folder("corpus")), known);
    assert_eq!(names(&folder("targets/fuzz_targets")), known);
    let manifest = std::fs::read_to_string(folder("targets/Cargo.toml")).unwrap();
    for name in known {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

#[test]
fn every_type_of_body_in_the_contracts_is_tried() {
    let document = openapi(|_| true).unwrap();
    let mut bodies = BTreeSet::new();
    for path in document["paths"].as_object().unwrap().values() {
        for operation in path.as_object().unwrap().values() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if let Some(target) = schema["$ref"].as_str() {
                bodies.insert(target.rsplit('/').next().unwrap().to_owned());
            }
        }
    }
    // The contract's name of this one is not that of a type.
    assert!(bodies.remove("username-password"));
    bodies.insert("UsernamePassword".to_owned());
    let tried: BTreeSet<String> = json_body::NAMES
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    assert_eq!(bodies, tried);
}
