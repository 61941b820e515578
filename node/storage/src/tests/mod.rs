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

/// `usual`, moved by the seed that a campaign gives: the scripts of one run stay different from each other.
fn seed(usual: u64) -> u64 {
    let given = std::env::var("CHAINSTACK_SEED").ok().and_then(|text| text.parse::<u64>().ok());
    given.map_or(usual, |given| usual.wrapping_add(given.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

/// `full` cases in the campaign, `quick` otherwise.
fn cases(quick: u64, full: u64) -> u64 {
    if std::env::var_os("CHAINSTACK_CAMPAIGN").is_some_and(|value| value == "1") { full } else { quick }
}
