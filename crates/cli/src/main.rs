//! The binary `breakglass`.

use std::process::ExitCode;

fn main() -> ExitCode {
    breakglass_cli::main()
}
