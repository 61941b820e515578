//! The meter of one transaction: gas, and the limits its signer gave.

use chainstack_primitives::{AccountId, Amount, Gas, codes};

use crate::{params::Schedule, ports::Failure};

/// Gas used by a transaction so far, under its limit. Charged before work is done, on every path.
#[derive(Clone, Debug)]
pub struct Meter<'a> {
    origin: AccountId,
    gas_limit: Gas,
    gas_used: Gas,
    deposit_max: Amount,
    schedule: &'a Schedule,
}

impl<'a> Meter<'a> {
    /// A fresh meter.
    #[must_use]
    pub const fn new(origin: AccountId, gas_limit: Gas, deposit_max: Amount, schedule: &'a Schedule) -> Self {
        Self { origin, gas_limit, gas_used: Gas(0), deposit_max, schedule }
    }

    /// Who signed, pays the gas and locks the deposits.
    #[must_use]
    pub const fn origin(&self) -> AccountId {
        self.origin
    }

    /// The prices in force.
    #[must_use]
    pub const fn schedule(&self) -> &'a Schedule {
        self.schedule
    }

    /// The most the transaction may lock as deposits.
    #[must_use]
    pub const fn deposit_max(&self) -> Amount {
        self.deposit_max
    }

    /// Gas used so far.
    #[must_use]
    pub const fn gas_used(&self) -> Gas {
        self.gas_used
    }

    /// Gas left.
    #[must_use]
    pub const fn gas_left(&self) -> Gas {
        Gas(self.gas_limit.0.saturating_sub(self.gas_used.0)) // used never passes the limit
    }

    /// Charges `gas`. When it does not suffice, all that is left is used up.
    ///
    /// # Errors
    /// [`codes::OUT_OF_GAS`].
    pub fn charge(&mut self, gas: Gas) -> Result<(), Failure> {
        match self.gas_used.checked_add(gas.0).filter(|used| *used <= self.gas_limit) {
            Some(used) => {
                self.gas_used = used;
                Ok(())
            }
            None => {
                let text = format!("{gas} gas asked, {} left of {}", self.gas_left(), self.gas_limit);
                self.gas_used = self.gas_limit;
                Err(Failure::new(codes::OUT_OF_GAS, text))
            }
        }
    }
}
