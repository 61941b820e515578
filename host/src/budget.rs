//! Gas: what host functions and frames cost, from the schedule's prices and the table's terms.

use chainstack_engine::Guest;
use chainstack_primitives::{Amount, codes};
use chainstack_runtime::{params::Schedule, ports::Failure};

use crate::admission::limits::Limit;
use crate::functions::table::{self, HostFunction, Price, Times};
use crate::memory::word;

/// Greatest number of frames on one call stack, the first included.
pub const CALL_DEPTH_MAX: usize = 32;

/// A called contract gets at most what is left less its 64th part, so that the caller can go on.
pub const GAS_KEPT_DIVISOR: u64 = 64;

const fn limit(name: &'static str, value: u64, unit: &'static str, what: &'static str) -> Limit {
    Limit { name, value, unit, what }
}

/// Limits of running code, for the page of limits.
pub const RUN_LIMITS: &[Limit] = &[
    limit("CALL_DEPTH_MAX", CALL_DEPTH_MAX as u64, "frames", "frames on one call stack, the first included"),
    limit(
        "STACK_UNITS_MAX",
        chainstack_engine::STACK_UNITS_MAX as u64,
        "units",
        "metered stack of one call chain",
    ),
    limit("INITIALIZE_GAS_MAX", crate::INITIALIZE_GAS_MAX, "gas", "what `_initialize` may use"),
    limit(
        "NOTICES_MAX",
        crate::functions::NOTICES_MAX as u64,
        "calls",
        "notifications that one call may queue",
    ),
    limit(
        "DATA_BYTES_MAX",
        table::DATA_BYTES_MAX as u64,
        "bytes",
        "arguments, outputs and results of a call",
    ),
    limit("KEY_BYTES_MAX", table::KEY_BYTES_MAX as u64, "bytes", "key given to a host function"),
    limit("VALUE_BYTES_MAX", table::VALUE_BYTES_MAX as u64, "bytes", "value given to a host function"),
    limit("EVENT_BYTES_MAX", table::EVENT_BYTES_MAX as u64, "bytes", "fields of an event"),
    limit("ERROR_BYTES_MAX", table::ERROR_BYTES_MAX as u64, "bytes", "fields of an error"),
    limit("METHOD_BYTES_MAX", table::METHOD_BYTES_MAX as u64, "bytes", "name of a called method"),
    limit(
        "MESSAGE_BYTES_MAX",
        table::MESSAGE_BYTES_MAX as u64,
        "bytes",
        "message hashed or verified in one call",
    ),
];

/// Gas left to a frame, outside of running code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct GasLeft(pub(crate) u64);

impl GasLeft {
    /// Takes `gas`; if there is less, everything.
    pub(crate) fn charge(&mut self, gas: u64) -> Result<(), Failure> {
        match self.0.checked_sub(gas) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => {
                let left = std::mem::take(&mut self.0);
                Err(out_of_gas(gas, left))
            }
        }
    }
}

fn out_of_gas(asked: u64, left: u64) -> Failure {
    Failure::new(codes::OUT_OF_GAS, format!("{asked} gas asked, {left} left"))
}

/// Takes `gas` from the running code; if there is less, everything.
pub(crate) fn charge(guest: &mut Guest<'_>, gas: u64) -> Result<(), Failure> {
    if guest.charge(gas) {
        return Ok(());
    }
    let left = guest.gas();
    guest.set_gas(0);
    Err(out_of_gas(gas, left))
}

/// Takes `count` times a price from the running code.
pub(crate) fn charge_times(
    guest: &mut Guest<'_>,
    schedule: &Schedule,
    price: Price,
    count: usize,
) -> Result<(), Failure> {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    charge(guest, price.gas(schedule).saturating_mul(count))
}

/// Takes what reading and writing one entry or account costs, besides those that are a function's own.
pub(crate) fn charge_update(guest: &mut Guest<'_>, schedule: &Schedule) -> Result<(), Failure> {
    // What does not fit is more than any limit.
    charge(guest, Price::Read.gas(schedule).saturating_add(Price::Write.gas(schedule)))
}

/// Takes what a host function costs before it does anything: its fixed terms, and those by length of arguments.
pub(crate) fn charge_function(
    guest: &mut Guest<'_>,
    schedule: &Schedule,
    row: &HostFunction,
    args: &[u64],
) -> Result<(), Failure> {
    let mut gas = 0_u64;
    for term in row.cost {
        let times = match term.times {
            Times::Fixed(count) => u64::from(count),
            Times::Argument(index) => u64::from(args.get(usize::from(index)).copied().map_or(0, word)),
            // Charged by the function, once it knows, before it goes on.
            Times::Copied
            | Times::Found
            | Times::Created
            | Times::Released
            | Times::Merged
            | Times::First
            | Times::Code
            | Times::Pages => 0,
        };
        // What does not fit is more than any limit.
        gas = gas.saturating_add(term.price.gas(schedule).saturating_mul(times));
    }
    charge(guest, gas)
}

/// Deposit of an entry that may take `size` bytes, key and value together.
///
/// # Errors
/// [`codes::DEPOSIT_LIMIT`] past the greatest amount.
pub(crate) fn entry_deposit(schedule: &Schedule, size: u32) -> Result<Amount, Failure> {
    let overflow =
        || Failure::new(codes::DEPOSIT_LIMIT, format!("the deposit of {size} bytes passes 128 bits"));
    schedule.storage.entry_deposit(size).ok_or_else(overflow)
}
