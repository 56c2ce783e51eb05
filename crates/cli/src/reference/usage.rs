//! The page of the command line.

use clap::{Arg, Command, CommandFactory};

use super::append;
use super::pages::NOTICE;
use crate::arguments::Cli;

/// Every command with everything it takes.
pub(super) fn render() -> String {
    let mut root = Cli::command();
    root.build();
    let mut page = format!(
        "{NOTICE}# Command line\n\n\
         `breakglass` is one binary: the server, and the commands that speak to it.\n\
         Every command but `serve`, `init`, `token inspect`, `completions` and `man` works against a server, or with \
         `--local` on the data folder itself, with no server running or beside a running one.\n\n\
         Against a server it needs credentials, which stand in the environment or in a file and never on the command \
         line: `BREAKGLASS_TOKEN` (an access token, or a session token), or `BREAKGLASS_USERNAME` and \
         `BREAKGLASS_PASSWORD`, or the file that `--credentials-file` names, with the keys `token`, or `username` and \
         `password`.\n\
         The file goes before the environment, and in the environment a token before a name and a password.\n\
         A password is turned into a session, which is given back when the command ends.\n\n\
         Answers go to standard output, and so do secrets; notes, warnings and errors go to standard error.\n\
         `--output json` gives the server's own object; a deletion that has none prints nothing.\n\
         A deletion asks first when somebody sits at a terminal, unless `--yes` is given.\n\
         The [exit codes](exit-codes.md) say how a command ended.\n"
    );
    shared(&mut page, &root);
    commands(&mut page, &root);
    page
}

/// The flags that every command but a few takes, once.
fn shared(page: &mut String, root: &Command) {
    let Some(status) = root.find_subcommand("status") else {
        return;
    };
    page.push_str(
        "\n## Where a command is carried out\n\n\
         These flags belong to every command below that names `CONNECTION`.\n\
         `--server` and `--local` cannot both be written; a `BREAKGLASS_SERVER` of the environment gives way to \
         `--local`.\n\
         Those of the data folder matter with `--local` only, and can also stand in the \
         [configuration](configuration.md).\n",
    );
    table(page, status.get_arguments().filter(|arg| is_shared(arg)));
    page.push_str("\nThis flag belongs to every command:\n");
    table(
        page,
        status.get_arguments().filter(|arg| arg.is_global_set()),
    );
}

fn commands(page: &mut String, command: &Command) {
    if !command.has_subcommands() {
        section(page, command);
    }
    let mut inner: Vec<&Command> = command
        .get_subcommands()
        .filter(|inner| inner.get_name() != "help")
        .collect();
    inner.sort_by_key(|inner| inner.get_name());
    for inner in inner {
        commands(page, inner);
    }
}

fn section(page: &mut String, command: &Command) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let about: Vec<String> = about.split("\n\n").map(in_sentences).collect();
    let mut usage = command.clone();
    let usage = usage.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let connects = command
        .get_arguments()
        .any(|arg| arg.get_long() == Some("server"));
    let connection = if connects { " [CONNECTION]" } else { "" };
    append(
        page,
        &format!(
            "\n## `{name}`\n\n{}\n\n```text\n{usage}{connection}\n```\n",
            about.join("\n\n")
        ),
    );
    let own = command
        .get_arguments()
        .filter(|arg| !(arg.is_global_set() || connects && is_shared(arg)));
    table(page, own);
}

/// Whether an argument says where a command is carried out.
fn is_shared(arg: &Arg) -> bool {
    matches!(arg.get_help_heading(), Some("Connection" | "Data folder"))
}

fn table<'a>(page: &mut String, args: impl Iterator<Item = &'a Arg>) {
    let args: Vec<&Arg> = args
        .filter(|arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version"))
        .collect();
    if args.is_empty() {
        return;
    }
    page.push_str("\n| argument | meaning |\n|---|---|\n");
    for arg in args {
        let env = arg.get_env().map(|name| name.to_string_lossy());
        let env = env.map(|name| format!(" Environment: `{name}`."));
        let env = env.unwrap_or_default();
        append(
            page,
            &format!("| `{}` | {}{env} |\n", spelled(arg), sentence(arg)),
        );
    }
}

/// An argument as it is written on the command line.
fn spelled(arg: &Arg) -> String {
    let value = arg
        .get_value_names()
        .and_then(|names| names.first())
        .map(ToString::to_string)
        .filter(|_| arg.get_action().takes_values());
    match (arg.get_long(), value) {
        (Some(long), Some(value)) if arg.is_require_equals_set() => format!("--{long}[={value}]"),
        (Some(long), Some(value)) => format!("--{long} {value}"),
        (Some(long), None) => format!("--{long}"),
        (None, value) => value.unwrap_or_default(),
    }
}

/// What an argument means, with its values and its default.
pub(super) fn sentence(arg: &Arg) -> String {
    let help = arg.get_long_help().or_else(|| arg.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let mut sentences: Vec<String> = help.split("\n\n").map(in_sentences).collect();
    if arg.get_action().takes_values() {
        let values = arg.get_possible_values();
        let values = values.iter().map(|value| value.get_name().to_owned());
        sentences.extend(listed("One of", values));
        let defaults = arg.get_default_values();
        let defaults = defaults
            .iter()
            .map(|value| value.to_string_lossy().into_owned());
        sentences.extend(listed("Default:", defaults));
    }
    sentences.join(" ").replace('|', "\\|")
}

/// A paragraph of help on one line, with a full stop, and with its default as a sentence of its own.
fn in_sentences(paragraph: &str) -> String {
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    let text = words.join(" ");
    let text = match text
        .strip_suffix(']')
        .and_then(|text| text.split_once(" [default: "))
    {
        Some((meaning, default)) => format!("{meaning}. Default: {default}"),
        None => text,
    };
    format!("{}.", text.trim_end_matches('.'))
}

fn listed(word: &str, values: impl Iterator<Item = String>) -> Option<String> {
    let quoted: Vec<String> = values.map(|value| format!("`{value}`")).collect();
    (!quoted.is_empty()).then(|| format!("{word} {}.", quoted.join(", ")))
}
