//! Parameters of the protocol: prices and limits, read from data.
//!
//! `base.toml` is the table of version 1. It is parsed once, with strict keys, into a [`Schedule`] that the
//! caller holds and lends to every operation; nothing here is global. `golden/params.txt` pins the table.

mod host;
mod schedule;

pub use host::{HostSchedule, InstructionWeights};
pub use schedule::{BlockParams, IntrinsicGas, Schedule, ScheduleError, StoragePrices, TipShares};
