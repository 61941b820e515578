//! The limits page, generated from the constants that hold.

use chainstack_primitives::{
    block::{BLOCK_SIZE_MAX, BLOCK_TRANSACTIONS_MAX, COMMIT_SIZE_MAX},
    codec::DEPTH_MAX,
    manifest,
    receipt::{EVENT_SIZE_MAX, REVERT_PAYLOAD_MAX},
    transaction::{
        ARGS_SIZE_MAX, BATCH_CALLS_MAX, CODE_SIZE_MAX, ITEM_SIZE_MAX, METHOD_NAME_MAX, SALT_SIZE_MAX,
        SENDS_MAX, TRANSACTION_SIZE_MAX, VALIDITY_MAX,
    },
};
use chainstack_runtime::state::KEY_SIZE_MAX;

use crate::{code_cache, mempool::Bounds, rpc::limits as rpc};

/// Name, value, unit, what is limited.
type Row = (String, u64, &'static str, String);

fn row(name: &str, value: u64, unit: &'static str, what: &str) -> Row {
    (name.to_owned(), value, unit, what.to_owned())
}

fn wide(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

fn chain_rows() -> Vec<Row> {
    vec![
        row("TRANSACTION_SIZE_MAX", wide(TRANSACTION_SIZE_MAX), "bytes", "encoded transaction"),
        row("CODE_SIZE_MAX", u64::from(CODE_SIZE_MAX), "bytes", "uploaded code"),
        row("ARGS_SIZE_MAX", u64::from(ARGS_SIZE_MAX), "bytes", "arguments of one call"),
        row("SALT_SIZE_MAX", u64::from(SALT_SIZE_MAX), "bytes", "salt of an instantiation"),
        row("METHOD_NAME_MAX", u64::from(METHOD_NAME_MAX), "bytes", "method's name in a call"),
        row("BATCH_CALLS_MAX", u64::from(BATCH_CALLS_MAX), "calls", "calls of a batch"),
        row("SENDS_MAX", u64::from(SENDS_MAX), "assets", "assets consented to in one call"),
        row("ITEM_SIZE_MAX", u64::from(ITEM_SIZE_MAX), "bytes", "item key of a poke"),
        row("VALIDITY_MAX", VALIDITY_MAX, "blocks", "blocks ahead that `valid_until` may name"),
        row("KEY_SIZE_MAX", wide(KEY_SIZE_MAX), "bytes", "key of an entry"),
        row("EVENT_SIZE_MAX", u64::from(EVENT_SIZE_MAX), "bytes", "data of an event"),
        row("REVERT_PAYLOAD_MAX", u64::from(REVERT_PAYLOAD_MAX), "bytes", "payload of a revert"),
        row("BLOCK_SIZE_MAX", wide(BLOCK_SIZE_MAX), "bytes", "encoded block"),
        row(
            "BLOCK_TRANSACTIONS_MAX",
            u64::from(BLOCK_TRANSACTIONS_MAX),
            "transactions",
            "transactions of a block",
        ),
        row("COMMIT_SIZE_MAX", u64::from(COMMIT_SIZE_MAX), "bytes", "evidence that a block was decided"),
        row("DEPTH_MAX", u64::from(DEPTH_MAX), "levels", "nesting of encoded values"),
    ]
}

fn node_rows() -> Vec<Row> {
    let bounds = Bounds::default();
    vec![
        row("REQUEST_SIZE_MAX", u64::from(rpc::REQUEST_SIZE_MAX), "bytes", "RPC request"),
        row("RESPONSE_SIZE_MAX", u64::from(rpc::RESPONSE_SIZE_MAX), "bytes", "RPC answer"),
        row("BATCH_MAX", u64::from(rpc::BATCH_MAX), "calls", "calls of one RPC batch"),
        row("DEPTH_MAX", wide(rpc::DEPTH_MAX), "levels", "nesting of a request's JSON"),
        row("CONNECTIONS_MAX", u64::from(rpc::CONNECTIONS_MAX), "connections", "connections at a time"),
        row(
            "SUBSCRIPTIONS_MAX",
            u64::from(rpc::SUBSCRIPTIONS_MAX),
            "subscriptions",
            "subscriptions of a connection",
        ),
        row(
            "SENDER_MS_MAX",
            rpc::SENDER_MS_MAX,
            "ms",
            "time to send a request's headers, and again its body",
        ),
        row(
            "SUBMIT_MANY_MAX",
            wide(rpc::SUBMIT_MANY_MAX),
            "transactions",
            "transactions of one `tx_submit_many`",
        ),
        row("PAGE_MAX", wide(rpc::PAGE_MAX), "items", "entries or events of one answer"),
        row("QUERY_GAS", rpc::QUERY_GAS, "gas", "gas of a query"),
        row("transactions_max", wide(bounds.transactions_max), "transactions", "transactions in the pool"),
        row("bytes_max", wide(bounds.bytes_max), "bytes", "bytes in the pool"),
        row(
            "per_account_max",
            wide(bounds.per_account_max),
            "transactions",
            "transactions of one account in the pool",
        ),
    ]
}

/// What is kept ready of contracts. What passes these limits is dropped, the least recently used first, and is made
/// again when it is needed.
fn kept_rows() -> Vec<Row> {
    vec![
        row(
            "CONTRACTS_KEPT_MAX",
            wide(chainstack_host::CONTRACTS_KEPT_MAX),
            "contracts",
            "uploaded contracts kept ready",
        ),
        row(
            "CONTRACTS_KEPT_BYTES_MAX",
            wide(chainstack_host::CONTRACTS_KEPT_BYTES_MAX),
            "bytes",
            "what they hold together, by estimate",
        ),
        row(
            "WARM_INSTANCES_PER_THREAD",
            wide(chainstack_engine::WARM_INSTANCES_PER_THREAD),
            "instances",
            "instances that a thread keeps for the next call",
        ),
        row(
            "WARM_BYTES_PER_THREAD",
            wide(chainstack_engine::WARM_BYTES_PER_THREAD),
            "bytes",
            "what they hold together, memory and code",
        ),
        row("CODE_CACHE_BYTES_MAX", code_cache::CODE_CACHE_BYTES_MAX, "bytes", "compiled code kept on disk"),
        row(
            "CODE_CACHE_ENTRIES_MAX",
            wide(code_cache::CODE_CACHE_ENTRIES_MAX),
            "entries",
            "entries of compiled code kept on disk",
        ),
        row(
            "CODE_CACHE_ENTRY_BYTES_MAX",
            code_cache::CODE_CACHE_ENTRY_BYTES_MAX,
            "bytes",
            "one entry of compiled code kept on disk",
        ),
    ]
}

/// The limits page, as Markdown.
#[must_use]
pub fn page() -> String {
    let manifest =
        manifest::limits::LIMITS.iter().map(|limit| row(limit.name, limit.value, limit.unit, limit.what));
    let bytecode = chainstack_host::LIMITS
        .iter()
        .map(|limit| row(limit.name, limit.value, limit.unit, limit.what.trim()));
    let sections: [(&str, Vec<Row>); 5] = [
        ("Transactions and blocks", chain_rows()),
        ("Bytecode", bytecode.collect()),
        ("Manifest", manifest.collect()),
        ("This node", node_rows()),
        ("Kept by this node", kept_rows()),
    ];
    let mut text = "# Limits\n\nGenerated from the code (`node/src/limits.rs`). At a limit is accepted, one past it is refused.\n"
        .to_owned();
    for (title, rows) in sections {
        text.push_str(&format!(
            "\n## {title}\n\n| limit | value | unit | of |\n| --- | ---: | --- | --- |\n"
        ));
        for (name, value, unit, what) in rows {
            let what = what.replace('\n', " ").replace('|', "\\|");
            text.push_str(&format!("| `{name}` | {value} | {unit} | {what} |\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_code_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/limits.md");
        if std::env::var_os("CHAINSTACK_UPDATE_GOLDEN").is_some() {
            std::fs::write(path, page()).expect("the page can be written");
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(found == page(), "docs/limits.md is not what the code says; set CHAINSTACK_UPDATE_GOLDEN=1");
    }
}
