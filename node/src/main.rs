//! The binary `chainstack`.

use std::process::ExitCode;

fn main() -> ExitCode {
    chainstack_node::cli::run(std::env::args_os())
}
