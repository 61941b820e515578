//! Rules of the protocol's own modules, one folder each.

pub mod balances;
