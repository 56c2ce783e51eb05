//! What only the real program shows: its environment, and the code it ends with.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};

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
fn a_variable_that_is_set_to_nothing_says_nothing() {
    let file = "public-url = 'https://file.example'";
    let empty = [
        "LISTEN",
        "PUBLIC_URL",
        "TLS_CERT",
        "TLS_SELF_SIGNED",
        "TRUSTED_PROXY",
        "LOG",
        "LOG_FORMAT",
        "EMERGENCY_TTL_CAP",
        "CHECKPOINT_FILE",
        "MASTER_KEY_FILE",
    ];
    let names = empty.map(|name| format!("BREAKGLASS_{name}"));
    let variables: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(address(&[], &variables, file), "https://file.example");
    // The default of a flag is not lost either.
    let output = breakglass(&["status"], &[("BREAKGLASS_SERVER", "")]);
    assert_eq!(
        output.status.code(),
        Some(i32::from(Exit::Unauthenticated.code()))
    );
}

#[test]
fn a_file_of_the_working_folder_that_others_can_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("breakglass.toml");
    fs::write(&file, "public-url = 'https://file.example'").unwrap();
    let init = |mode: u32, data: &str, more: &[&str]| {
        fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_breakglass"));
        command
            .args(["init", "--data-dir", data])
            .args(more)
            .current_dir(folder.path())
            .env_clear();
        command.output().unwrap()
    };
    let refused = init(0o666, "refused", &[]);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(i32::from(Exit::Usage.code())));
    assert!(
        told.contains("breakglass.toml can be written by others"),
        "{told}"
    );
    assert!(!folder.path().join("refused").exists());

    let told = |output: Output| String::from_utf8(output.stdout).unwrap();
    for (mode, data, more) in [
        (0o644, "believed", [].as_slice()),
        (0o666, "named", ["--config", "breakglass.toml"].as_slice()),
    ] {
        let told = told(init(mode, data, more));
        assert!(told.contains("https://file.example"), "{told}");
    }
}

#[test]
fn a_switch_can_stand_in_the_environment() {
    let listen = ("BREAKGLASS_LISTEN", "0.0.0.0:8730");
    let allowed = ("BREAKGLASS_ALLOW_PLAINTEXT", "yes");
    let url = ("BREAKGLASS_PUBLIC_URL", "https://b.example");
    assert_eq!(
        address(&[], &[listen, allowed, url], ""),
        "https://b.example"
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
fn a_server_and_the_data_folder_are_not_asked_at_once() {
    let words = ["status", "--local", "--data-dir", "/nowhere"];
    let server = "http://127.0.0.1:1";
    let both = breakglass(&[&words[..], &["--server", server]].concat(), &[]);
    assert_eq!(both.status.code(), Some(i32::from(Exit::Usage.code())));
    // One that stands in the environment for all commands gives way.
    let beside = breakglass(&words, &[("BREAKGLASS_SERVER", server)]);
    assert_eq!(
        beside.status.code(),
        Some(i32::from(Exit::NotInitialized.code()))
    );
}

#[test]
fn a_negative_lifetime_is_told_what_a_lifetime_is() {
    let words = ["ec", "create", "--client-id", "a", "--ttl", "-5"];
    let refused = breakglass(&words, &[]);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("expected minutes"), "{told}");
}

#[test]
fn whoever_reads_no_further_is_told_apart_from_a_failure() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_breakglass"));
    let mut child = command
        .arg("man")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(i32::from(Exit::Unheard.code())));
    assert!(output.stderr.is_empty());
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
