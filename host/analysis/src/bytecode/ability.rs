//! What code can do only by calling one of some functions of the host.

use super::HostFunction;

/// The module that the host's functions come from.
const MODULE: &str = "chainstack";

/// Something that code can bring about only by a function of the host.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ability {
    /// Send native coins, by themselves or with a call.
    SendsCoins,
    /// Call other contracts, now or after the method has ended.
    CallsOthers,
    /// Write cells, ledgers among them.
    WritesCells,
    /// Move value into or out of escrow.
    MovesEscrow,
    /// Announce events.
    Announces,
}

/// Functions that do nothing of all this: they read, compute, end the call, or choose among declared targets.
const HARMLESS: [&str; 30] = [
    "input",
    "output",
    "result",
    "revert",
    "caller",
    "origin",
    "self",
    "value",
    "balance",
    "height",
    "time_ms",
    "gas_left",
    "chain",
    "param",
    "role",
    "cell_get",
    "cell_count",
    "cell_sum",
    "ledger_get",
    "state",
    "transition",
    "escrowed",
    "unique_owner",
    "unique_count",
    "keccak256",
    "sha3_256",
    "blake2b_256",
    "sr25519_verify",
    "ed25519_verify",
    "ecdsa_recover",
];

impl Ability {
    /// Every ability.
    pub const ALL: [Self; 5] =
        [Self::SendsCoins, Self::CallsOthers, Self::WritesCells, Self::MovesEscrow, Self::Announces];

    /// The functions of the host that give it.
    #[must_use]
    pub const fn functions(self) -> &'static [&'static str] {
        match self {
            Self::SendsCoins => &["transfer", "invoke"],
            Self::CallsOthers => &["invoke", "notify"],
            Self::WritesCells => &[
                "cell_set",
                "cell_delete",
                "ledger_add",
                "ledger_sub",
                "ledger_move",
                "unique_mint",
                "unique_move",
            ],
            Self::MovesEscrow => &["escrow_in", "escrow_asset_in", "escrow_out"],
            Self::Announces => &["emit"],
        }
    }

    /// What it is, as the rest of a sentence that begins with the code.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::SendsCoins => "sends native coins",
            Self::CallsOthers => "calls other contracts",
            Self::WritesCells => "writes cells",
            Self::MovesEscrow => "moves value into or out of escrow",
            Self::Announces => "announces events",
        }
    }

    /// Whether the function may give it. A function that is not known here may give anything.
    pub(super) fn may_need(self, function: &HostFunction) -> bool {
        let name = function.name.as_str();
        let known = function.module == MODULE
            && (HARMLESS.contains(&name)
                || Self::ALL.iter().any(|ability| ability.functions().contains(&name)));
        !known || self.functions().contains(&name)
    }
}
