use clap::CommandFactory;

use super::*;

fn parse(line: &str) -> Result<Command, clap::Error> {
    Cli::try_parse_from(line.split(' ')).map(|cli| cli.command)
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn flags_are_named_after_the_fields_of_the_contract() {
    let command = parse(
        "breakglass emergency-client create --client-id a --client-name b --client-description c --ttl 30d --realm CUSTOMER --output token",
    );
    let Ok(Command::EmergencyClient(EmergencyClientCommand::Create {
        client_id,
        client_name,
        client_description,
        ttl,
        realm,
        issue,
        ..
    })) = command
    else {
        panic!("{command:?}");
    };
    assert_eq!(client_id, "a");
    assert_eq!(client_name.as_deref(), Some("b"));
    assert_eq!(client_description.as_deref(), Some("c"));
    assert_eq!(ttl.get(), 43_200);
    assert_eq!(realm.realm.as_deref(), Some("CUSTOMER"));
    assert_eq!(issue.output, IssueOutput::Token);
}

#[test]
fn every_command_that_was_promised_is_there() {
    for line in [
        "serve --data-dir d --listen 127.0.0.1:1 --public-url https://b.example",
        "serve --tls-cert c --tls-key k --checkpoint-file f --master-key-file m --admin-password-file p",
        "serve --tls-self-signed --allow-plaintext --emergency-ttl-cap 60 --status-list-ttl 5 --log-format json",
        "serve --checkpoint-interval 60 --trusted-proxy 10.0.0.1 --trusted-proxy 10.0.0.2 --config c.toml",
        "init --data-dir d",
        "status --output json",
        "broker add --tenant T --name N --algorithm EdDSA",
        "broker list --local --data-dir d",
        "realm create --broker T",
        "realm create --vidb-resource-id T",
        "realm delete T --force --yes --no-wait",
        "realm delete --realm T",
        "realm list",
        "ec list",
        "emergency-client show a",
        "emergency-client show --client-id a",
        "emergency-client regenerate a --output json",
        "emergency-client delete a --yes --local",
        "emergency-client regenerate a --token-file f",
        "api-client create --client-id a --client-name b --client-description c --realm T",
        "api-client list --like a --role vcf_viewer --page 1 --page-size 10 --output json",
        "api-client show --client-id -x",
        "api-client update a --client-description c",
        "api-client delete a --yes --local",
        "api-client grant a --role vcf_viewer --instance i --instance j --for 12h",
        "api-client revoke a --all",
        "api-token create --client-id a --token-name b --token-description c --ttl 30d --access-token-ttl 15m",
        "api-token create --api-client-id a --token-name b --api-token-ttl 30d --token-file f",
        "api-token list --client-id a --like b --alive --page 1",
        "api-token show a --output json",
        "api-token update a --token-name b --access-token-ttl 10",
        "api-token regenerate a --output token",
        "api-token delete a --yes",
        "oauth-app create --client-name a --redirect-url https://a/ --redirect-url https://b/ --logout-url https://c/",
        "oauth-app list",
        "oauth-app show a",
        "oauth-app replace a --client-name b",
        "oauth-app rotate a --token-file f",
        "oauth-app delete a --yes",
        "client-key list --client-id a --output json",
        "client-key set --client-id a --jwks f",
        "client-secret create --client-id a --overlap 1h",
        "client-secret list --client-id a",
        "client-secret delete b --client-id a --yes",
        "role list --type built-in --page-size 1000",
        "role show vcf_viewer --output json",
        "role create --role-name a --role-display-name b --component VCENTER=ReadOnly --component HCX=a",
        "role update --role-name a --role-description c --component NSX_MANAGER=auditor",
        "role delete a --yes",
        "token inspect -",
        "token inspect --file f",
        "token verify x --issuer https://b.example/acs/t/CUSTOMER",
        "token verify x --jwks keys.json",
        "audit list --limit 5 --after 3 --action realm.created --order ascending",
        "audit verify --checkpoint a.b.c",
        "audit export --file f",
        "audit checkpoint --append f",
        "admin set-password --username admin --password-file f",
        "completions bash",
        "man --dir d",
    ] {
        let parsed = parse(&format!("breakglass {line}"));
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
    }
}

#[test]
fn what_makes_no_sense_is_refused_as_usage() {
    for line in [
        "emergency-client create --client-id a --ttl soon",
        "emergency-client create --client-id a",
        "emergency-client show",
        "emergency-client show a --client-id b",
        "emergency-client list --output token",
        "emergency-client regenerate a --output json --token-file f",
        "realm delete",
        "broker add --tenant T --name N --algorithm HS256",
        "api-client create",
        "api-client update a",
        "api-client grant a",
        "api-client revoke a",
        "api-client revoke a --all --role b",
        "api-client list --page-size 1001",
        "role create --role-name a",
        "role create --role-name a --component VCENTER",
        "role create --role-name a --component UNKNOWN=a",
        "role create --role-name a --component TOASTER=a",
        "role list --type unknown",
        "token inspect",
        "token verify x --issuer nowhere",
        "audit list --limit 1001",
        "status --server b.example",
        "serve --log-format xml",
    ] {
        let error = parse(&format!("breakglass {line}")).unwrap_err();
        assert_eq!(
            error.exit_code(),
            i32::from(crate::Exit::Usage.code()),
            "{line}"
        );
    }
}

#[test]
fn an_odd_client_id_can_be_written() {
    let Ok(Command::EmergencyClient(EmergencyClientCommand::Show { client, .. })) =
        parse("breakglass ec show --client-id -x")
    else {
        panic!("it is refused");
    };
    assert_eq!(client.id(), "-x");
}

#[test]
fn a_token_on_the_command_line_is_not_printed() {
    let command = parse("breakglass token inspect hunter2").unwrap();
    assert!(!format!("{command:?}").contains("hunter2"));
}
