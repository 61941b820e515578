//! The binary `chainstack`.

use std::process::ExitCode;

/// A block is made of many small, short-lived pieces, which the system's allocator serves slowly.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    chainstack_node::cli::run(std::env::args_os())
}
