//! The page of limits: each row names a test, each bound in the code has a row, and the limits of what commands
//! read, of queries and of the clock hold at them and one past.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
};

use chainstack_client::transaction::sign;
use chainstack_primitives::{Amount, Call};
use chainstack_tests::{
    limits::{Row, rows, value},
    node::{TestNode, run},
    vectors::project,
    wallet::{Wallet, hex_of},
};
use serde_json::{Value, json};

use crate::tidy;

/// Constants named as bounds are, in rooms whose limits are published, that stand on no page: whose they are, and
/// why nothing from outside meets them.
const INTERNAL: &[(&str, &str, &str)] = &[
    ("runtime/primitives/src/signature/batch.rs", "BATCH_MAX", "signatures verified at once; more are split"),
    ("runtime/primitives/src/signature/batch.rs", "PART_MAX", "signatures verified at once; more are split"),
    ("runtime/trie/src/nibbles.rs", "PATH_NIBBLES_MAX", "two for each byte of KEY_BYTES_MAX"),
    ("host/src/machine/frame.rs", "VALUES_MAX", "as many as PARAMS_MAX of the manifest"),
    ("host/src/machine/judge.rs", "FOREIGN_RELEASES_MAX", "what `ExitMayStick` says of an exit at admission"),
    ("host/engine/src/host.rs", "HOST_PARAMS_MAX", "parameters of our own functions"),
    ("host/engine/src/instance.rs", "WIPE_BYTES_MAX", "how memory is made clean"),
    ("host/analysis/src/expression/stack.rs", "OPERANDS_MAX", "operands of one node of an expression"),
    // Past them the analysis says that nothing is known; no code is refused by it.
    ("host/analysis/src/bytecode/mod.rs", "CODE_BYTES_MAX", "twice MODULE_BYTES of admission"),
    ("host/analysis/src/bytecode/mod.rs", "IMPORTS_MAX", "as many as IMPORTS of admission"),
    ("host/analysis/src/bytecode/mod.rs", "EXPORTS_MAX", "four times EXPORTS of admission"),
    (
        "runtime/primitives/src/manifest/limits.rs",
        "EXPRESSION_STACK_MAX",
        "what EXPRESSION_NODES_MAX allows at most",
    ),
    ("node/src/cli/target.rs", "CODE_TEXT_MAX", "CODE_SIZE_MAX as hex"),
    ("node/src/cli/check.rs", "BYTES_MAX", "on the page as CHECK_BYTES_MAX"),
    ("node/src/cli/check.rs", "MS_MAX", "on the page as CHECK_MS_MAX"),
    ("node/src/cli/check.rs", "MEMORY_MAX", "on the page as CHECK_MEMORY_MAX"),
    (
        "node/src/rpc/limits.rs",
        "MESSAGES_MAX",
        "a buffer; a client that does not empty it meets READER_MS_MAX",
    ),
    ("node/src/rpc/limits.rs", "FEED_PAGE_MAX", "events read at once for a subscriber; more are read next"),
    ("node/src/rpc/limits.rs", "WORKERS_MAX", "threads; requests past them wait"),
    ("node/src/service.rs", "COMMANDS_MAX", "a queue; whoever comes past it waits"),
    ("node/src/service.rs", "ANNOUNCEMENTS_MAX", "a queue of the node's own words"),
    ("node/src/chain/mod.rs", "CANDIDATES_MAX", "as many as the pool has"),
    ("node/src/bench/path.rs", "GAS_LIMIT", "what the benchmark's own transactions ask for"),
    ("node/storage/src/rocks.rs", "LOG_SIZE_MAX", "the database's own log"),
    ("node/storage/src/rocks.rs", "OPEN_FILES_MAX", "the database's own files"),
    ("node/storage/src/keys.rs", "FLAT_KEY_MAX", "KEY_SIZE_MAX and what stands before it"),
    ("node/storage/src/warm.rs", "VALUE_SIZE_MAX", "values past it are read from disk"),
    ("node/storage/src/store/range.rs", "ENTRIES_PER_RANGE_MAX", "a longer answer is cut, and goes on"),
    ("node/storage/src/store/events.rs", "EVENTS_PER_QUERY_MAX", "a longer answer is cut, and goes on"),
    ("sdk/client/src/manifest/type_text.rs", "NESTING_MAX", "TYPE_DEPTH_MAX refuses half of it"),
    ("sdk/client/src/value/error.rs", "SHOWN_MAX", "how much of a wrong value is shown"),
];

/// Rooms whose limits the page shows.
const ROOMS: &[&str] = &["runtime/", "host/", "node/", "sdk/client/"];

#[test]
fn every_row_names_a_test_of_the_project() {
    let rows = rows();
    assert!(rows.len() > 100, "{} rows", rows.len());
    let fault = |row: &Row| match &row.tested {
        None => Some(format!("{}: no test", row.name)),
        Some(test) => test.find().err().map(|why| format!("{}: {why}", row.name)),
    };
    tidy::assert_clean("each limit has a test", &rows.iter().filter_map(fault).collect::<Vec<_>>());
}

/// The name of the constant that a line of a source declares, if it is named as bounds are.
fn bound(line: &str) -> Option<&str> {
    let line = line.trim();
    let public = line.strip_prefix("pub").and_then(|rest| rest.split_once(' '));
    let declared = public.map_or(line, |(_, rest)| rest);
    let name = declared.strip_prefix("const ")?.split(':').next()?;
    let plain = name.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_');
    let bounds = name.ends_with("_MAX") || name.contains("_MAX_") || name.ends_with("_LIMIT");
    (plain && bounds).then_some(name)
}

#[test]
fn every_bound_in_the_code_is_on_the_page_or_says_why_not() {
    let published: Vec<String> = rows().into_iter().map(|row| row.name).collect();
    let mut found = Vec::new();
    for (file, text) in tidy::files("rs") {
        let is_test = file.contains("/tests") || file.contains("/examples/");
        if is_test || !ROOMS.iter().any(|room| file.starts_with(room)) {
            continue;
        }
        found.extend(
            tidy::without_tests(&text).lines().filter_map(bound).map(|name| (file.clone(), name.to_owned())),
        );
    }
    assert!(found.len() > 80, "{} bounds", found.len());
    let is_internal = |file: &str, name: &str| INTERNAL.iter().any(|row| (row.0, row.1) == (file, name));
    let strangers = found
        .iter()
        .filter(|(file, name)| !published.contains(name) && !is_internal(file, name))
        .map(|(file, name)| format!("{file}: {name}"));
    tidy::assert_clean("a bound is published, or says why it is not", &strangers.collect::<Vec<_>>());
    let gone = INTERNAL
        .iter()
        .filter(|(file, name, _)| !found.iter().any(|(at, it)| (at.as_str(), it.as_str()) == (*file, *name)))
        .map(|(file, name, _)| format!("{file}: {name}"));
    tidy::assert_clean("what is not published is there", &gone.collect::<Vec<_>>());
}

/// Commands that read files, with a node where they ask one.
struct Commands {
    node: TestNode,
    transaction: String,
}

impl Commands {
    fn new() -> Self {
        let node = TestNode::temporary(&[]);
        let wallet = Wallet::of(&node, "//Alice");
        let call = Call::Transfer { to: wallet.account(), amount: Amount(1) };
        let transaction = hex_of(&sign(wallet.terms().body(call), &wallet.key));
        Self { node, transaction: transaction.as_str().expect("0x hex").to_owned() }
    }

    /// A file that starts with `start` and is filled up with `filler` to `size` bytes: its path.
    fn file(&self, start: &[u8], filler: u8, size: u64) -> String {
        let path = self.node.home().join("read.this");
        let mut file = File::create(&path).expect("a file in the test's own folder");
        file.write_all(start).expect("room");
        let mut left = usize::try_from(size).expect("a size") - start.len();
        let room = vec![filler; 1 << 20];
        while left > 0 {
            let now = left.min(room.len());
            file.write_all(&room[..now]).expect("room");
            left -= now;
        }
        path.to_string_lossy().into_owned()
    }

    /// Exit code and error of the command that reads what the limit `name` bounds, of `size` bytes.
    fn attempt(&self, name: &str, size: u64) -> (Option<i32>, String) {
        let read = |path: &str| fs::read(project().join(path)).expect("a file of the project");
        let output = match name {
            "ALIAS_LENGTH_MAX" => {
                let params = self.node.file("gold.toml", &self.params());
                let alias = "a".repeat(usize::try_from(size).expect("short"));
                self.deploy(&params, &alias)
            }
            "PARAMETER_FILE_SIZE_MAX" => {
                let params = self.file(&self.params(), b'\n', size);
                self.deploy(&params, &format!("of-{size}"))
            }
            "PASSWORD_FILE_SIZE_MAX" => {
                let password = self.file(b"correct horse\n", b' ', size);
                self.node.cli(&["account", "new", &format!("key-{size}"), "--password-file", &password])
            }
            "SCENARIO_FILE_SIZE_MAX" => {
                let scenario = read("contracts/erc20/scenarios/allowance_default.toml");
                self.node.cli(&["test", &self.file(&scenario, b'\n', size)])
            }
            "SCENARIO_HEIGHT_MAX" => {
                let mut scenario = read("contracts/erc20/scenarios/allowance_default.toml");
                scenario.extend(format!("\n[[steps]]\nblock = []\nat_height = {size}\n").into_bytes());
                self.node.cli(&["test", &self.node.file("height.toml", &scenario)])
            }
            "TRANSACTION_FILE_SIZE_MAX" => {
                self.node.cli(&["tx", "decode", &self.file(self.transaction.as_bytes(), b' ', size)])
            }
            "MODULE_FILE_SIZE_MAX" => {
                let mut module = read("contracts/artifacts/erc20.wasm");
                // A custom section without content but its name, `x`, and zeros; its length takes four bytes.
                let length =
                    u32::try_from(size).expect("short") - u32::try_from(module.len()).expect("short") - 5;
                module.push(0);
                module.extend((0..4).map(|part| {
                    let bits = u8::try_from((length >> (7 * part)) & 0x7f).expect("seven bits");
                    if part < 3 { bits | 0x80 } else { bits }
                }));
                module.extend([1, b'x']);
                self.node.cli(&["manifest", "extract", &self.file(&module, 0, size)])
            }
            "TRIE_FILE_SIZE_MAX" => self.node.cli(&["trie", "root", &self.file(b"[]", b' ', size)]),
            _ => panic!("{name} has no case"),
        };
        (output.status, output.stderr)
    }

    fn params(&self) -> Vec<u8> {
        self.node.cli(&["paradigm", "new", "erc20"]).exits(0).stdout.into_bytes()
    }

    fn deploy(&self, params: &str, alias: &str) -> chainstack_tests::node::Output {
        self.node.cli(&["paradigm", "deploy", "erc20", "-p", params, "--as", alias, "--from", "//Alice"])
    }
}

#[test]
fn each_limit_of_commands_holds_at_it_and_one_past() {
    let commands = Commands::new();
    let section = "Files that commands read";
    let limits: Vec<Row> = rows().into_iter().filter(|row| row.section == section).collect();
    assert!(!limits.is_empty(), "no section {section}");
    for Row { name, .. } in &limits {
        let limit = value(section, name);
        let (exit, error) = commands.attempt(name, limit);
        assert_eq!(exit, Some(0), "{name} at it: {error}");
        let (exit, error) = commands.attempt(name, limit + 1);
        match name.as_str() {
            "ALIAS_LENGTH_MAX" => assert_eq!(exit, Some(2), "{name} one past: {error}"),
            // A scenario that cannot be read is one that did not pass.
            "SCENARIO_FILE_SIZE_MAX" | "SCENARIO_HEIGHT_MAX" => {
                assert_eq!(exit, Some(3), "{name} one past: {error}");
            }
            _ => assert_eq!(exit, Some(5), "{name} one past: {error}"),
        }
        if name == "SCENARIO_HEIGHT_MAX" {
            assert!(error.contains(&format!("is past the greatest, {limit}")), "{name} one past: {error}");
        } else if name != "ALIAS_LENGTH_MAX" {
            assert!(error.contains(&format!("is larger than {limit} bytes")), "{name} one past: {error}");
        }
    }
}

/// A view that counts its first argument down, and then its second at another price.
const SPINNER: &str = r#"(module
    (import "chainstack" "input" (func $input (param i32 i32) (result i32)))
    (import "chainstack" "output" (func $output (param i32 i32)))
    (memory (export "memory") 1)
    (func (export "spin")
      (drop (call $input (i32.const 0) (i32.const 8)))
      (block $done (loop $again
        (br_if $done (i32.eqz (i32.load (i32.const 0))))
        (i32.store (i32.const 0) (i32.sub (i32.load (i32.const 0)) (i32.const 1)))
        (br $again)))
      (block $done (loop $again
        (br_if $done (i32.eqz (i32.load (i32.const 4))))
        (i32.store (i32.const 4) (i32.sub (i32.load (i32.const 4)) (i32.const 1)))
        nop
        (br $again)))
      (call $output (i32.const 0) (i32.const 4))))"#;
const SPINNER_MANIFEST: &str = r#"
    [contract]
    name = "spinner"
    [views.spin]
    args = { first = "u32", second = "u32" }
    returns = "u32"
    reads = []
    gas = 1_000_000_000
    reads_max = 0
"#;

/// Deploys the spinner: its address.
fn spinner(node: &TestNode) -> String {
    let module = wat::parse_str(SPINNER).expect("a module");
    let plain = node.file("plain.wasm", &module);
    let toml = node.file("spinner.toml", SPINNER_MANIFEST.as_bytes());
    let whole = node.home().join("spinner.wasm").to_string_lossy().into_owned();
    let _embedded = node.cli(&["manifest", "embed", &plain, &toml, "-o", &whole]).exits(0);
    let deployed = node.cli_json(&["deploy", &whole, "--as", "spinner", "--from", "//Alice"]);
    deployed["address"].as_str().expect("an address").to_owned()
}

#[test]
fn the_budget_of_memory_holds_at_its_limits_and_one_past() {
    let limit = |name: &str| value("Memory of this node", name);
    for inside in [limit("CACHE_MIB_MIN"), limit("CACHE_MIB_MAX")] {
        let node = TestNode::temporary(&["--cache-mib", &inside.to_string()]);
        let _address = node.token("gold");
    }
    let home = tempfile::tempdir().expect("room");
    for outside in [limit("CACHE_MIB_MIN") - 1, limit("CACHE_MIB_MAX") + 1] {
        let refused = run(home.path(), &["dev", "--tmp", "--port", "0", "--cache-mib", &outside.to_string()]);
        assert!(refused.stderr.contains("--cache-mib"), "{refused:?}");
        let _refused = refused.exits(2);
    }
}

#[test]
fn a_query_has_its_gas_and_no_more() {
    let node = TestNode::temporary(&[]);
    let contract = spinner(&node);
    let spin = |first: u64, second: u64| {
        let number = |it: u64| u32::try_from(it).expect("small").to_le_bytes();
        let args = [number(first), number(second)].concat();
        let args = json!(format!("0x{}", hex::encode(args)));
        node.rpc("contract_query", &[json!(contract), json!("spin"), args])
    };
    let used = |answer: &Value| answer["gas"].as_u64().unwrap_or_else(|| panic!("{answer}"));
    let nothing = used(&spin(0, 0));
    let (each, other) = (used(&spin(1, 0)) - nothing, used(&spin(0, 1)) - nothing);
    // So many of the second that the first make up the rest.
    let rounds = |gas: u64| {
        let left = gas - nothing;
        let second = (0..each).find(|second| (left - second * other).is_multiple_of(each)).expect("coprime");
        ((left - second * other) / each, second)
    };
    let limit = value("RPC of this node", "QUERY_GAS");
    let (first, second) = rounds(limit);
    let at = spin(first, second);
    assert_eq!((at["code"].as_u64(), used(&at)), (Some(0), limit), "{at}");
    let (first, second) = rounds(limit + 1);
    let past = spin(first, second);
    assert_eq!((past["code"].as_u64(), past["name"].as_str()), (Some(3), Some("OutOfGas")), "{past}");
}

#[test]
fn the_clock_is_moved_so_far_at_once_and_no_further() {
    let node = TestNode::temporary(&[]);
    let limit = value("RPC of this node", "WARP_MS_MAX");
    let before = node.rpc("chain_status", &[])["time_ms"].as_u64().expect("a time");
    let past = node.try_rpc("dev_warp", &[json!(limit + 1)]).expect_err("one past");
    assert!(format!("{past:?}").contains("-32602"), "{past:?}");
    let warped = node.rpc("dev_warp", &[json!(limit)])["time_ms"].as_u64().expect("a time");
    assert!(warped >= before + limit, "{before} {warped}");
}

#[test]
fn bounds_are_known_by_their_names() {
    let cases = [
        ("pub const NAME_SIZE_MAX: u32 = 32;", Some("NAME_SIZE_MAX")),
        ("    pub(super) const FILE_MAX_BYTES: usize = 5;", Some("FILE_MAX_BYTES")),
        ("const GAS_LIMIT: Gas = Gas(1);", Some("GAS_LIMIT")),
        ("pub const LIMITS: &[Limit] = limit_table! {", None),
        ("pub const fn max_size(&self) -> u64 {", None),
        ("/// Most is const A_MAX: 5.", None),
        ("const _: () = assert!(A_MAX > 5);", None),
    ];
    for (line, expected) in cases {
        assert_eq!(bound(line), expected, "{line}");
    }
    assert!(Path::new(&project().join(chainstack_tests::limits::PAGE)).is_file());
}
