//! What the token announces.

use chainstack_sdk::{AccountId, Amount, events};

events! {
    /// An amount moved; from the all-zero account when it was minted, to it when it was burnt.
    pub struct Transfer = 1 {
        /// From whom.
        from: AccountId,
        /// To whom.
        to: AccountId,
        /// How much.
        amount: Amount,
    }

    /// An allowance was set.
    pub struct Approval = 2 {
        /// Whose tokens.
        owner: AccountId,
        /// Who may take them.
        spender: AccountId,
        /// How much in all.
        amount: Amount,
    }

    /// The token was paused.
    pub struct Paused = 3 {
        /// By whom.
        account: AccountId,
    }

    /// The token goes on.
    pub struct Unpaused = 4 {
        /// By whom it was unpaused.
        account: AccountId,
    }
}
