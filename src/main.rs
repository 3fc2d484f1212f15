//! The command `cortecs`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    cortecs::cli::main_with(|_| {})
}
