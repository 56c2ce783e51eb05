//! What is read from the environment beside the flags, which clap reads itself.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;

use breakglass_domain::Secret;
use clap::{Arg, Command};

/// The variables of this product, read once. Their values are never printed.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, Secret>);

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of a variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&Secret> {
        self.0.get(name)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let ours = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(name, value)| name.starts_with("BREAKGLASS_") && !value.is_empty())
            .map(|(name, value)| (name, Secret::new(value)));
        Self(ours.collect())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The command line, without the variables that are set to nothing: whoever empties a variable takes back what was
/// chosen, and that is no value of a setting.
pub(crate) fn without_empty_variables(command: Command) -> Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    without_variables(command, &is_empty)
}

fn without_variables(command: Command, is_left_out: &dyn Fn(&OsStr) -> bool) -> Command {
    command
        .mut_args(|arg: Arg| {
            if arg.get_env().is_some_and(is_left_out) {
                arg.env(None::<&'static str>)
            } else {
                arg
            }
        })
        .mut_subcommands(|command| without_variables(command, is_left_out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printed_and_values_are_not() {
        let environment = Environment::from_iter([
            ("BREAKGLASS_TOKEN", "hunter2"),
            ("BREAKGLASS_PASSWORD", ""),
            ("HOME", "/root"),
        ]);
        assert_eq!(format!("{environment:?}"), r#"{"BREAKGLASS_TOKEN"}"#);
        assert!(environment.get("BREAKGLASS_PASSWORD").is_none());
    }
}
