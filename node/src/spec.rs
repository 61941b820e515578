//! The development chain's genesis: who owns what, and which paradigms it starts with.

use chainstack_client::KeyPair;
use chainstack_primitives::{AccountId, Amount, TimeMs};
use chainstack_runtime::{
    genesis::{Genesis, Paradigm, Validator},
    params::Schedule,
};

/// Name of the development chain.
pub const DEV_NAME: &str = "dev";
/// Well-known keys with coins on the development chain, in the Substrate world's order.
pub const DEV_KEYS: [&str; 6] = ["//Alice", "//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie"];
/// Coins of each of [`DEV_KEYS`].
pub const DEV_COINS: u128 = 1_000_000;
/// The key that `dev_fund` pays from.
pub const FAUCET_KEY: &str = "//Faucet";
/// Coins of the faucet.
pub const FAUCET_COINS: u128 = 1_000_000_000;
/// The key that proposes blocks.
pub const OPERATOR_KEY: &str = "//Operator";
/// Time of the development chain's genesis block: 2026-01-01T00:00:00Z. Fixed, so that the chain id is.
pub const DEV_GENESIS_MS: u64 = 1_767_225_600_000;

/// The paradigms that this program carries: name and code.
pub const PARADIGMS: &[(&str, &[u8])] = &[("erc20", include_bytes!("../../contracts/artifacts/erc20.wasm"))];

/// Why a genesis cannot be made: a mistake in this program's own constants.
#[derive(Debug)]
pub struct SpecError(String);

impl std::fmt::Display for SpecError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for SpecError {}

fn account(uri: &str) -> Result<AccountId, SpecError> {
    KeyPair::from_uri(uri).map(|key| key.public()).map_err(|error| SpecError(format!("{uri}: {error}")))
}

/// The account that proposes the development chain's blocks.
///
/// # Errors
/// Never with this program's constants.
pub fn operator() -> Result<AccountId, SpecError> {
    account(OPERATOR_KEY)
}

/// Genesis of the development chain.
///
/// # Errors
/// Never with this program's constants.
pub fn dev(schedule: &Schedule) -> Result<Genesis, SpecError> {
    let balances = DEV_KEYS.iter().map(|uri| (account(uri), DEV_COINS));
    let balances = balances.chain([(account(FAUCET_KEY), FAUCET_COINS)]);
    let balances = balances.map(|(id, coins)| Ok((id?, Amount::coins(coins).unwrap_or(Amount::MAX))));
    with_balances(DEV_NAME, schedule, balances.collect::<Result<_, SpecError>>()?)
}

/// A genesis like the development chain's, with these balances.
///
/// # Errors
/// If there are more balances than a genesis may have.
pub fn with_balances(
    name: &str,
    schedule: &Schedule,
    mut balances: Vec<(AccountId, Amount)>,
) -> Result<Genesis, SpecError> {
    let refused = |error: chainstack_primitives::BoundExceeded| SpecError(error.to_string());
    balances.sort_unstable_by_key(|(id, _)| *id);
    let paradigms = PARADIGMS.iter().map(|(name, code)| {
        Ok(Paradigm {
            name: (*name).try_into().map_err(refused)?,
            code: (*code).try_into().map_err(refused)?,
        })
    });
    let paradigms: Vec<Paradigm> = paradigms.collect::<Result<_, SpecError>>()?;
    Ok(Genesis {
        name: name.try_into().map_err(refused)?,
        version: schedule.version,
        time_ms: TimeMs(DEV_GENESIS_MS),
        balances: balances.try_into().map_err(refused)?,
        paradigms: paradigms.try_into().map_err(refused)?,
        validators: vec![Validator { id: operator()?, power: 1 }].try_into().map_err(refused)?,
    })
}
