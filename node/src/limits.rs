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

use crate::{mempool::Bounds, rpc::limits as rpc};

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
        row("HEAD_SIZE_MAX", wide(rpc::HEAD_SIZE_MAX), "bytes", "first line and headers of a request"),
        row(
            "CONNECTIONS_MAX",
            u64::from(rpc::CONNECTIONS_MAX),
            "connections",
            "connections at a time; one more takes the place of the client awaited longest",
        ),
        row("CALLS_MAX", wide(rpc::CALLS_MAX), "calls", "calls at work for one WebSocket; more are not read"),
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
            "time to send a request's headers, from the connection's start or its last answer, and again its body",
        ),
        row(
            "READER_MS_MAX",
            rpc::READER_MS_MAX,
            "ms",
            "time a client may take nothing of what is sent to it",
        ),
        row(
            "MESSAGES_MAX",
            u64::from(rpc::MESSAGES_MAX),
            "messages",
            "messages that wait for a WebSocket's client to take them",
        ),
        row(
            "SUBMIT_MANY_MAX",
            wide(rpc::SUBMIT_MANY_MAX),
            "transactions",
            "transactions of one `tx_submit_many`",
        ),
        row("PAGE_MAX", wide(rpc::PAGE_MAX), "items", "entries or events of one answer"),
        row(
            "EVENT_ROWS_MAX",
            wide(rpc::EVENT_ROWS_MAX),
            "rows",
            "index rows and chunks of events read by one `event_query`",
        ),
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

/// The limits page, as Markdown.
#[must_use]
pub fn page() -> String {
    let manifest =
        manifest::limits::LIMITS.iter().map(|limit| row(limit.name, limit.value, limit.unit, limit.what));
    let bytecode = chainstack_host::LIMITS
        .iter()
        .map(|limit| row(limit.name, limit.value, limit.unit, limit.what.trim()));
    let sections: [(&str, Vec<Row>); 4] = [
        ("Transactions and blocks", chain_rows()),
        ("Bytecode", bytecode.collect()),
        ("Manifest", manifest.collect()),
        ("This node", node_rows()),
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
