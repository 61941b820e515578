//! Quantities: amounts of money, gas, heights, nonces, times. Newtypes with checked arithmetic only.

use core::fmt;

use parity_scale_codec::{CompactAs, Decode, Encode, MaxEncodedLen};
use primitive_types::U256;

/// An amount in base units. One CSK is [`Amount::UNITS_PER_COIN`] base units.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, MaxEncodedLen, CompactAs,
)]
pub struct Amount(pub u128);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The greatest representable amount.
    pub const MAX: Self = Self(u128::MAX);
    /// Decimal places of the native coin.
    pub const DECIMALS: u32 = 18;
    /// Base units of one CSK.
    pub const UNITS_PER_COIN: u128 = 1_000_000_000_000_000_000;

    /// `coins` CSK; `None` past the greatest amount.
    #[must_use]
    pub const fn coins(coins: u128) -> Option<Self> {
        match coins.checked_mul(Self::UNITS_PER_COIN) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// The sum, or `None` past the greatest amount.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// The difference, or `None` below zero.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// The product, or `None` past the greatest amount.
    #[must_use]
    pub const fn checked_mul(self, factor: u128) -> Option<Self> {
        match self.0.checked_mul(factor) {
            Some(units) => Some(Self(units)),
            None => None,
        }
    }

    /// Whether this is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// `floor(a · b / c)` with the product in 256 bits; `None` if `c` is zero or the result passes 128 bits.
#[must_use]
pub fn mul_div(a: u128, b: u128, c: u128) -> Option<u128> {
    // 128 × 128 bits fit 256: the product cannot overflow.
    let product = U256::from(a).checked_mul(U256::from(b))?;
    let quotient = product.checked_div(U256::from(c))?;
    u128::try_from(quotient).ok()
}

macro_rules! quantity {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode, MaxEncodedLen)]
        pub struct $name(pub u64);

        impl $name {
            /// The sum, or `None` past 64 bits.
            #[must_use]
            pub const fn checked_add(self, count: u64) -> Option<Self> {
                match self.0.checked_add(count) {
                    Some(value) => Some(Self(value)),
                    None => None,
                }
            }

            /// The difference, or `None` below zero.
            #[must_use]
            pub const fn checked_sub(self, count: u64) -> Option<Self> {
                match self.0.checked_sub(count) {
                    Some(value) => Some(Self(value)),
                    None => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, formatter)
            }
        }
    };
}

quantity!(
    /// Metered work.
    Gas
);
quantity!(
    /// Position of a block in the chain; the genesis block has height 0.
    Height
);
quantity!(
    /// Count of transactions accepted from an account.
    Nonce
);
quantity!(
    /// Milliseconds since the Unix epoch, as the chain agreed on them.
    TimeMs
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mul_div_is_exact_at_the_edges() {
        let cases = [
            (0, 0, 1, Some(0)),
            (u128::MAX, u128::MAX, u128::MAX, Some(u128::MAX)),
            (u128::MAX, 2, 1, None),
            (u128::MAX, 1, 0, None),
            (7, 3, 2, Some(10)),
            (u128::MAX, u128::MAX - 1, u128::MAX, Some(u128::MAX - 1)),
        ];
        for (a, b, c, expected) in cases {
            assert_eq!(mul_div(a, b, c), expected, "{a} * {b} / {c}");
        }
    }
}
