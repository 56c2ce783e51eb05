//! What only the real program shows: its environment, and the code it ends with.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

use std::fs;
use std::process::{Command, Output};

use breakglass_cli::Exit;

fn breakglass(words: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_breakglass"));
    command
        .args(words)
        .env_clear()
        .envs(variables.iter().copied());
    command.output().unwrap()
}

/// The address that a first start tells, with these words, variables and file.
fn address(words: &[&str], variables: &[(&str, &str)], file: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("own.toml");
    fs::write(&config, file).unwrap();
    let data = folder.path().join("data");
    let mut all = vec!["init"];
    all.extend(words);
    let mut environment = vec![
        ("BREAKGLASS_CONFIG", config.to_str().unwrap()),
        ("BREAKGLASS_DATA_DIR", data.to_str().unwrap()),
    ];
    environment.extend(variables);
    let output = breakglass(&all, &environment);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(data.join("breakglass.db").exists());
    let line = told.lines().find_map(|line| line.strip_prefix("Address"));
    line.unwrap().trim().to_owned()
}

#[test]
fn a_flag_goes_before_the_environment_and_the_environment_before_the_file() {
    let file = "public-url = 'https://file.example'";
    let variable = [("BREAKGLASS_PUBLIC_URL", "https://env.example")];
    let flag = ["--public-url", "https://flag.example"];
    assert_eq!(address(&[], &[], ""), "http://127.0.0.1:8730");
    assert_eq!(address(&[], &[], file), "https://file.example");
    assert_eq!(address(&[], &variable, file), "https://env.example");
    assert_eq!(address(&flag, &variable, file), "https://flag.example");
}

#[test]
fn a_switch_can_stand_in_the_environment() {
    let listen = ("BREAKGLASS_LISTEN", "0.0.0.0:8730");
    let allowed = ("BREAKGLASS_ALLOW_PLAINTEXT", "yes");
    assert_eq!(
        address(&[], &[listen, allowed], ""),
        "http://localhost:8730"
    );
    let refused = breakglass(&["init", "--data-dir", "/nowhere/data"], &[listen]);
    assert_eq!(refused.status.code(), Some(i32::from(Exit::Usage.code())));
}

#[test]
fn the_program_ends_with_the_code_of_its_failure() {
    let check = |words: &[&str], variables: &[(&str, &str)], exit: Exit| {
        let output = breakglass(words, variables);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            output.status.code(),
            Some(i32::from(exit.code())),
            "{words:?}: {told}"
        );
        told
    };
    check(&["serve", "--listen"], &[], Exit::Usage);
    check(&["status"], &[], Exit::Unauthenticated);
    check(
        &["status", "--local", "--data-dir", "/nowhere"],
        &[],
        Exit::NotInitialized,
    );
    let server = ("BREAKGLASS_SERVER", "http://127.0.0.1:1");
    let token = ("BREAKGLASS_TOKEN", "hunter2.hunter2.hunter2");
    let told = check(&["status"], &[server, token], Exit::Unavailable);
    assert!(
        told.contains("127.0.0.1:1") && !told.contains("hunter2"),
        "{told}"
    );
    let elsewhere = ("BREAKGLASS_SERVER", "http://b.example");
    let told = check(&["status"], &[elsewhere, token], Exit::Usage);
    assert!(told.contains("--allow-plaintext"), "{told}");
}

#[test]
fn a_secret_of_the_environment_is_not_in_the_help() {
    let variables = [
        ("BREAKGLASS_PASSWORD", "hunter2"),
        ("BREAKGLASS_TOKEN", "hunter2"),
    ];
    let output = breakglass(&["status", "--help"], &variables);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter2"));
}
