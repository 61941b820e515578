//! Tests at the door of the room: one script of blocks and reverts, run against a plain model on both backends.
#![expect(clippy::print_stdout, reason = "a failing test shows its seed")]

mod chain;
mod corruption;
mod crash;
mod history;
mod limits;
mod opening;
mod queries;
#[cfg(feature = "rocksdb")]
mod rocks;
mod threads;

/// `full` cases in the campaign, `quick` otherwise.
fn cases(quick: u64, full: u64) -> u64 {
    if std::env::var_os("CHAINSTACK_CAMPAIGN").is_some_and(|value| value == "1") { full } else { quick }
}
