//! What holds of the native coin after every block. Tests run this at their end.

use std::fmt;

use chainstack_primitives::{Account, AccountId, Amount};

use super::decode_total;
use crate::state::{Entry, EntryKey, reserved};

/// An invariant of the coin that does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Violation {
    /// Genesis + issued − burnt is not the sum of all balances.
    Supply {
        /// By the totals.
        expected: Amount,
        /// By the balances.
        found: Amount,
    },
    /// The deposits of all entries are not what [`reserved::DEPOSITS`] holds.
    Deposits {
        /// By the entries.
        expected: Amount,
        /// By the account.
        found: Amount,
    },
    /// What all escrows hold is not what [`reserved::ESCROWS`] holds.
    Escrows {
        /// By the entries.
        expected: Amount,
        /// By the account.
        found: Amount,
    },
    /// A sum passes 128 bits or falls below zero, or a total is not one.
    Overflow,
    /// The all-zero key owns something.
    ZeroKey,
    /// An entry belongs to an account that is neither a contract nor the protocol's.
    Owner(AccountId),
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supply { expected, found } => {
                write!(formatter, "supply of {expected} expected, balances of {found} found")
            }
            Self::Deposits { expected, found } => {
                write!(formatter, "deposits of {expected} expected, {found} held")
            }
            Self::Escrows { expected, found } => {
                write!(formatter, "escrows of {expected} expected, {found} held")
            }
            Self::Overflow => formatter.write_str("a sum passes its bounds"),
            Self::ZeroKey => formatter.write_str("the all-zero key owns something"),
            Self::Owner(owner) => write!(formatter, "{owner} owns entries but is no contract"),
        }
    }
}

impl std::error::Error for Violation {}

/// Checks the invariants of the coin over all of state.
///
/// # Errors
/// The first [`Violation`] found.
pub fn check<'a>(
    accounts: impl IntoIterator<Item = (&'a AccountId, &'a Account)>,
    entries: impl IntoIterator<Item = (&'a EntryKey, &'a Entry)>,
) -> Result<(), Violation> {
    let mut balances = Amount::ZERO;
    let (mut held, mut held_in_escrow) = (Amount::ZERO, Amount::ZERO);
    let mut contracts = std::collections::BTreeSet::new();
    for (id, account) in accounts {
        if id.is_zero() {
            return Err(Violation::ZeroKey);
        }
        balances = balances.checked_add(account.balance).ok_or(Violation::Overflow)?;
        if *id == reserved::DEPOSITS {
            held = account.balance;
        }
        if *id == reserved::ESCROWS {
            held_in_escrow = account.balance;
        }
        if account.is_contract() {
            contracts.insert(*id);
        }
    }
    let (mut deposits, mut created, mut burnt) = (Amount::ZERO, Amount::ZERO, Amount::ZERO);
    let mut escrows = Amount::ZERO;
    for (key, entry) in entries {
        if !contracts.contains(&key.contract) && !reserved::is_system(&key.contract) {
            return Err(Violation::Owner(key.contract));
        }
        deposits = deposits.checked_add(entry.deposit).ok_or(Violation::Overflow)?;
        if key.cell == reserved::NATIVE_ESCROWS {
            let amount = decode_total(entry).ok_or(Violation::Overflow)?;
            escrows = escrows.checked_add(amount).ok_or(Violation::Overflow)?;
        }
        if key.contract == reserved::TOTALS && key.cell == reserved::TOTALS_CELL {
            let total = decode_total(entry).ok_or(Violation::Overflow)?;
            match &*key.key {
                reserved::BURNT_KEY => burnt = total,
                _ => created = created.checked_add(total).ok_or(Violation::Overflow)?,
            }
        }
    }
    let supply = created.checked_sub(burnt).ok_or(Violation::Overflow)?;
    if supply != balances {
        return Err(Violation::Supply { expected: supply, found: balances });
    }
    if deposits != held {
        return Err(Violation::Deposits { expected: deposits, found: held });
    }
    if escrows != held_in_escrow {
        return Err(Violation::Escrows { expected: escrows, found: held_in_escrow });
    }
    Ok(())
}
