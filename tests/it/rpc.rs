//! The RPC port under requests that are right, wrong and hostile.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use chainstack_tests::{
    http::{Answer, request, request_as},
    node::TestNode,
    vectors::{json_file, vectors},
    wallet::{Wallet, hex_of},
    websocket::WebSocket,
};
use parity_scale_codec::Encode as _;
use serde_json::{Value, json};

/// Largest request, in bytes.
const REQUEST_SIZE_MAX: usize = 2 * 1024 * 1024;
/// Most calls in one batch.
const BATCH_MAX: usize = 100;
/// Deepest nesting of JSON.
const DEPTH_MAX: usize = 32;
/// Time an answer may take: the vectors' rule.
const ANSWER: Duration = Duration::from_secs(2);

const STATUS: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"chain_status","params":[]}"#;

fn post(node: &TestNode, body: &[u8]) -> Answer {
    request(node.address(), "POST", "/", body).expect("an answer")
}

/// The next valid call is answered.
fn alive(node: &TestNode) -> bool {
    let answer = post(node, STATUS);
    answer.status == 200 && answer.text().contains("\"state_root\"")
}

/// What is wrong with an answer, by the row of the vectors that it answers.
fn judge(answer: &Answer, expect: &Value) -> Result<(), String> {
    let text = answer.text();
    if expect["body"] == "empty" {
        return if text.trim().is_empty() { Ok(()) } else { Err(format!("an empty body expected: {text}")) };
    }
    let body: Value = serde_json::from_str(&text).map_err(|error| format!("not JSON ({error}): {text}"))?;
    let one_of = |found: &Value, wanted: &Value| match wanted {
        Value::Array(list) => list.contains(found),
        other => found == other,
    };
    let fail = |what: &str| Err(format!("{what}: {body}"));
    if let Some(codes) = expect.get("array_of_codes") {
        let rows = body.as_array().cloned().unwrap_or_default();
        let found: Vec<Value> = rows.iter().map(|row| row["error"]["code"].clone()).collect();
        return if json!(found) == *codes { Ok(()) } else { fail("other codes") };
    }
    if let Some(length) = expect.get("array_len") {
        let rows = body.as_array().cloned().unwrap_or_default();
        let found: Vec<Value> = rows.iter().map(|row| row["id"].clone()).collect();
        // The answers of a batch stand in any order.
        let wanted = expect["ids"].as_array().cloned().unwrap_or_default();
        let all = wanted.iter().all(|id| found.contains(id));
        return if json!(rows.len()) == *length && all { Ok(()) } else { fail("other answers") };
    }
    if expect.get("shape").is_some() && !body.is_object() {
        return fail("one object expected");
    }
    if let Some(wanted) = expect.get("id")
        && !one_of(&body["id"], wanted)
    {
        return fail("another id");
    }
    if expect["result"] == true && body.get("result").is_none() {
        return fail("a result expected");
    }
    if let Some(wanted) = expect.get("code")
        && !one_of(&body["error"]["code"], wanted)
    {
        return fail("another code");
    }
    if expect.get("note").is_some() {
        // An id that is not a small number: echoed exactly, or refused.
        let exact = text.contains("1e30") || text.contains("1e+30");
        let refused = body["error"]["code"] == -32_600;
        return if exact || refused { Ok(()) } else { fail("echoed exactly or refused expected") };
    }
    Ok(())
}

#[test]
fn every_row_of_the_json_rpc_vectors_is_answered_as_it_says() {
    let Some(path) = vectors("jsonrpc/cases.json") else { return };
    let rows = json_file(&path);
    let node = TestNode::temporary(&[]);
    let mut wrong = Vec::new();
    for row in rows["cases"].as_array().expect("rows") {
        let name = row["name"].as_str().expect("a name");
        let text = row["send"].as_str().expect("what to send");
        let text = text.replace("METHOD", "chain_status").replace("ARGS", "[]");
        let began = Instant::now();
        let answer = post(&node, text.as_bytes());
        if began.elapsed() > ANSWER {
            wrong.push(format!("{name}: answered after {:?}", began.elapsed()));
        }
        if let Err(why) = judge(&answer, &row["expect"]) {
            wrong.push(format!("{name}: {text}\n    {why}"));
        }
        if !alive(&node) {
            wrong.push(format!("{name}: the next valid call was not answered"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn limits_hold_at_them_and_one_past() {
    let node = TestNode::temporary(&[]);

    // Size: padded with white space to the limit, and one byte more.
    let padded = |size: usize| {
        let mut body = STATUS.to_vec();
        body.resize(size, b' ');
        body
    };
    assert_eq!(post(&node, &padded(REQUEST_SIZE_MAX)).status, 200, "a request at the limit is answered");
    let past = post(&node, &padded(REQUEST_SIZE_MAX + 1));
    assert_eq!(past.status, 413, "a request past the limit is refused: {past:?}");
    assert!(alive(&node));

    // Batches.
    let batch = |count: usize| {
        let call: Value = serde_json::from_slice(STATUS).expect("JSON");
        Value::Array(vec![call; count]).to_string().into_bytes()
    };
    let at: Value = serde_json::from_slice(&post(&node, &batch(BATCH_MAX)).body).expect("JSON");
    assert_eq!(at.as_array().map(Vec::len), Some(BATCH_MAX), "a batch at the limit is answered");
    let past: Value = serde_json::from_slice(&post(&node, &batch(BATCH_MAX + 1)).body).expect("JSON");
    assert!(past["error"]["code"].is_i64(), "a batch past the limit is one refusal: {past}");
    assert!(alive(&node));

    // Depth: the request itself is one level, its parameters another.
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"chain_status","params":{open}{close}}}"#).into_bytes()
    };
    let at: Value = serde_json::from_slice(&post(&node, &nested(DEPTH_MAX)).body).expect("JSON");
    assert_eq!(at["error"]["code"], -32_602, "read, and refused as wrong parameters: {at}");
    assert_eq!(post(&node, &nested(DEPTH_MAX + 1)).status, 400, "past the limit");
    assert_eq!(post(&node, &nested(100_000)).status, 400, "far past the limit");
    assert!(alive(&node));

    // Bulk submission.
    let many = |count: usize| {
        let list = vec![json!("0x00"); count];
        json!({"jsonrpc": "2.0", "id": 1, "method": "tx_submit_many", "params": [list]})
            .to_string()
            .into_bytes()
    };
    let at: Value = serde_json::from_slice(&post(&node, &many(1_024)).body).expect("JSON");
    assert_eq!(at["result"].as_array().map(Vec::len), Some(1_024), "{at}");
    let past: Value = serde_json::from_slice(&post(&node, &many(1_025)).body).expect("JSON");
    assert_eq!(past["error"]["code"], -32_602, "{past}");

    // Pages.
    let call = |limit: u64| node.try_rpc("event_query", &[json!({"limit": limit})]);
    assert!(call(1_000).is_ok());
    assert!(call(1_001).is_err());
    assert!(call(0).is_err(), "a page without room leads nowhere");

    // Blocks whose calls are listed.
    let nobody = json!(format!("0x{}", "11".repeat(32)));
    let calls =
        |blocks: u64| node.try_rpc("contract_calls", &[nobody.clone(), json!(0), json!(0), json!(blocks)]);
    assert!(calls(256).is_ok());
    assert!(calls(257).is_err());
    assert!(calls(0).is_err(), "a page without blocks leads nowhere");
}

#[test]
fn a_page_of_a_rebound_name_cannot_ask() {
    let node = TestNode::temporary(&["--allow-host", "node.example"]);
    let address = node.address();
    let port = address.port();
    let cases = [
        (200, format!("127.0.0.1:{port}")),
        (200, "127.0.0.1".to_owned()),
        (200, format!("localhost:{port}")),
        (200, "LOCALHOST".to_owned()),
        (200, format!("node.example:{port}")),
        (403, "evil.example".to_owned()),
        (403, format!("evil.example:{port}")),
        (403, "localhost.evil.example".to_owned()),
        (403, "127.0.0.1.evil.example".to_owned()),
        (403, String::new()),
    ];
    for (expected, host) in cases {
        for (method, path, body) in
            [("POST", "/", STATUS), ("GET", "/metrics", b"" as &[u8]), ("GET", "/health", b"")]
        {
            let answer = request_as(address, method, path, &host, body).expect("an answer");
            assert_eq!(answer.status, expected, "{method} {path} with Host `{host}`: {}", answer.text());
        }
    }
}

#[test]
fn methods_that_change_or_read_answer_as_their_page_says() {
    let node = TestNode::temporary(&[]);
    let spec = node.rpc("chain_spec", &[]);
    assert_eq!(spec["paradigms"], json!(["erc20"]), "{spec}");
    let params = node.rpc("chain_params", &[]);
    assert!(params["block"]["gas_limit"].is_u64(), "{params}");

    // Time, snapshots, money.
    let snapshot = node.rpc("dev_snapshot", &[])["snapshot"].clone();
    let before = node.rpc("chain_status", &[]);
    let time = before["time_ms"].as_u64().expect("a time");
    let warped = node.rpc("dev_warp", &[json!(3_600_000)]);
    let height = node.height();
    let sealed = node.rpc("dev_seal", &[]);
    assert_eq!(sealed["height"], height + 1);
    let after = node.rpc("chain_status", &[]);
    assert!(after["time_ms"].as_u64() >= Some(time + 3_600_000), "{after}");
    assert!(after["time_ms"].as_u64() >= warped["time_ms"].as_u64(), "{after} {warped}");
    let stranger = "5CSbZ7wG456oty4WoiX6a1J88VUbrCXLhrKVJ9q95BsYH4TZ";
    let funded = node.rpc("dev_fund", &[json!(stranger), json!("1500")]);
    let receipt = node.receipt(funded["id"].as_str().expect("an id"));
    assert_eq!(receipt["code"], 0, "{receipt}");
    assert_eq!(node.rpc("state_account", &[json!(stranger)])["balance"], "1500");
    let _reverted = node.rpc("dev_revert", &[snapshot]);
    let back = node.rpc("chain_status", &[]);
    assert_eq!((&back["height"], &back["state_root"]), (&before["height"], &before["state_root"]));
    assert_eq!(node.rpc("state_account", &[json!(stranger)])["balance"], "0");

    // What is not there has its own code.
    let past = node.try_rpc("chain_block", &[json!(999_999)]).expect_err("not found");
    assert!(format!("{past:?}").contains("-32001"), "{past:?}");
}

/// What is wrong with `value` by `schema`, in the part of JSON Schema that the document uses.
fn mismatch(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    let wrong = |what: &str| Some(format!("{what}: {value} by {schema}"));
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap_or_default();
        return mismatch(document, &document["components"]["schemas"][name], value);
    }
    if let Some(shapes) = schema["anyOf"].as_array() {
        let none = shapes.iter().all(|shape| mismatch(document, shape, value).is_some());
        return if none { wrong("none of these") } else { None };
    }
    if let Some(text) = schema.get("const") {
        return if value == text { None } else { wrong("another text") };
    }
    let kind = schema["type"].as_str().unwrap_or_default();
    let fits = match kind {
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    if !fits {
        return wrong("another kind");
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
        let digits = text.strip_prefix("0x");
        let is_hex = digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let fits = match pattern {
            "^0x[0-9a-f]{64}$" => is_hex && text.len() == 66,
            "^0x([0-9a-f]{2})*$" => is_hex && text.len() % 2 == 0,
            "^[0-9]+$" => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
            other => panic!("a pattern that this test does not know: {other}"),
        };
        if !fits {
            return wrong("another pattern");
        }
    }
    if let Some(rows) = value.as_array() {
        return rows.iter().find_map(|row| mismatch(document, &schema["items"], row));
    }
    let (Some(fields), Some(properties)) = (value.as_object(), schema["properties"].as_object()) else {
        return None;
    };
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    if let Some(missing) =
        required.iter().find(|name| !fields.contains_key(name.as_str().unwrap_or_default()))
    {
        return wrong(&format!("{missing} is missing"));
    }
    fields.iter().find_map(|(name, value)| match properties.get(name) {
        None => wrong(&format!("{name} is not declared")),
        Some(schema) => mismatch(document, schema, value),
    })
}

#[test]
fn answers_have_the_shapes_that_discover_declares() {
    let node = TestNode::temporary(&[]);
    let document = node.rpc("rpc.discover", &[]);
    let gold = node.token("gold");
    let _moved =
        node.cli(&["call", "gold", "transfer", "to=//Bob", "amount=250", "--from", "//Alice"]).exits(0);
    let refused = node
        .cli(&["call", "gold", "transfer", "to=//Bob", "amount=1", "--from", "//Bob", "--unsigned"])
        .exits(0);
    assert!(!refused.stdout.is_empty());
    let mut alice = Wallet::of(&node, "//Alice");
    let bob = Wallet::of(&node, "//Bob");
    let waiting = alice.transfer(bob.account(), 1);
    let body = json!(format!("0x{}", hex::encode(waiting.body.encode())));
    let event = node.rpc("event_query", &[])["events"][0].clone();
    let (id, height) = (event["transaction_id"].clone(), event["height"].clone());
    let code = node.rpc("contract_info", &[json!(gold)])["code_hash"].clone();
    let key = json!(format!("0x{}", hex::encode(bob.account().0)));
    let none = json!("0x");
    let nobody = json!(format!("0x{}", "11".repeat(32)));
    let bad = json!(["0x00", hex_of(&waiting)]);
    let calls: Vec<(&str, Vec<Value>)> = vec![
        ("chain_status", vec![]),
        ("chain_block", vec![height.clone()]),
        ("chain_header", vec![]),
        ("chain_receipt", vec![id.clone()]),
        ("chain_params", vec![]),
        ("chain_spec", vec![]),
        ("tx_simulate", vec![json!(alice.address()), body.clone()]),
        ("tx_simulate", vec![json!(bob.address()), body]),
        ("tx_status", vec![id.clone()]),
        ("tx_status", vec![nobody.clone()]),
        ("tx_trace", vec![id]),
        ("tx_submit_many", vec![bad]),
        ("tx_submit", vec![hex_of(&alice.transfer(bob.account(), 1))]),
        ("state_account", vec![json!(bob.address())]),
        ("state_account", vec![nobody, json!(0)]),
        ("state_cell", vec![json!(gold), json!(1), key.clone()]),
        ("state_cell", vec![json!(gold), json!(1), none.clone()]),
        ("state_range", vec![json!(gold), json!(1)]),
        ("state_proof", vec![json!(gold), json!(1), key.clone()]),
        ("contract_info", vec![json!(gold)]),
        ("contract_manifest", vec![code.clone()]),
        ("contract_code", vec![code]),
        ("contract_code", vec![json!(gold)]),
        ("contract_query", vec![json!(gold), json!("name"), none.clone()]),
        ("contract_query", vec![json!(gold), json!("no_such_view"), none]),
        ("contract_state", vec![json!(gold)]),
        ("contract_outlook", vec![json!(gold)]),
        (
            "contract_outlook",
            vec![
                json!(gold),
                json!(bob.address()),
                json!(1),
                key.clone(),
                json!("transfer"),
                json!([null]),
                json!("5"),
            ],
        ),
        ("contract_calls", vec![json!(gold), json!(0)]),
        ("contract_calls", vec![json!(gold), height, json!(0), json!(1)]),
        ("paradigm_list", vec![]),
        ("paradigm_params", vec![json!("erc20")]),
        ("event_query", vec![]),
        ("event_query", vec![json!({"limit": 1, "contract": gold})]),
        ("node_health", vec![]),
        ("node_peers", vec![]),
        ("dev_seal", vec![]),
        ("dev_warp", vec![json!(5)]),
        ("dev_fund", vec![json!(bob.address()), json!("1500")]),
        ("dev_revert", vec![node.rpc("dev_snapshot", &[])["snapshot"].clone()]),
        ("dev_snapshot", vec![]),
    ];
    let methods = document["methods"].as_array().expect("methods");
    let mut wrong = Vec::new();
    for (name, params) in &calls {
        let declared = methods.iter().find(|method| method["name"] == *name);
        let declared = declared.unwrap_or_else(|| panic!("{name} is not declared"));
        let parameters = declared["params"].as_array().expect("parameters");
        assert!(params.len() <= parameters.len(), "{name}");
        for (value, parameter) in params.iter().zip(parameters) {
            wrong
                .extend(mismatch(&document, &parameter["schema"], value).map(|why| format!("{name}: {why}")));
        }
        let required = parameters.iter().filter(|parameter| parameter["required"] == true).count();
        assert!(params.len() >= required, "{name}");
        let answer = node.rpc(name, params);
        let schema = &declared["result"]["schema"];
        wrong.extend(mismatch(&document, schema, &answer).map(|why| format!("{name}: {why}")));
        // One parameter too many is refused, whatever it says.
        let mut many = params.clone();
        many.resize(parameters.len() + 1, Value::Null);
        assert!(node.try_rpc(name, &many).is_err(), "{name} takes more than it declares");
        if required > 0 {
            assert!(node.try_rpc(name, &[]).is_err(), "{name} asks for less than it declares");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let asked: BTreeSet<&str> = calls.iter().map(|(name, _)| *name).collect();
    for method in methods {
        let name = method["name"].as_str().expect("a name");
        assert!(asked.contains(name) || method.get("x-subscription").is_some(), "{name} is not asked here");
    }
}

#[test]
fn items_of_subscriptions_have_the_shapes_that_discover_declares() {
    let node = TestNode::temporary(&[]);
    let document = node.rpc("rpc.discover", &[]);
    let gold = node.token("gold");
    let event = node.rpc("event_query", &[])["events"][0].clone();
    for (method, params) in [
        ("subscribe_blocks", vec![]),
        ("subscribe_events", vec![json!(gold), json!([0, 0, 0])]),
        ("subscribe_tx", vec![event["transaction_id"].clone()]),
    ] {
        let mut socket = WebSocket::open(node.address()).expect("a WebSocket");
        socket.subscribe(method, &params);
        let _sealed = node.rpc("dev_seal", &[]);
        let item = socket.item().expect("an item");
        let declared = document["methods"].as_array().expect("methods").iter();
        let declared = declared.clone().find(|declared| declared["name"] == method).expect("declared");
        let schema = &declared["x-subscription"]["item"]["schema"];
        assert_eq!(mismatch(&document, schema, &item), None, "{method}");
    }
}
