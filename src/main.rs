//! The command `cortecs`: parses what was typed, carries it out, prints one error.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use cortecs::cli::{Arguments, execute, print_error};

fn main() -> ExitCode {
    match execute(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
