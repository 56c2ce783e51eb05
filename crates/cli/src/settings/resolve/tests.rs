use std::fs;

use clap::Parser;

use super::*;
use crate::arguments::{Cli, Command};

/// The settings of `serve` with these flags, beside this file.
fn resolve(flags: &[&str], file: &str) -> Result<ServeSettings, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("breakglass.toml");
    fs::write(&path, file).unwrap();
    let mut line = vec!["breakglass", "serve", "--config", path.to_str().unwrap()];
    line.extend(flags);
    match Cli::try_parse_from(line).unwrap().command {
        Command::Serve(arguments) => ServeSettings::resolve(&arguments, None),
        other => panic!("{other:?}"),
    }
}

fn faults(flags: &[&str], file: &str) -> String {
    let failure = resolve(flags, file).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    failure.to_string()
}

#[test]
fn nothing_said_gives_the_defaults() {
    let settings = resolve(&[], "").unwrap();
    assert_eq!(settings.listen.to_string(), DEFAULT_LISTEN);
    assert_eq!(settings.public_url, None);
    assert_eq!(settings.tls, Tls::Off);
    assert_eq!(settings.log, "info");
    assert_eq!(settings.data.folder, PathBuf::from(DEFAULT_DATA_DIR));
    assert_eq!(
        settings.data.master_key_file,
        PathBuf::from(DEFAULT_DATA_DIR).join("master.key")
    );
    assert_eq!(settings.data.options, Options::default());
}

#[test]
fn the_file_goes_before_a_default_and_a_flag_before_the_file() {
    let file = "listen = '127.0.0.1:1'\nemergency-ttl-cap = '2d'\nstatus-list-ttl = 5\nlog = 'debug'\n\
                public-url = 'https://file.example'\ntrusted-proxy = ['10.0.0.1']\nlog-format = 'json'";
    let settings = resolve(&[], file).unwrap();
    assert_eq!(settings.listen.port(), 1);
    assert_eq!(settings.data.options.emergency_ttl_cap, Minutes::new(2880));
    assert_eq!(settings.data.options.status_list_ttl_seconds, 5);
    assert_eq!(settings.log, "debug");
    assert_eq!(settings.log_format, Some(LogFormat::Json));
    assert_eq!(
        settings.public_url.unwrap().to_string(),
        "https://file.example"
    );
    assert_eq!(
        settings.trusted_proxies,
        ["10.0.0.1".parse::<TrustedProxy>().unwrap()]
    );

    let flags = [
        "--listen=127.0.0.1:2",
        "--emergency-ttl-cap=1h",
        "--status-list-ttl=6",
        "--public-url=https://flag.example/",
        "--trusted-proxy=10.0.0.0/8",
        "--trusted-proxy=::3",
        "--log-format=text",
    ];
    let settings = resolve(&flags, file).unwrap();
    assert_eq!(settings.listen.port(), 2);
    assert_eq!(settings.data.options.emergency_ttl_cap, Minutes::new(60));
    assert_eq!(settings.data.options.status_list_ttl_seconds, 6);
    assert_eq!(settings.log_format, Some(LogFormat::Text));
    assert_eq!(
        settings.public_url.unwrap().to_string(),
        "https://flag.example"
    );
    assert_eq!(settings.trusted_proxies.len(), 2);
}

#[test]
fn every_fault_is_told_at_once() {
    let told = faults(
        &["--public-url=b.example", "--tls-cert=c.pem"],
        "listen = 'here'\nemergency-ttl-cap = 'long'\nstatus-list-ttl = 0\ntrusted-proxy = ['x']\nlog-format = 'xml'",
    );
    for name in [
        "public-url",
        "tls-cert",
        "listen",
        "emergency-ttl-cap",
        "status-list-ttl",
        "trusted-proxy",
        "log-format",
    ] {
        assert!(told.contains(&format!("\n  {name}: ")), "{name} in {told}");
    }
}

#[test]
fn others_are_not_let_in_without_tls() {
    let told = faults(&["--listen=0.0.0.0:8730"], "");
    assert!(
        told.contains("--allow-plaintext") && told.contains("--tls-self-signed"),
        "{told}"
    );
    assert!(
        faults(
            &["--listen=[::]:8730", "--allow-plaintext=false"],
            "allow-plaintext = true"
        )
        .contains("TLS")
    );
    assert!(resolve(&["--listen=0.0.0.0:8730", "--allow-plaintext"], "").is_ok());
    assert!(resolve(&["--listen=0.0.0.0:8730", "--tls-self-signed"], "").is_ok());
    assert!(resolve(&["--listen=0.0.0.0:8730"], "allow-plaintext = true").is_ok());
    assert!(resolve(&["--listen=[::1]:8730"], "").is_ok());
}

#[test]
fn a_flag_for_one_kind_of_tls_puts_the_files_other_aside() {
    let file = "tls-cert = '/c.pem'\ntls-key = '/k.pem'";
    assert!(matches!(resolve(&[], file).unwrap().tls, Tls::Files { .. }));
    assert_eq!(
        resolve(&["--tls-self-signed"], file).unwrap().tls,
        Tls::SelfSigned
    );
    let told = faults(&["--tls-self-signed", "--tls-cert=c", "--tls-key=k"], "");
    assert!(told.contains("cannot be combined"), "{told}");
}

#[test]
fn each_setting_of_tls_is_taken_by_itself() {
    let file = "tls-cert = '/c.pem'\ntls-key = '/k.pem'";
    let files = |certificate: &str, key: &str| Tls::Files {
        certificate: certificate.into(),
        key: key.into(),
    };
    let tls = |flags: &[&str], file: &str| resolve(flags, file).unwrap().tls;
    // What asks for nothing takes nothing away.
    assert_eq!(
        tls(&["--tls-self-signed=false"], file),
        files("/c.pem", "/k.pem")
    );
    assert_eq!(tls(&["--tls-cert=d"], file), files("d", "/k.pem"));
    assert_eq!(tls(&["--tls-key=d"], file), files("/c.pem", "d"));
    assert_eq!(
        tls(&["--tls-cert=d"], "tls-key = '/k.pem'"),
        files("d", "/k.pem")
    );
    let asked = "tls-self-signed = true";
    assert_eq!(tls(&[], asked), Tls::SelfSigned);
    assert_eq!(tls(&["--tls-self-signed=false"], asked), Tls::Off);
    assert_eq!(
        tls(&["--tls-cert=c", "--tls-key=k"], asked),
        files("c", "k")
    );
    assert!(faults(&["--tls-cert=c"], asked).contains("needs tls-key"));
    let both = format!("{asked}\n{file}");
    assert!(faults(&[], &both).contains("cannot be combined"));
    assert!(faults(&["--tls-self-signed", "--tls-key=k"], file).contains("cannot be combined"));
}

#[test]
fn connections_are_bounded_by_what_was_chosen_and_by_open_files() {
    let options = |flags: &[&str], file: &str, descriptors: usize| {
        let options = resolve(flags, file).unwrap().server_options(descriptors);
        (options.max_connections, options.max_connections_per_source)
    };
    assert_eq!(options(&[], "", 1_000_000), (10_000, 2_500));
    assert_eq!(options(&[], "", 1024), (896, 224));
    assert_eq!(options(&[], "max-connections = 40", 1024), (40, 10));
    let flags = ["--max-connections=20", "--max-connections-per-source=20"];
    assert_eq!(options(&flags, "max-connections = 40", 1024), (20, 20));
    let told = faults(&["--max-connections=0"], "max-connections-per-source = 0");
    assert!(
        told.contains("\n  max-connections: ") && told.contains("\n  max-connections-per-source: "),
        "{told}"
    );
}

#[test]
fn whoever_speaks_for_many_is_not_counted_as_one() {
    let covered = |flags: &[&str], address: &str| {
        let options = resolve(flags, "").unwrap().server_options(1024);
        let address = address.parse().unwrap();
        let mut sources = options.uncounted_sources.iter();
        sources.any(|source| source.covers(address))
    };
    assert!(covered(&[], "127.0.0.1") && covered(&[], "::1"));
    assert!(!covered(&[], "10.0.0.1"));
    assert!(covered(&["--trusted-proxy=10.0.0.1"], "10.0.0.1"));
}

#[test]
fn a_cap_of_nothing_makes_no_sense() {
    assert!(faults(&["--emergency-ttl-cap=0"], "").contains("at least a minute"));
    assert!(faults(&["--checkpoint-interval=0"], "").contains("at least a minute"));
}

#[test]
fn checkpoints_come_as_often_as_was_chosen() {
    let interval = |flags: &[&str], file: &str| {
        let options = resolve(flags, file).unwrap().data.options;
        options.checkpoint_interval_millis
    };
    assert_eq!(interval(&[], ""), 300_000);
    assert_eq!(interval(&[], "checkpoint-interval = '1h'"), 3_600_000);
    assert_eq!(
        interval(&["--checkpoint-interval=2"], "checkpoint-interval = '1h'"),
        120_000
    );
}

#[test]
fn an_address_by_name_is_told_how_to_be_said() {
    for (listen, hint) in [
        ("localhost:8730", "127.0.0.1:8730"),
        ("b.example:8730", "names are not looked up"),
        ("8730", "such as"),
    ] {
        let told = faults(&[&format!("--listen={listen}")], "");
        assert!(told.contains(hint), "{told}");
    }
}

#[test]
fn services_stand_in_the_file_with_their_faults_told_at_once() {
    let file = "[[service]]\nkey = 'ops-li'\n[[service]]\nkey = 'ops-ni'\nport = 8000\ntype = 'VCF_OPS_NI'";
    let services = resolve(&[], file).unwrap().data.options.services;
    let keys: Vec<_> = services
        .iter()
        .map(|service| service.key.as_str())
        .collect();
    assert_eq!(keys, ["ops-li", "ops-ni"]);
    assert_eq!(services[1].port, Some(8000));
    let faults = faults(&[], "[[service]]\nkey = 'a b'\n[[service]]\nname = 'x'");
    for part in ["service: ", "[0].key", "[1].key is required"] {
        assert!(faults.contains(part), "{faults}");
    }
}

#[test]
fn certificates_of_clients_need_tls_here() {
    let settings = resolve(&["--tls-self-signed", "--tls-client-certificates"], "").unwrap();
    assert!(settings.client_certificates);
    assert!(!resolve(&[], "").unwrap().client_certificates);
    let fault = faults(&["--tls-client-certificates"], "");
    assert!(fault.contains("needs tls-cert"), "{fault}");
    let settings = resolve(&[], "require-dpop-nonce = true").unwrap();
    assert!(settings.data.options.require_dpop_nonce);
    assert!(!settings.data.options.allow_plain_http_key_sets);
    let settings = resolve(&["--allow-plain-http-key-sets"], "").unwrap();
    assert!(settings.data.options.allow_plain_http_key_sets);
}
