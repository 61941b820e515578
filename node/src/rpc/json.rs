//! JSON forms of what the chain is made of. Shapes are listed in `node/docs/rpc.md`.

use chainstack_client::{Ss58Prefix, format_address};
use chainstack_primitives::{
    AccountId, Asset, BatchCall, Block, Call, CodeSource, Event, Header, Instantiate, Invoke, Poke, Receipt,
    Transaction, codes,
};
use parity_scale_codec::Encode;
use serde_json::{Value, json};

/// `0x` and lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    format!("0x{}", ::hex::encode(bytes))
}

/// The address of an account.
#[must_use]
pub fn address(account: &AccountId) -> String {
    format_address(account, Ss58Prefix::DEFAULT)
}

/// Name of a stable code.
#[must_use]
pub fn code_name(code: u16) -> Value {
    codes::describe(code).map_or(Value::Null, |row| json!(row.name))
}

/// A header, flat, with its hash.
#[must_use]
pub fn header(header: &Header) -> Value {
    let (core, rest) = (&header.core, &header.rest);
    json!({
        "hash": header.hash().to_string(),
        "version": core.version,
        "chain": core.chain.to_string(),
        "height": core.height.0,
        "time_ms": core.time_ms.0,
        "state_root": core.state_root.to_string(),
        "history_root": core.history_root.to_string(),
        "next_validators_hash": core.next_validators_hash.to_string(),
        "parent": rest.parent.to_string(),
        "tx_root": rest.tx_root.to_string(),
        "receipt_root": rest.receipt_root.to_string(),
        "shares_root": rest.shares_root.to_string(),
        "validators_hash": rest.validators_hash.to_string(),
        "last_commit_hash": rest.last_commit_hash.to_string(),
        "base_fee": rest.base_fee.to_string(),
        "gas_used": rest.gas_used.0,
        "proposer": address(&rest.proposer),
        "beacon": rest.beacon.to_string(),
        "scale": hex(&header.encode()),
    })
}

/// A block with its decoded transactions.
#[must_use]
pub fn block(block: &Block) -> Value {
    let bytes = block.encode();
    json!({
        "hash": block.header.hash().to_string(),
        "header": header(&block.header),
        "transactions": block.transactions.iter().map(transaction).collect::<Vec<_>>(),
        "size_bytes": bytes.len(),
        "scale": hex(&bytes),
    })
}

/// A transaction.
#[must_use]
pub fn transaction(transaction: &Transaction) -> Value {
    let body = &transaction.body;
    json!({
        "id": transaction.id().to_string(),
        "signer": address(&transaction.signer),
        "version": body.version,
        "chain": body.chain.to_string(),
        "nonce": body.nonce.0,
        "valid_until": body.valid_until.0,
        "gas_limit": body.gas_limit.0,
        "max_fee_per_gas": body.max_fee_per_gas.to_string(),
        "tip_per_gas": body.tip_per_gas.to_string(),
        "max_deposit": body.max_deposit.to_string(),
        "call": call(&body.call),
    })
}

/// A call.
#[must_use]
pub fn call(call: &Call) -> Value {
    match call {
        Call::Transfer { to, amount } => transfer(to, amount.0),
        Call::Upload { code } => json!({"type": "upload", "size_bytes": code.len()}),
        Call::Instantiate(it) => instantiate(it),
        Call::Invoke(it) => invoke(it),
        Call::Poke(it) => poke(it),
        Call::Batch(calls) => json!({
            "type": "batch",
            "calls": calls.iter().map(|call| match call {
                BatchCall::Transfer { to, amount } => transfer(to, amount.0),
                BatchCall::Instantiate(it) => instantiate(it),
                BatchCall::Invoke(it) => invoke(it),
                BatchCall::Poke(it) => poke(it),
            }).collect::<Vec<_>>(),
        }),
        // A call of a later protocol version.
        _ => json!({"type": "unknown"}),
    }
}

fn transfer(to: &AccountId, amount: u128) -> Value {
    json!({"type": "transfer", "to": address(to), "amount": amount.to_string()})
}

fn instantiate(it: &Instantiate) -> Value {
    let code = match &it.code {
        CodeSource::Hash(hash) => json!({"hash": hash.to_string()}),
        CodeSource::Paradigm(name) => json!({"paradigm": name.as_str()}),
    };
    json!({
        "type": "instantiate",
        "code": code,
        "salt": hex(&it.salt),
        "args": hex(&it.args),
        "value": it.value.to_string(),
    })
}

fn invoke(it: &Invoke) -> Value {
    let sends = it.sends.iter().map(|send| {
        let asset = match &send.asset {
            Asset::Native => json!("native"),
            Asset::Cell { contract, cell } => json!({"contract": address(contract), "cell": cell}),
        };
        json!({"asset": asset, "max": send.max.to_string()})
    });
    json!({
        "type": "invoke",
        "contract": address(&it.contract),
        "method": it.method.as_str(),
        "args": hex(&it.args),
        "value": it.value.to_string(),
        "sends": sends.collect::<Vec<_>>(),
    })
}

fn poke(it: &Poke) -> Value {
    json!({"type": "poke", "contract": address(&it.contract), "exit": it.exit, "item": hex(&it.item)})
}

/// An event.
#[must_use]
pub fn event(event: &Event) -> Value {
    json!({"contract": address(&event.contract), "event": event.event, "data": hex(&event.data)})
}

/// A receipt, where it stands, and its events.
#[must_use]
pub fn receipt(receipt: &Receipt, height: u64, index: u32, events: &[Event]) -> Value {
    json!({
        "id": receipt.id.to_string(),
        "height": height,
        "index": index,
        "code": receipt.code,
        "name": code_name(receipt.code),
        "failed_call": receipt.failed_call,
        "gas": receipt.gas.0,
        "fee": receipt.fee.to_string(),
        "deposit_locked": receipt.deposit.locked.to_string(),
        "deposit_released": receipt.deposit.released.to_string(),
        "output_hash": receipt.output_hash.to_string(),
        "events_root": receipt.events_root.to_string(),
        "event_count": receipt.event_count,
        "events": events.iter().map(event).collect::<Vec<_>>(),
        "revert": hex(&receipt.revert),
    })
}
