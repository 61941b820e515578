//! Gas: what host functions and frames cost, from the schedule's prices and the table's terms.

use chainstack_analysis::{ExpressionCost, cost};
use chainstack_engine::{Guest, STACK_UNITS_MAX};
use chainstack_primitives::{Amount, codes, limit_table, limits::Limit, manifest::Expression};
use chainstack_runtime::{params::Schedule, ports::Failure};

use crate::INITIALIZE_GAS_MAX;
use crate::functions::NOTICES_MAX;
use crate::functions::table::{
    DATA_BYTES_MAX, ERROR_BYTES_MAX, EVENT_BYTES_MAX, HostFunction, KEY_BYTES_MAX, MESSAGE_BYTES_MAX,
    METHOD_BYTES_MAX, Price, Times, VALUE_BYTES_MAX,
};
use crate::memory::word;

/// Greatest number of frames on one call stack, the first included.
pub const CALL_DEPTH_MAX: usize = 32;

/// A called contract gets at most what is left less its 64th part, so that the caller can go on.
pub const GAS_KEPT_DIVISOR: u64 = 64;

/// Limits of running code, for the page of limits.
pub const RUN_LIMITS: &[Limit] = limit_table! {
    CALL_DEPTH_MAX, "frames", "frames on one call stack, the first included";
    STACK_UNITS_MAX, "units", "metered stack of one call chain";
    INITIALIZE_GAS_MAX, "gas", "what `_initialize` may use";
    NOTICES_MAX, "calls", "notifications that one call may queue";
    DATA_BYTES_MAX, "bytes", "arguments, outputs and results of a call";
    KEY_BYTES_MAX, "bytes", "key given to a host function";
    VALUE_BYTES_MAX, "bytes", "value given to a host function";
    EVENT_BYTES_MAX, "bytes", "fields of an event";
    ERROR_BYTES_MAX, "bytes", "fields of an error";
    METHOD_BYTES_MAX, "bytes", "name of a called method";
    MESSAGE_BYTES_MAX, "bytes", "message hashed or verified in one call";
};

/// What evaluating declared expressions takes, and entries that the host reads with them. Counted once, from the
/// declaration alone; priced by the schedule in force.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct CheckCost {
    pub(crate) nodes: u64,
    pub(crate) reads: u64,
    /// Bytes of constant keys, and of lists of members.
    pub(crate) bytes: u64,
}

/// Nodes that one operation with 256 bits counts as.
const WIDE_NODES: u32 = 10;

impl CheckCost {
    /// Adds what evaluating `expression` takes. The bound item is read by its binding, once for all.
    pub(crate) fn add(&mut self, expression: &Expression) {
        let ExpressionCost { nodes, wide, entry_reads, key_bytes, .. } = cost(expression);
        let nodes = nodes.saturating_add(wide.saturating_mul(WIDE_NODES));
        // A manifest has few expressions of few nodes: none of these is near its end.
        self.nodes = self.nodes.saturating_add(nodes.into());
        self.reads = self.reads.saturating_add(entry_reads.into());
        self.bytes = self.bytes.saturating_add(key_bytes.into());
    }

    /// The price in gas.
    pub(crate) fn gas(&self, schedule: &Schedule) -> u64 {
        let prices = &schedule.host;
        let nodes = prices.expression.saturating_mul(self.nodes);
        let reads = prices.read.saturating_mul(self.reads);
        nodes.saturating_add(reads).saturating_add(prices.byte.saturating_mul(self.bytes))
    }
}

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
            | Times::Moved
            | Times::Rewritten
            | Times::First
            | Times::Loaded
            | Times::Code
            | Times::Pages
            | Times::Asset => 0,
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
