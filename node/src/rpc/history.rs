//! `contract_calls`: calls and pokes of a contract that blocks hold, with what became of them, page by page.

use chainstack_primitives::{AccountId, BatchCall, Call, Height, Invoke, Poke, Receipt, codes};
use jsonrpsee::types::{ErrorObjectOwned, Params};
use serde_json::{Value, json};

use super::{
    RpcContext,
    error::{bad_params, not_found},
    json as form,
    limits::{CALL_BLOCKS_MAX, PAGE_MAX},
    of_storage,
    params::Reader,
};

/// Transactions of a page, about: it ends behind the block in which so many were looked at.
const LOOKED_AT: usize = 8_192;

/// Answers `contract_calls`. Reads blocks and receipts of one page.
pub(super) fn calls(params: &Params<'_>, context: &RpcContext) -> Result<Value, ErrorObjectOwned> {
    let mut reader = Reader::new(params, 4)?;
    let contract = reader.account()?;
    let from = reader.number()?;
    let skipped = usize::try_from(reader.number_or_none()?.unwrap_or(0)).unwrap_or(usize::MAX);
    let blocks = reader.number_or_none()?.unwrap_or(CALL_BLOCKS_MAX);
    if !(1..=CALL_BLOCKS_MAX).contains(&blocks) {
        return Err(bad_params(format!("1 to {CALL_BLOCKS_MAX} blocks expected")));
    }
    let head = context.store.head().height();
    if from > head.0 {
        return Err(not_found(format!("height {from} asked, the chain is at {head}")));
    }
    let last = from.saturating_add(blocks - 1).min(head.0);
    let mut page = Page { contract, rows: Vec::new(), looked_at: 0 };
    for height in from..=last {
        let start = if height == from { skipped } else { 0 };
        if let Some(next) = page.block(context, Height(height), start)? {
            return Ok(page.answer(height, Some((height, next))));
        }
        if page.is_full() && height < last {
            return Ok(page.answer(height, Some((height + 1, 0))));
        }
    }
    let next = (last < head.0).then_some((last + 1, 0));
    Ok(page.answer(last, next))
}

/// The rows of an answer.
struct Page {
    contract: AccountId,
    rows: Vec<Value>,
    looked_at: usize,
}

impl Page {
    fn is_full(&self) -> bool {
        self.rows.len() >= PAGE_MAX || self.looked_at >= LOOKED_AT
    }

    /// Adds the calls of a block from its transaction `start` on; where to go on if the page has no room for all.
    fn block(
        &mut self,
        context: &RpcContext,
        height: Height,
        start: usize,
    ) -> Result<Option<usize>, ErrorObjectOwned> {
        let block = context.store.block(height).map_err(|it| of_storage(&it))?;
        let block = block.ok_or_else(|| not_found(format!("there is no block {height}")))?;
        // Read once something of the block is of this contract.
        let mut receipts: Option<Vec<Receipt>> = None;
        for (index, transaction) in block.transactions.iter().enumerate().skip(start) {
            if self.rows.len() >= PAGE_MAX {
                return Ok(Some(index));
            }
            self.looked_at += 1;
            let found = of_call(&transaction.body.call, &self.contract);
            if found.is_empty() {
                continue;
            }
            if receipts.is_none() {
                receipts = context.store.receipts(height).map_err(|it| of_storage(&it))?;
            }
            let receipt = receipts.as_ref().and_then(|receipts| receipts.get(index));
            let receipt = receipt.ok_or_else(|| not_found(format!("block {height} was taken back")))?;
            self.rows.extend(found.iter().map(|found| row(height, index, receipt, found)));
        }
        Ok(None)
    }

    fn answer(self, to: u64, next: Option<(u64, usize)>) -> Value {
        json!({
            "to": to,
            "calls": self.rows,
            "next": next.map(|(height, transaction)| json!({"height": height, "transaction": transaction})),
        })
    }
}

/// What a transaction asks of the contract.
enum Asked<'t> {
    Method(&'t Invoke),
    Exit(&'t Poke),
}

/// A call of the contract in a transaction.
struct Found<'t> {
    asked: Asked<'t>,
    /// Its place in a batch; none if it is all that the transaction does.
    place: Option<usize>,
}

fn of_call<'t>(call: &'t Call, contract: &AccountId) -> Vec<Found<'t>> {
    let method = |it: &'t Invoke, place| {
        (it.contract == *contract).then_some(Found { asked: Asked::Method(it), place })
    };
    let exit =
        |it: &'t Poke, place| (it.contract == *contract).then_some(Found { asked: Asked::Exit(it), place });
    match call {
        Call::Invoke(it) => method(it, None).into_iter().collect(),
        Call::Poke(it) => exit(it, None).into_iter().collect(),
        Call::Batch(calls) => {
            let one = |(place, call): (usize, &'t BatchCall)| match call {
                BatchCall::Invoke(it) => method(it, Some(place)),
                BatchCall::Poke(it) => exit(it, Some(place)),
                _ => None,
            };
            calls.iter().enumerate().filter_map(one).collect()
        }
        _ => Vec::new(),
    }
}

fn row(height: Height, index: usize, receipt: &Receipt, found: &Found<'_>) -> Value {
    let at_fault = receipt.failed_call.map(usize::from);
    let outcome = match (receipt.code, found.place) {
        (codes::OK, _) => "ok",
        // Of a batch that failed, one call is to blame; with none named, none of them ran.
        (_, Some(place)) if at_fault != Some(place) => "undone",
        _ => "failed",
    };
    let (method, exit) = match found.asked {
        Asked::Method(it) => (Some(it.method.as_str()), None),
        Asked::Exit(it) => (None, Some(it.exit)),
    };
    json!({
        "height": height.0,
        "transaction": index,
        "id": receipt.id.to_string(),
        "call": found.place,
        "method": method,
        "exit": exit,
        "outcome": outcome,
        "code": receipt.code,
        "name": form::code_name(receipt.code),
        "gas": receipt.gas.0,
        "events": receipt.event_count,
    })
}

#[cfg(test)]
mod tests {
    use chainstack_primitives::{Amount, BoundedVec, Bytes, DepositDelta, Gas, Hash};

    use super::*;

    const OURS: AccountId = AccountId([7; 32]);

    fn invoke(contract: AccountId) -> Invoke {
        let method = "pay".try_into().expect("short");
        Invoke { contract, method, args: Bytes::new(), value: Amount::ZERO, sends: BoundedVec::new() }
    }

    fn receipt(code: u16, failed_call: Option<u8>) -> Receipt {
        Receipt {
            id: Hash([1; 32]),
            code,
            failed_call,
            gas: Gas(500),
            fee: Amount::ZERO,
            deposit: DepositDelta::default(),
            output_hash: Hash([0; 32]),
            events_root: Hash([0; 32]),
            event_count: 2,
            revert: Bytes::new(),
        }
    }

    #[test]
    fn a_batch_names_the_call_to_blame_and_the_others_are_undone() {
        let poke = Poke { contract: OURS, exit: 3, item: Bytes::new() };
        let calls = vec![
            BatchCall::Invoke(invoke(OURS)),
            BatchCall::Invoke(invoke(AccountId([8; 32]))),
            BatchCall::Poke(poke),
            BatchCall::Invoke(invoke(OURS)),
        ];
        let batch = Call::Batch(calls.try_into().expect("short"));
        let found = of_call(&batch, &OURS);
        let outcomes = |receipt: &Receipt| -> Vec<Value> {
            found.iter().map(|found| row(Height(5), 1, receipt, found)["outcome"].clone()).collect()
        };
        assert_eq!(found.len(), 3, "the other contract's is left out");
        assert_eq!(outcomes(&receipt(codes::OK, None)), ["ok", "ok", "ok"]);
        assert_eq!(outcomes(&receipt(codes::REVERTED, Some(2))), ["undone", "failed", "undone"]);
        assert_eq!(outcomes(&receipt(codes::REVERTED, Some(1))), ["undone", "undone", "undone"]);
        let exit = row(Height(5), 1, &receipt(codes::OK, None), &found[1]);
        assert_eq!((&exit["exit"], &exit["method"], &exit["call"]), (&json!(3), &Value::Null, &json!(2)));
    }

    #[test]
    fn a_call_alone_fails_by_itself() {
        let call = Call::Invoke(invoke(OURS));
        let found = of_call(&call, &OURS);
        assert_eq!(row(Height(5), 0, &receipt(codes::TRAP, None), &found[0])["outcome"], "failed");
        assert!(of_call(&call, &AccountId([9; 32])).is_empty());
    }
}
