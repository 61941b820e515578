//! The limits page, generated from the constants that hold, with the test of each.
//!
//! Most rooms keep a table of their limits, and one test has a case for each row of it. What stands here by itself
//! names a test of its own.

use chainstack_audit::limits::LIMITS as AUDIT;
use chainstack_client::limits::LIMITS as CLIENT;
use chainstack_host::{LIMITS as BYTECODE, RUN_LIMITS};
use chainstack_primitives::{
    limits::{LIMITS as CHAIN, Limit},
    manifest::limits::LIMITS as MANIFEST,
};
use chainstack_runtime::{genesis::LIMITS as GENESIS, modules::balances::SUPPLY_MAX, params::Schedule};
use chainstack_storage::LIMITS as STORAGE;
use chainstack_trie::LIMITS as TRIE;

use crate::{
    cli::{check, limits::LIMITS as COMMANDS},
    code_cache, memory,
    mempool::Bounds,
    rpc::{WARP_MS_MAX, limits as rpc},
};

/// A row of the page.
struct Row {
    name: String,
    value: String,
    unit: &'static str,
    what: String,
    /// File and function of the test that holds the limit at its value and one past it.
    tested: &'static str,
}

fn row(name: &str, value: impl ToString, unit: &'static str, what: &str, tested: &'static str) -> Row {
    Row { name: name.to_owned(), value: value.to_string(), unit, what: what.to_owned(), tested }
}

/// The rows of a table whose one test has a case for each.
fn table(limits: &[Limit], tested: &'static str) -> Vec<Row> {
    limits.iter().map(|limit| row(limit.name, limit.value, limit.unit, limit.what, tested)).collect()
}

/// What a chain's parameters bound, and what has too many digits for a table.
fn chain_rows() -> Vec<Row> {
    let mut rows = table(
        CHAIN,
        "runtime/tests/it/limits.rs::each_limit_of_transactions_and_blocks_holds_at_it_and_one_past",
    );
    if let Ok(schedule) = Schedule::base() {
        rows.push(row(
            "block.gas_limit",
            schedule.block.gas_limit,
            "gas",
            "gas of a block, and that a transaction may ask for",
            "runtime/tests/it/limits.rs::a_transaction_may_ask_for_the_gas_of_a_block_and_no_more",
        ));
    }
    rows.push(row(
        "SUPPLY_MAX",
        SUPPLY_MAX,
        "base units",
        "coins in all",
        "runtime/tests/it/limits.rs::the_greatest_supply_is_accepted_and_one_unit_more_is_not",
    ));
    rows
}

fn rpc_rows() -> Vec<Row> {
    const REQUESTS: &str = "tests/it/rpc.rs::limits_hold_at_them_and_one_past";
    vec![
        row("REQUEST_SIZE_MAX", rpc::REQUEST_SIZE_MAX, "bytes", "RPC request", REQUESTS),
        row(
            "RESPONSE_SIZE_MAX",
            rpc::RESPONSE_SIZE_MAX,
            "bytes",
            "RPC answer",
            "tests/it/connections.rs::answers_are_bounded",
        ),
        row("BATCH_MAX", rpc::BATCH_MAX, "calls", "calls of one RPC batch", REQUESTS),
        row("DEPTH_MAX", rpc::DEPTH_MAX, "levels", "nesting of a request's JSON", REQUESTS),
        row(
            "HEAD_SIZE_MAX",
            rpc::HEAD_SIZE_MAX,
            "bytes",
            "first line and headers of a request",
            "tests/it/connections.rs::heads_of_requests_are_bounded",
        ),
        row(
            "CONNECTIONS_MAX",
            rpc::CONNECTIONS_MAX,
            "connections",
            "connections at a time; one more takes the place of the client awaited longest",
            "tests/it/connections.rs::one_connection_too_many_takes_the_place_of_the_idlest_and_of_none_at_work",
        ),
        row(
            "CALLS_MAX",
            rpc::CALLS_MAX,
            "calls",
            "calls at work for one WebSocket; more are not read",
            "node/src/rpc/calls.rs::the_gate_is_open_below_its_limit_and_opens_again",
        ),
        row(
            "SUBSCRIPTIONS_MAX",
            rpc::SUBSCRIPTIONS_MAX,
            "subscriptions",
            "subscriptions of a connection",
            "tests/it/connections.rs::subscriptions_of_a_connection_at_the_limit_and_one_past",
        ),
        row(
            "SENDER_MS_MAX",
            rpc::SENDER_MS_MAX,
            "ms",
            "time to send a request's headers, from the connection's start or its last answer, and again its body",
            "tests/it/connections.rs::slow_senders_are_cut_off_on_the_first_request_and_on_the_second",
        ),
        row(
            "READER_MS_MAX",
            rpc::READER_MS_MAX,
            "ms",
            "time a client may take nothing of what is sent to it",
            "tests/it/connections.rs::a_websocket_whose_client_takes_nothing_is_not_read_and_then_cut_off",
        ),
        row(
            "SUBMIT_MANY_MAX",
            rpc::SUBMIT_MANY_MAX,
            "transactions",
            "transactions of one `tx_submit_many`",
            REQUESTS,
        ),
        row("PAGE_MAX", rpc::PAGE_MAX, "items", "entries or events of one answer", REQUESTS),
        row(
            "EVENT_ROWS_MAX",
            rpc::EVENT_ROWS_MAX,
            "rows",
            "index rows and chunks of events read by one `event_query`",
            "node/storage/src/tests/queries.rs::a_query_reads_no_more_rows_than_it_may_and_its_cursor_leads_to_all",
        ),
        row("CALL_BLOCKS_MAX", rpc::CALL_BLOCKS_MAX, "blocks", "blocks of one `contract_calls`", REQUESTS),
        row(
            "QUERY_GAS",
            rpc::QUERY_GAS,
            "gas",
            "gas of a query",
            "tests/it/limits.rs::a_query_has_its_gas_and_no_more",
        ),
        row(
            "WARP_MS_MAX",
            WARP_MS_MAX,
            "ms",
            "time by which one `dev_warp` moves the clock",
            "tests/it/limits.rs::the_clock_is_moved_so_far_at_once_and_no_further",
        ),
    ]
}

fn pool_rows() -> Vec<Row> {
    const POOL: &str = "node/src/mempool/tests.rs::the_published_bounds_hold_at_them_and_one_past";
    let Bounds { transactions_max, bytes_max, per_account_max } = Bounds::default();
    vec![
        row("transactions_max", transactions_max, "transactions", "transactions in the pool", POOL),
        row("bytes_max", bytes_max, "bytes", "bytes in the pool", POOL),
        row(
            "per_account_max",
            per_account_max,
            "transactions",
            "transactions of one account in the pool",
            POOL,
        ),
    ]
}

/// What a verdict of `check` may take.
fn check_rows() -> Vec<Row> {
    const READ: &str = "tests/it/check/bounds.rs::files_without_end_are_read_to_the_limit_and_no_further";
    const TAKEN: &str = "tests/it/check/bounds.rs::the_hardest_modules_that_the_limits_admit_are_bounded";
    vec![
        row("CHECK_BYTES_MAX", check::BYTES_MAX, "bytes", "a file's start that `check` reads", READ),
        row("CHECK_MS_MAX", check::MS_MAX, "ms", "processor time of `check` on any file", TAKEN),
        row(
            "CHECK_MEMORY_MAX",
            check::MEMORY_MAX,
            "bytes",
            "memory of `check` on any file, the program's own counted",
            TAKEN,
        ),
    ]
}

/// What the budget of a node's memory may be.
fn memory_rows() -> Vec<Row> {
    const BUDGET: &str = "tests/it/limits.rs::the_budget_of_memory_holds_at_its_limits_and_one_past";
    vec![
        row("CACHE_MIB_MIN", memory::CACHE_MIB_MIN, "MiB", "`--cache-mib` of `chainstack dev`", BUDGET),
        row("CACHE_MIB_MAX", memory::CACHE_MIB_MAX, "MiB", "`--cache-mib` of `chainstack dev`", BUDGET),
    ]
}

/// What is kept ready of contracts. What passes these limits is dropped, the least recently used first, and is made
/// again when it is needed.
fn kept_rows() -> Vec<Row> {
    const CONTRACTS: &str =
        "host/tests/contracts/kept.rs::more_contracts_than_are_kept_answer_in_turn_at_one_price";
    const BYTES: &str =
        "host/tests/contracts/kept.rs::contracts_are_kept_up_to_a_number_of_bytes_and_not_one_more";
    const WARM: &str = "host/engine/tests/calls.rs::warm_instances_are_bounded_by_count_and_by_bytes_and_go_with_their_module";
    const DISK: &str =
        "node/src/code_cache/tests.rs::the_limits_hold_at_and_past_and_the_least_recently_used_goes";
    vec![
        row(
            "CONTRACTS_KEPT_MAX",
            chainstack_host::CONTRACTS_KEPT_MAX,
            "contracts",
            "uploaded contracts kept ready",
            CONTRACTS,
        ),
        row(
            "CONTRACTS_KEPT_BYTES_MAX",
            chainstack_host::CONTRACTS_KEPT_BYTES_MAX,
            "bytes",
            "what they hold together, by estimate",
            BYTES,
        ),
        row(
            "WARM_INSTANCES_PER_THREAD",
            chainstack_engine::WARM_INSTANCES_PER_THREAD,
            "instances",
            "instances that a thread keeps for the next call",
            WARM,
        ),
        row(
            "WARM_BYTES_PER_THREAD",
            chainstack_engine::WARM_BYTES_PER_THREAD,
            "bytes",
            "what they hold together, memory and code",
            WARM,
        ),
        row(
            "CODE_CACHE_BYTES_MAX",
            code_cache::CODE_CACHE_BYTES_MAX,
            "bytes",
            "compiled code kept on disk",
            DISK,
        ),
        row(
            "CODE_CACHE_ENTRIES_MAX",
            code_cache::CODE_CACHE_ENTRIES_MAX,
            "entries",
            "entries of compiled code kept on disk",
            DISK,
        ),
        row(
            "CODE_CACHE_ENTRY_BYTES_MAX",
            code_cache::CODE_CACHE_ENTRY_BYTES_MAX,
            "bytes",
            "one entry of compiled code kept on disk",
            DISK,
        ),
    ]
}

/// The test of each row of the audit's table.
const AUDIT_TESTS: [(&str, &str); 8] = [
    ("STATES_EXPLORED_MAX", "host/audit/tests/corpus/limits.rs::states_and_steps_are_counted"),
    ("STEPS_EXPLORED_MAX", "host/audit/tests/corpus/limits.rs::states_and_steps_are_counted"),
    ("BOUNDS_MAX", "host/audit/tests/corpus/limits.rs::moments_up_to_the_limit_are_told_apart"),
    ("OUTCOMES_MAX", "host/audit/tests/corpus/limits.rs::outcomes_of_one_step_are_bounded"),
    ("CASES_SPLIT_MAX", "host/audit/tests/corpus/limits.rs::cases_are_told_apart_up_to_the_limit"),
    ("PROPERTY_SIZE_MAX", "host/audit/tests/corpus/limits.rs::texts_of_properties_are_bounded"),
    ("PROPERTY_DEPTH_MAX", "host/audit/tests/corpus/limits.rs::texts_of_properties_are_bounded"),
    ("PROPERTIES_MAX", "host/audit/tests/corpus/limits.rs::properties_past_the_limit_are_not_decided"),
];

/// Past them a claim of an audit is undecided, or its property refused.
fn audit_rows() -> Vec<Row> {
    let tested = |name: &str| AUDIT_TESTS.iter().find(|row| row.0 == name).map_or("", |row| row.1);
    AUDIT
        .iter()
        .map(|limit| row(limit.name, limit.value, limit.unit, limit.what, tested(limit.name)))
        .collect()
}

fn sections() -> Vec<(&'static str, Vec<Row>)> {
    let manifest = "runtime/primitives/src/manifest/tests/limits.rs::each_limit_holds_at_it_and_one_past";
    vec![
        ("Transactions and blocks", chain_rows()),
        (
            "Genesis",
            table(GENESIS, "runtime/tests/it/limits.rs::each_limit_of_genesis_holds_at_it_and_one_past"),
        ),
        (
            "Bytecode",
            table(BYTECODE, "host/tests/admission.rs::each_limit_admits_itself_and_refuses_one_more"),
        ),
        (
            "Running code",
            table(RUN_LIMITS, "host/tests/contracts/limits.rs::each_limit_holds_at_it_and_one_past"),
        ),
        ("Manifest", table(MANIFEST, manifest)),
        ("State", table(STORAGE, "node/storage/src/tests/limits.rs::each_limit_holds_at_it_and_one_past")),
        ("Tries", table(TRIE, "runtime/trie/src/tests/limits.rs::each_limit_holds_at_it_and_one_past")),
        ("RPC of this node", rpc_rows()),
        ("Pool of this node", pool_rows()),
        (
            "Keys, texts and proofs outside the chain",
            table(CLIENT, "sdk/client/src/limits/tests.rs::each_limit_holds_at_it_and_one_past"),
        ),
        (
            "Files that commands read",
            table(COMMANDS, "tests/it/limits.rs::each_limit_of_commands_holds_at_it_and_one_past"),
        ),
        ("An audit", audit_rows()),
        ("A verdict of `check`", check_rows()),
        ("Memory of this node", memory_rows()),
        ("Kept by this node", kept_rows()),
    ]
}

const HEAD: &str = "# Limits

Generated from the code (`node/src/limits.rs`). At a limit is accepted, one past it is refused with a typed error;
where a name says `MIN`, one less is. The test named beside a limit holds it at its value and one past it:
`tests/it/limits.rs` looks each up, `make accept ISSUE=1` runs them.
";

/// The limits page, as Markdown.
#[must_use]
pub fn page() -> String {
    let mut text = HEAD.to_owned();
    for (title, rows) in sections() {
        text.push_str(&format!(
            "\n## {title}\n\n| limit | value | unit | of | tested by |\n| --- | ---: | --- | --- | --- |\n"
        ));
        for Row { name, value, unit, what, tested } in rows {
            let what = what.replace('\n', " ").replace('|', "\\|");
            text.push_str(&format!("| `{name}` | {value} | {unit} | {what} | `{tested}` |\n"));
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
