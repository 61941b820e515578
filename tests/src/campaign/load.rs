//! Many transactions, and what the chain's accounts add up to.

use chainstack_client::{rpc::RpcError, transaction::Unsigned};
use chainstack_primitives::{
    Amount, Call, Transaction, codec::decode_all, transaction::TRANSACTION_SIZE_MAX,
};
use serde_json::{Value, json};

use crate::{
    node::TestNode,
    wallet::{Wallet, hex_of},
};

/// Accounts that have coins on the development chain and get fees.
const HOLDERS: [&str; 8] =
    ["//Alice", "//Bob", "//Charlie", "//Dave", "//Eve", "//Ferdie", "//Faucet", "//Operator"];

/// The call that a command would send, and the deposit it would lock.
///
/// # Errors
/// If the command fails.
pub(super) fn call_of(node: &TestNode, arguments: &[&str]) -> Result<(Call, Amount), String> {
    let output = node.cli(&[arguments, &["--unsigned", "--output", "json"]].concat());
    if output.status != Some(0) {
        return Err(format!("{arguments:?}: {output:?}"));
    }
    let text = output.json()["unsigned"].as_str().map(|text| text.trim_start_matches("0x").to_owned());
    let bytes = hex::decode(text.unwrap_or_default()).map_err(|error| error.to_string())?;
    let unsigned: Unsigned = decode_all(&bytes, TRANSACTION_SIZE_MAX).map_err(|error| error.to_string())?;
    Ok((unsigned.body.call, unsigned.body.max_deposit))
}

/// Submits transactions of one account and waits until all are in blocks and have succeeded: the height of the last
/// one.
///
/// # Errors
/// What the node refused or answered.
pub(super) fn include(node: &TestNode, transactions: &[Transaction]) -> Result<u64, String> {
    let many: Vec<Value> = transactions.iter().map(hex_of).collect();
    let verdicts = node.try_rpc("tx_submit_many", &[json!(many)]).map_err(|error| error.to_string())?;
    let refused = verdicts.as_array().into_iter().flatten().find(|verdict| verdict.get("error").is_some());
    if let Some(refused) = refused {
        return Err(format!("refused: {refused}"));
    }
    let mut height = node.height();
    for transaction in transactions {
        let receipt = node.receipt(&transaction.id().to_string());
        if receipt["code"] != 0 {
            return Err(format!("failed: {receipt}"));
        }
        height = receipt["height"].as_u64().ok_or_else(|| format!("no height: {receipt}"))?;
    }
    Ok(height)
}

/// Whether a node that was killed may answer so: it is gone, not wrong.
pub(super) const fn is_gone(error: &RpcError) -> bool {
    matches!(error, RpcError::Unreachable { .. })
}

/// What the blocks up to `height` burnt and issued, counted on from the height before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Supply {
    height: u64,
    burnt: u128,
    issued: u128,
}

impl Supply {
    /// Checks that all balances and deposits add up to genesis + issued − burnt at the head: the sum.
    ///
    /// # Errors
    /// If they do not, with the numbers.
    pub(super) fn check(&mut self, node: &TestNode, deposits: u128) -> Result<u128, String> {
        let spec = node.rpc("chain_spec", &[]);
        let genesis: u128 =
            spec["balances"].as_array().into_iter().flatten().map(|row| number(&row["balance"])).sum();
        let reward = number(&node.rpc("chain_params", &[])["block"]["reward"]);
        let head = node.height();
        while self.height < head {
            self.height += 1;
            let header = node.rpc("chain_header", &[json!(self.height)]);
            let gas = header["gas_used"].as_u64().map_or(0, u128::from);
            self.burnt += gas * number(&header["base_fee"]);
            self.issued += reward;
        }
        let held: u128 = HOLDERS
            .iter()
            .map(|uri| {
                let address = Wallet::of(node, uri).address();
                number(&node.rpc("state_account", &[json!(address), json!(head)])["balance"])
            })
            .sum();
        let (expected, found) = (genesis + self.issued - self.burnt, held + deposits);
        if expected == found {
            return Ok(found);
        }
        Err(format!(
            "at height {head} genesis {genesis} + issued {} − burnt {} is {expected}, balances {held} + deposits {deposits} \
             are {found}",
            self.issued, self.burnt
        ))
    }
}

/// Decimal text as a number.
pub(super) fn number(value: &Value) -> u128 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}
