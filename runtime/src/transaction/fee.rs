//! The fee market.
//!
//! The base fee of a block follows from its parent alone. With `target = limit / 2` and
//! `d = floor(base · |used − target| / target / 8)`, computed in 256 bits:
//!
//! - used > target: `base + max(1, d)`;
//! - used < target: `max(min, base − d)`;
//! - used = target: `base`.
//!
//! A transaction pays `min(max_fee, base + tip)` per gas; the base part is burnt, the rest is the tip.

use chainstack_primitives::{Amount, Gas, amount::mul_div};

use crate::params::{BlockParams, TipShares};

/// How much faster than proportionally the base fee does *not* move: an eighth per block at most.
const BASE_FEE_DAMPING: u128 = 8;

/// Base fee of the block after one with `base_fee` whose transactions used `gas_used`.
///
/// `params` are those in force in the parent. A base fee that would pass 128 bits stays at the greatest amount,
/// where nothing is includable any more until it falls.
#[must_use]
pub fn next_base_fee(params: &BlockParams, base_fee: Amount, gas_used: Gas) -> Amount {
    // A schedule's gas limit is at least 2, so the target is not zero.
    let target = (params.gas_limit.0 / 2).max(1);
    let distance = u128::from(gas_used.0.abs_diff(target));
    // Two floors in a row are one floor by the product of the divisors, which fits 128 bits.
    let divisor = u128::from(target).saturating_mul(BASE_FEE_DAMPING);
    let delta = mul_div(base_fee.0, distance, divisor);
    if gas_used.0 > target {
        let rise = delta.unwrap_or(u128::MAX).max(1);
        Amount(base_fee.0.saturating_add(rise))
    } else if gas_used.0 < target {
        // Below the target the distance is at most the target, so the difference is an eighth at most.
        let fall = delta.unwrap_or(u128::MAX);
        Amount(base_fee.0.saturating_sub(fall)).max(params.base_fee_min)
    } else {
        base_fee
    }
}

/// What a transaction pays per gas: `min(max_fee, base_fee + tip)`; `None` if `max_fee` is below the base fee,
/// so that the transaction is not includable.
#[must_use]
pub fn price_per_gas(base_fee: Amount, max_fee: Amount, tip: Amount) -> Option<Amount> {
    if max_fee < base_fee {
        return None;
    }
    // A sum past the greatest amount is above any max fee.
    Some(base_fee.checked_add(tip).map_or(max_fee, |wanted| wanted.min(max_fee)))
}

/// A block's tips and reward, by who receives them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TipSplit {
    /// For the miners of the shares that the block pays.
    pub miners: Amount,
    /// For the verifiers; what cannot be divided is theirs.
    pub verifiers: Amount,
}

/// Divides `total` by the shares in force. The two parts always add up to `total`.
#[must_use]
pub fn split_tip(shares: &TipShares, total: Amount) -> TipSplit {
    // The percentage is at most 100, so the quotient is at most the total.
    let miners = Amount(mul_div(total.0, u128::from(shares.miners_percent), 100).unwrap_or(total.0));
    TipSplit { miners, verifiers: total.checked_sub(miners).unwrap_or_default() }
}
