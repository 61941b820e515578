//! Connections of the RPC port: how many, how long, and what a client may leave undone.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use chainstack_client::transaction::{Terms, sign};
use chainstack_primitives::{Call, Gas};
use chainstack_tests::{
    http::{connect, request},
    node::TestNode,
    wallet::{Wallet, hex_of},
    websocket::WebSocket,
};
use serde_json::{Value, json};

/// Most connections at a time.
const CONNECTIONS_MAX: usize = 256;
/// Most subscriptions of a connection.
const SUBSCRIPTIONS_MAX: usize = 16;
/// Deepest nesting of JSON.
const DEPTH_MAX: usize = 32;
/// Largest first line and headers of a request, in bytes.
const HEAD_SIZE_MAX: usize = 16 * 1024;
/// Largest answer, in bytes.
const RESPONSE_SIZE_MAX: usize = 64 * 1024 * 1024;
/// Size of an upload that makes a block's page long, and the gas it takes.
const CODE_SIZE: usize = 500_000;
const CODE_GAS: u64 = 300_000_000;
/// Time a client has for a request's headers, and again for its body.
const SENDER: Duration = Duration::from_secs(10);
/// Time a client may take nothing of what is sent to it.
const READER: Duration = Duration::from_secs(10);
/// What the machine may be late by.
const GRACE: Duration = Duration::from_secs(8);

const STATUS: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"chain_status","params":[]}"#;

/// A stranger is answered. On a busy machine one call may pass its deadline: then the next of them counts.
fn alive(address: SocketAddr) -> bool {
    (0..3).any(|_| {
        let answer = request(address, "POST", "/", STATUS);
        answer.is_ok_and(|answer| answer.status == 200 && answer.text().contains("\"state_root\""))
    })
}

/// A whole request on a connection that stays open.
fn keep_alive(address: SocketAddr, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Sends a whole request and reads its answer, by its content length.
fn ask(stream: &mut TcpStream, address: SocketAddr) {
    stream.write_all(&keep_alive(address, STATUS)).expect("sent");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("an answer's head");
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).expect("text").to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.and_then(|text| text.parse().ok()).expect("a content length");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).expect("an answer's body");
}

/// Waits until the node closes the connection: after how long.
fn closed_after(stream: &mut TcpStream, began: Instant) -> Duration {
    let mut rest = Vec::new();
    match stream.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("still open after {:?}: {error}", began.elapsed()),
    }
    began.elapsed()
}

#[test]
fn slow_senders_are_cut_off_on_the_first_request_and_on_the_second() {
    let node = TestNode::temporary(&[]);
    let address = node.address();
    let head = format!("POST / HTTP/1.1\r\nHost: {address}\r\n");
    let whole_head = format!("{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{");
    // One sends nothing, one never ends its headers, one never ends its body; on a new connection, and on one that
    // has had an answer.
    let mut slow = Vec::new();
    for text in ["", head.as_str(), whole_head.as_str()] {
        for answered in [false, true] {
            let mut stream = connect(address).expect("a connection");
            if answered {
                ask(&mut stream, address);
            }
            stream.write_all(text.as_bytes()).expect("the first bytes");
            slow.push((text.len(), answered, stream));
        }
    }
    let began = Instant::now();
    assert!(alive(address), "others are answered meanwhile");
    for (sent, answered, stream) in &mut slow {
        let after = closed_after(stream, began);
        let text = format!("{sent} bytes sent, answered before: {answered}: closed after {after:?}");
        assert!(after + Duration::from_secs(2) > SENDER && after < SENDER + GRACE, "{text}");
    }
    assert!(alive(address));
}

#[test]
fn a_connection_that_is_used_stays_open_past_the_time_of_an_idle_one() {
    let node = TestNode::temporary(&[]);
    let address = node.address();
    let mut stream = connect(address).expect("a connection");
    let began = Instant::now();
    let mut asked = 0;
    // Each request has its own time.
    while began.elapsed() < SENDER + Duration::from_secs(2) {
        ask(&mut stream, address);
        asked += 1;
        let pause = Instant::now();
        while pause.elapsed() < Duration::from_millis(500) {
            assert!(alive(address));
        }
    }
    assert!(asked > 10, "{asked}");
}

#[test]
fn one_connection_too_many_takes_the_place_of_the_idlest_and_of_none_at_work() {
    let node = TestNode::temporary(&[]);
    let address = node.address();
    // All places are taken by clients of which one has waited longest.
    let mut idle: Vec<TcpStream> =
        (0..CONNECTIONS_MAX).map(|_| connect(address).expect("a connection")).collect();
    for stream in &mut idle {
        ask(stream, address);
    }
    let began = Instant::now();
    assert!(alive(address), "one more is answered");
    let after = closed_after(&mut idle[0], began);
    assert!(after < SENDER / 2, "the idlest has left for it: {after:?}");
    // The others are still there.
    for stream in &mut idle[1..] {
        ask(stream, address);
    }
    drop(idle);

    // WebSockets do not leave for others.
    let mut sockets: Vec<WebSocket> = Vec::new();
    node.wait_for("places for WebSockets", |_| {
        sockets.extend(WebSocket::open(address).ok());
        (sockets.len() == CONNECTIONS_MAX).then_some(())
    });
    assert!(!alive(address), "one more is refused");
    assert!(WebSocket::open(address).is_err(), "as a WebSocket as well");
    for socket in &mut sockets {
        let answer = socket.call("chain_status", &[]).expect("an answer");
        assert!(answer["result"]["height"].is_u64(), "{answer}");
    }
    sockets.pop();
    node.wait_for("the place that became free", |_| alive(address).then_some(()));
}

#[test]
fn subscriptions_of_a_connection_at_the_limit_and_one_past() {
    let node = TestNode::temporary(&[]);
    let mut socket = WebSocket::open(node.address()).expect("a WebSocket");
    for _ in 0..SUBSCRIPTIONS_MAX {
        socket.subscribe("subscribe_blocks", &[]);
    }
    let past = socket.call("subscribe_blocks", &[]).expect("an answer");
    assert!(past["error"]["code"].is_i64(), "{past}");
    let _sealed = node.rpc("dev_seal", &[]);
    for _ in 0..SUBSCRIPTIONS_MAX {
        assert_eq!(socket.item().expect("an item")["height"], 1);
    }
    let mut another = WebSocket::open(node.address()).expect("a WebSocket");
    another.subscribe("subscribe_blocks", &[]);
}

#[test]
fn heads_of_requests_are_bounded() {
    let node = TestNode::temporary(&[]);
    let address = node.address();
    let asked = |size: usize| {
        let mut stream = connect(address).expect("a connection");
        let start = format!("GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nPadding: ");
        let padding = "x".repeat(size - start.len() - 4);
        // What is refused by its first part may close before the rest is sent.
        let _refused_early = stream.write_all(format!("{start}{padding}\r\n\r\n").as_bytes());
        chainstack_tests::http::answer(&mut stream).map(|answer| answer.status)
    };
    assert_eq!(asked(HEAD_SIZE_MAX).expect("an answer"), 200, "at the limit");
    let past = asked(HEAD_SIZE_MAX + 1);
    assert!(!matches!(past, Ok(200)), "past it: {past:?}");
    assert!(alive(address));
}

/// Puts an upload into a block, which makes that block's page over a megabyte long: its height. That the code is
/// none does not matter.
fn heavy_block(node: &TestNode) -> u64 {
    let alice = Wallet::of(node, "//Alice");
    let code = vec![0; CODE_SIZE].try_into().expect("below the limit");
    let terms = Terms { gas_limit: Gas(CODE_GAS), ..alice.terms() };
    let transaction = sign(terms.body(Call::Upload { code }), &alice.key);
    let _id = node.rpc("tx_submit", &[hex_of(&transaction)]);
    node.receipt(&transaction.id().to_string())["height"].as_u64().expect("a height")
}

#[test]
fn answers_are_bounded() {
    let node = TestNode::temporary(&[]);
    let height = heavy_block(&node);
    let post = |count| request(node.address(), "POST", "/", &block_calls(height, count)).expect("an answer");
    let one = post(1);
    let fits = RESPONSE_SIZE_MAX / one.body.len();
    assert!((2..100).contains(&fits), "{fits} answers of {} bytes", one.body.len());
    let at: Value = serde_json::from_slice(&post(fits).body).expect("JSON");
    assert_eq!(at.as_array().map(Vec::len), Some(fits), "below the limit");
    let past = post(fits + 1);
    let refused: Value = serde_json::from_slice(&past.body).expect("JSON");
    assert!(refused["error"]["code"].is_i64(), "past it: {}", &past.text()[..200.min(past.body.len())]);
    assert!(alive(node.address()));
}

fn block_calls(height: u64, count: usize) -> Vec<u8> {
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "chain_block", "params": [height]});
    Value::Array(vec![call; count]).to_string().into_bytes()
}

#[test]
fn a_websocket_whose_client_takes_nothing_is_not_read_and_then_cut_off() {
    let node = TestNode::temporary(&[]);
    let height = json!(heavy_block(&node));
    let mut socket = WebSocket::open(node.address()).expect("a WebSocket");
    let began = Instant::now();
    let limit = READER + GRACE + Duration::from_secs(20);
    socket.stream().set_write_timeout(Some(limit)).expect("a timeout");
    // Each call has an answer of a megabyte, which nobody reads. Soon the node reads no more, and then it hangs up.
    let mut sent = 0u64;
    while socket.send("chain_block", std::slice::from_ref(&height)).is_ok() {
        sent += 1;
        assert!(began.elapsed() < limit, "{sent} calls were taken in {:?}", began.elapsed());
    }
    assert!(began.elapsed() < limit, "the node hangs up, no timeout of this test: {:?}", began.elapsed());
    assert!(began.elapsed() + Duration::from_secs(2) > READER, "not before its time: {:?}", began.elapsed());
    assert!(alive(node.address()), "others are answered");
}

#[test]
fn calls_over_a_websocket_nest_no_deeper_than_over_http() {
    let node = TestNode::temporary(&[]);
    let mut socket = WebSocket::open(node.address()).expect("a WebSocket");
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(r#"{{"jsonrpc":"2.0","id":7,"method":"chain_status","params":{open}{close}}}"#)
    };
    for (depth, said) in [(DEPTH_MAX, "parameters found"), (DEPTH_MAX + 1, "nest"), (50_000, "")] {
        socket.send_text(&nested(depth)).expect("sent");
        let answer = socket.receive().expect("an answer");
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(said) && !message.is_empty(), "{depth}: {answer}");
    }
    let status = socket.call("chain_status", &[]).expect("an answer");
    assert!(status["result"]["height"].is_u64(), "{status}");
}
