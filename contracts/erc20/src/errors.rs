//! Why the token refuses.

use chainstack_sdk::{Amount, errors};

errors! {
    /// Why the token refuses. Each says what it found and what was asked.
    pub enum TokenError {
        /// The balance is less than the amount.
        InsufficientBalance = 1 {
            /// What the account has.
            balance: Amount,
            /// What was asked.
            needed: Amount,
        },
        /// The allowance is less than the amount.
        InsufficientAllowance = 2 {
            /// What the spender may still take.
            allowance: Amount,
            /// What was asked.
            needed: Amount,
        },
        /// The all-zero account is refused as receiver, spender and owner, and as one to take tokens from.
        ZeroAddress = 3,
        /// The token was issued with `mintable = false`.
        NotMintable = 4,
        /// The token was issued with `burnable = false`.
        NotBurnable = 5,
        /// The supply would pass the cap.
        CapExceeded = 6 {
            /// The greatest allowed supply.
            cap: Amount,
            /// What the supply would be.
            would_be: Amount,
        },
        /// The supply would pass the greatest amount there is.
        SupplyOverflow = 7 {
            /// What the supply is.
            supply: Amount,
            /// What was asked.
            amount: Amount,
        },
        /// The allowance is not the expected one.
        AllowanceChanged = 8 {
            /// What the caller expected.
            expected: Amount,
            /// What the allowance is.
            found: Amount,
        },
    }
}
