//! How many files the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit of open files as far as the system lets this process, and gives what it is then.
///
/// Most systems start programs with a soft limit of 1024, for the sake of those that use `select`, and leave it to the
/// others to raise it.
pub(crate) fn raise_limit() -> usize {
    let before = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: before.maximum,
        ..before
    };
    let limit = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised,
        Err(error) => {
            tracing::warn!(%error, "cannot raise the limit of open files");
            before
        }
    };
    let current = limit.current.map(usize::try_from);
    current.and_then(Result::ok).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soft_limit_becomes_the_hard_one() {
        let found = getrlimit(Resource::Nofile);
        let low = Rlimit {
            current: Some(64),
            ..found
        };
        setrlimit(Resource::Nofile, low).unwrap();
        let limit = raise_limit();
        assert_eq!(
            getrlimit(Resource::Nofile),
            Rlimit {
                current: found.maximum,
                ..found
            }
        );
        let hard = found
            .maximum
            .map(|maximum| usize::try_from(maximum).unwrap());
        assert_eq!(limit, hard.unwrap_or(usize::MAX));
    }
}
