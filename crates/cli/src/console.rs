//! Where a command reads and writes, so that tests can look.

use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal, Write};

use breakglass_domain::Secret;

use crate::exit::{Exit, Failure};

/// The three streams of a command. Secrets go to `out` only, notes to `err`.
pub struct Console {
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    input: Box<dyn BufRead>,
    interactive: bool,
}

impl Console {
    /// The streams of this process.
    pub fn of_process() -> Self {
        Self {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            input: Box::new(BufReader::new(io::stdin())),
            interactive: io::stdin().is_terminal() && io::stderr().is_terminal(),
        }
    }

    /// These streams, with nobody at a terminal.
    pub fn new(
        out: impl Write + 'static,
        err: impl Write + 'static,
        input: impl BufRead + 'static,
    ) -> Self {
        Self {
            out: Box::new(out),
            err: Box::new(err),
            input: Box::new(input),
            interactive: false,
        }
    }

    /// Writes a line to standard output.
    ///
    /// # Errors
    /// When nobody reads it any more, or it cannot be written.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> Result<(), Failure> {
        writeln!(self.out, "{}", text.as_ref())
            .and_then(|()| self.out.flush())
            .map_err(|error| match error.kind() {
                // As of a pipe into `head`.
                ErrorKind::BrokenPipe => Failure::unheard(),
                _ => Failure::caused(Exit::Failed, "cannot write the output", &error),
            })
    }

    /// Writes an answer of the server to standard output as it came.
    ///
    /// # Errors
    /// As [`Console::line`].
    pub(crate) fn verbatim(&mut self, body: &[u8]) -> Result<(), Failure> {
        self.line(String::from_utf8_lossy(body.trim_ascii_end()))
    }

    /// Writes a note to standard error. A note that cannot be written is let go.
    pub(crate) fn note(&mut self, text: impl AsRef<str>) {
        drop(writeln!(self.err, "{}", text.as_ref()));
    }

    /// Asks a person at a terminal whether to go on; goes on when there is none.
    ///
    /// # Errors
    /// When the answer is not yes.
    pub(crate) fn confirm(&mut self, question: &str) -> Result<(), Failure> {
        if !self.interactive {
            return Ok(());
        }
        drop(write!(self.err, "{question} [y/N] ").and_then(|()| self.err.flush()));
        let answer = self.read_line()?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            return Ok(());
        }
        Err(Failure::new(
            Exit::Failed,
            "not confirmed; nothing was done",
        ))
    }

    /// Asks for a new password: twice and unseen at a terminal, otherwise the first line of standard input.
    ///
    /// # Errors
    /// When the two differ, or nothing can be read.
    pub(crate) fn new_password(&mut self) -> Result<Secret, Failure> {
        if !self.interactive {
            let line = Secret::new(self.read_line()?);
            return Ok(Secret::new(line.expose().trim_end_matches(['\r', '\n'])));
        }
        let first = prompt("New password: ")?;
        let second = prompt("The same again: ")?;
        if first.expose() == second.expose() {
            return Ok(first);
        }
        Err(Failure::new(Exit::Usage, "the two passwords differ"))
    }

    /// Reads a line of standard input, with its line end.
    ///
    /// # Errors
    /// When it cannot be read, or is no text.
    pub(crate) fn read_line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.input
            .read_line(&mut line)
            .map_err(|error| Failure::caused(Exit::Failed, "cannot read standard input", &error))?;
        Ok(line)
    }
}

fn prompt(question: &str) -> Result<Secret, Failure> {
    rpassword::prompt_password(question)
        .map(Secret::new)
        .map_err(|error| Failure::caused(Exit::Failed, "cannot read the password", &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line_of_input() {
        let mut console = Console::new(io::sink(), io::sink(), &b"two words \r\nmore"[..]);
        assert_eq!(console.new_password().unwrap().expose(), "two words ");
    }

    #[test]
    fn nobody_is_asked_where_nobody_is() {
        let mut console = Console::new(io::sink(), io::sink(), &b""[..]);
        assert_eq!(console.confirm("Delete it?"), Ok(()));
    }

    #[test]
    fn a_person_is_asked() {
        for (answer, goes_on) in [
            ("y\n", true),
            ("yes\n", true),
            ("\n", false),
            ("no\n", false),
        ] {
            let mut console = Console::new(io::sink(), io::sink(), answer.as_bytes());
            console.interactive = true;
            assert_eq!(console.confirm("Delete it?").is_ok(), goes_on, "{answer:?}");
        }
    }
}
