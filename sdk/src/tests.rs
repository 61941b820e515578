//! What cannot be seen from outside: every status of the host has its meaning, and no other has.

use std::collections::BTreeSet;
use std::panic::catch_unwind;

use crate::call::PayError;
use crate::ledger::LedgerError;

/// The statuses that the host's page lists for `function`.
fn listed(function: &str) -> BTreeSet<u32> {
    let page = include_str!("../../host/docs/host-functions.md");
    let start = page.find(&std::format!("### `{function}(")).expect("a section of the page");
    let section = page.get(start..).expect("inside the page");
    let result = section.lines().find_map(|line| line.strip_prefix("- result: status: ")).expect("statuses");
    let number = |entry: &str| entry.split(' ').next().and_then(|number| number.parse().ok());
    result.split(", ").map(|entry| number(entry).expect("a number")).collect()
}

/// The statuses that `check` knows; it traps on every other.
fn known<E>(check: fn(u32) -> Result<(), E>) -> BTreeSet<u32> {
    (0..300).filter(|status| catch_unwind(|| check(*status).is_ok()).is_ok()).collect()
}

#[test]
fn every_status_that_the_host_lists_is_known_and_no_other() {
    let ledger = ["ledger_add", "ledger_sub", "ledger_move"].map(listed);
    let ledger: BTreeSet<u32> = ledger.into_iter().flatten().collect();
    assert_eq!(known(LedgerError::check), ledger);
    assert_eq!(known(PayError::check), listed("transfer"));
    assert_eq!(PayError::check(16), Err(PayError::ProtocolAddress));
}
