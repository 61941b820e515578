//! The typed parameter table and how it is read.

use std::fmt;

use chainstack_primitives::{Amount, Gas};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::host::HostSchedule;

/// Parameters of one protocol version.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The protocol version that these parameters are of; headers name it.
    pub version: u16,
    /// Blocks and their fees.
    pub block: BlockParams,
    /// Who receives tips and block rewards.
    pub tips: TipShares,
    /// Gas that is due before anything runs.
    pub intrinsic: IntrinsicGas,
    /// Deposits for room in state.
    pub storage: StoragePrices,
    /// Prices of running contract code.
    pub host: HostSchedule,
}

/// Blocks and their fees. Section `[block]`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockParams {
    /// Most gas that all transactions of a block may use; the base fee aims at half of it.
    #[serde(deserialize_with = "gas")]
    pub gas_limit: Gas,
    /// Base fee of the first block after genesis, in base units per gas.
    #[serde(deserialize_with = "amount")]
    pub base_fee_initial: Amount,
    /// The base fee never falls below this, in base units per gas.
    #[serde(deserialize_with = "amount")]
    pub base_fee_min: Amount,
    /// Base units issued with every block.
    #[serde(deserialize_with = "amount")]
    pub reward: Amount,
}

/// Shares of tips and block rewards, in percent; they add up to 100. Section `[tips]`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TipShares {
    /// For the miners of the block's shares.
    pub miners_percent: u8,
    /// For the verifiers.
    pub verifiers_percent: u8,
}

/// Gas that is due before anything runs, also of a transaction that fails. Section `[intrinsic]`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntrinsicGas {
    /// Every transaction: two account records, a receipt, a leaf in two trees.
    pub transaction: u64,
    /// Each byte of the encoded transaction.
    pub per_byte: u64,
    /// The signature.
    pub signature: u64,
    /// Creating an account by crediting it. Due when it happens, not in advance.
    pub account_new: u64,
    /// A transfer of coins.
    pub transfer: u64,
    /// An upload of code.
    pub upload: u64,
    /// Each byte of uploaded code: admission, instrumentation, compilation.
    pub upload_per_byte: u64,
    /// Creating a contract, besides what its constructor uses.
    pub instantiate: u64,
    /// Calling a contract, besides what the call uses.
    pub invoke: u64,
    /// Poking an exit.
    pub poke: u64,
}

/// Deposits, in base units. Section `[storage]`.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoragePrices {
    /// For each entry.
    #[serde(deserialize_with = "amount")]
    pub deposit_per_entry: Amount,
    /// For each byte that the entry may take at most (key and declared value bound).
    #[serde(deserialize_with = "amount")]
    pub deposit_per_byte: Amount,
    /// For each byte of uploaded code.
    #[serde(deserialize_with = "amount")]
    pub deposit_per_code_byte: Amount,
}

impl StoragePrices {
    /// Deposit of an entry with room for `size` bytes; `None` past the greatest amount.
    #[must_use]
    pub fn entry_deposit(&self, size: u32) -> Option<Amount> {
        self.deposit_per_byte.checked_mul(u128::from(size))?.checked_add(self.deposit_per_entry)
    }

    /// Deposit of `size` bytes of code; `None` past the greatest amount.
    #[must_use]
    pub fn code_deposit(&self, size: u32) -> Option<Amount> {
        self.deposit_per_code_byte.checked_mul(u128::from(size))?.checked_add(self.deposit_per_entry)
    }
}

/// Why a parameter file was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ScheduleError {
    /// Not the expected table: a key is missing, unknown or of another type.
    Malformed(String),
    /// The shares of miners and verifiers do not add up to 100.
    Shares {
        /// What they add up to.
        found: u16,
    },
    /// The block gas limit is below 2, so that it has no target.
    GasLimit(Gas),
    /// The base fee of the first block is below the least one.
    BaseFee {
        /// The least base fee.
        min: Amount,
        /// The base fee of the first block.
        initial: Amount,
    },
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(text) => write!(formatter, "not a parameter table: {text}"),
            Self::Shares { found } => {
                write!(formatter, "tip shares must add up to 100 percent, {found} found")
            }
            Self::GasLimit(found) => {
                write!(formatter, "block gas limit of at least 2 expected, {found} found")
            }
            Self::BaseFee { min, initial } => {
                write!(formatter, "first base fee of at least {min} expected, {initial} found")
            }
        }
    }
}

impl std::error::Error for ScheduleError {}

impl Schedule {
    /// The parameters of protocol version 1.
    ///
    /// # Errors
    /// [`ScheduleError`] if the file this was built with is wrong, which a test rules out.
    pub fn base() -> Result<Self, ScheduleError> {
        Self::parse(include_str!("base.toml"))
    }

    /// Reads a parameter file. Every key must be there, and no other.
    ///
    /// # Errors
    /// [`ScheduleError`] naming what is wrong.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let schedule: Self =
            toml::from_str(text).map_err(|error| ScheduleError::Malformed(error.to_string()))?;
        let shares = u16::from(schedule.tips.miners_percent)
            .saturating_add(u16::from(schedule.tips.verifiers_percent)); // two bytes fit 16 bits
        if shares != 100 {
            return Err(ScheduleError::Shares { found: shares });
        }
        if schedule.block.gas_limit < Gas(2) {
            return Err(ScheduleError::GasLimit(schedule.block.gas_limit));
        }
        let (min, initial) = (schedule.block.base_fee_min, schedule.block.base_fee_initial);
        if initial < min {
            return Err(ScheduleError::BaseFee { min, initial });
        }
        Ok(schedule)
    }
}

fn gas<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Gas, D::Error> {
    u64::deserialize(deserializer).map(Gas)
}

/// Base units as text, since 128 bits do not fit a TOML integer; `_` may group digits.
fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digits: String = text.chars().filter(|letter| *letter != '_').collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(D::Error::custom("base units as decimal digits expected"));
    }
    digits.parse().map(Amount).map_err(|_| D::Error::custom("base units of at most 128 bits expected"))
}
