//! The promises of issue 1, "The chain runs".

use std::{
    collections::BTreeSet,
    env, fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    sync::mpsc::channel,
    thread,
    time::{Duration, Instant},
};

use super::{
    record,
    suite::test,
    verdict::{Check, Verdict},
};
use crate::{
    limits,
    node::{TestNode, binary},
    vectors::{project, vectors},
};

/// Time within which a built node is to be ready.
const READY_MAX: Duration = Duration::from_secs(1);
/// What `make dev` ends at.
const DEV_READY: &str = "ready http://127.0.0.1:9944";
/// Time `make dev` may take to build what has changed and start, and `make install` to build a release.
const MAKE_MAX: Duration = Duration::from_secs(40 * 60);

/// Every line under "Done when", and the counts that "Build" asks for.
pub const CHECKS: &[Check] = &[
    Check { promise: "`make dev` builds and ends at `ready http://127.0.0.1:9944`", look: make_dev },
    Check {
        promise: ".ci/run from nothing: green in 80 min on two cores, each step timed",
        look: || record::verdict("ci-cold"),
    },
    Check {
        promise: ".ci/run with dependencies compiled: green in 25 min, `make test` among its steps",
        look: || record::verdict("ci-warm"),
    },
    Check { promise: "`make install` puts `chainstack` on the PATH", look: make_install },
    Check { promise: "built, `chainstack dev --tmp` is ready in under 1 s", look: ready },
    Check { promise: "six commands: issue, call, query, events, prove, verify", look: six_commands },
    Check {
        promise: "after kill -9 and a restart the same query and proof hold",
        look: || test("recovery::"),
    },
    Check {
        promise: "`proof verify` exits 3 on any changed byte",
        look: || test("proofs::any_changed_byte"),
    },
    Check {
        promise: "the same proof verifies with an Ethereum MPT library",
        look: || test("proofs::an_ethereum_library"),
    },
    Check { promise: "too large a transfer exits 4 with name, balance and amount", look: too_large },
    Check {
        promise: "over-long, malformed, wrong-chain, replayed, zero-key, unfunded: each its own code through RPC",
        look: || test("refused::"),
    },
    Check {
        promise: "`check` prints its verdict as JSON, exit 0 or 3, in bounded time and memory for any file",
        look: || test("check::"),
    },
    Check {
        promise: "`trie root|prove|verify` over Ethereum's files",
        look: || with_vectors("trie", || test("trie::")),
    },
    Check {
        promise: "`bench` prints its line; the same seed gives the same root for any T",
        look: || test("bench::"),
    },
    Check {
        promise: "beside the peers: empty call ≤ 5 µs, ERC20 ≥ 0.5 × revm, trie ≥ 1 × trie-db, and the signature floor",
        look: || record::verdict("peers"),
    },
    Check {
        promise: "a limits page generated from code; each limit tested at it and one past",
        look: limits_hold,
    },
    Check { promise: "`/metrics` passes `promtool check metrics`", look: metrics },
    Check {
        promise: "memory grows under 2 % over the second half of 100,000 calls",
        look: || record::verdict("memory-calls"),
    },
    Check {
        promise: "memory grows under 2 % over the second half of 2,000 deploys",
        look: || record::verdict("memory-deploys"),
    },
    Check { promise: "kill -9 of the process 100 times under load", look: || record::verdict("kill") },
    Check {
        promise: "100,000 trie sequences against an independent crate; every byte of 1,000 proofs changed",
        look: || record::verdict("trie"),
    },
    Check {
        promise: "10,000 generated modules alike on three engines; 20,000 asserts of the spec tests instrumented",
        look: || record::verdict("wasm"),
    },
    Check {
        promise: "the full counts of the other rooms: crashes at every write, random blocks, codecs",
        look: || record::verdict("rooms"),
    },
    Check {
        promise: "requests are answered as JSON-RPC says, and limits hold at them and one past",
        look: || with_vectors("jsonrpc", || test("rpc::")),
    },
    Check {
        promise: "commands, keys and exit codes are as the golden reference and the style say",
        look: || test("cli:: keys:: golden::"),
    },
    Check {
        promise: "one scenario for each ERC20 row of the cases, each held by the artifact",
        look: scenarios,
    },
];

/// A check that reads vectors says nothing without them.
fn with_vectors(name: &str, look: impl FnOnce() -> Verdict) -> Verdict {
    if vectors(name).is_none() { Verdict::NotRun(format!("no vectors `{name}`")) } else { look() }
}

/// A `make` of the project in a group of processes of its own, which ends with this value.
struct Make(Child);

impl Make {
    fn start(target: &str, options: &[&str]) -> Result<Self, String> {
        let mut command = Command::new("make");
        command.current_dir(project()).args(["--no-print-directory", target]).args(options);
        // Nothing of the `make` or the cargo that this runs under.
        for variable in ["MAKEFLAGS", "MAKELEVEL", "MFLAGS", "CARGO_MANIFEST_DIR"] {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        command.spawn().map(Self).map_err(|error| format!("make: {error}"))
    }

    /// Reads lines until `wanted` finds one, within [`MAKE_MAX`].
    fn wait_for(&mut self, wanted: impl Fn(&str) -> bool) -> Result<String, String> {
        let stdout = self.0.stdout.take().ok_or("no output of make")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _nobody_waits = sender.send(line);
            }
        });
        let deadline = Instant::now() + MAKE_MAX;
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if wanted(&line) => return Ok(line),
                Ok(_) => {}
                Err(_) => return Err("it ended or took too long without it".to_owned()),
            }
        }
    }
}

impl Drop for Make {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ended_already = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _reaped = self.0.wait();
    }
}

fn make_dev() -> Verdict {
    if let Err(error) = TcpListener::bind("127.0.0.1:9944") {
        return Verdict::NotRun(format!("port 9944 of this machine is taken: {error}"));
    }
    let outcome = Make::start("dev", &["ARGS=--tmp"]).and_then(|mut make| {
        let line = make.wait_for(|line| line.starts_with("ready "))?;
        let status = crate::node::run(&env::temp_dir(), &["status", "--output", "json"]);
        Ok((line, status))
    });
    match outcome {
        Ok((line, status)) if line == DEV_READY && status.status == Some(0) => Verdict::Pass(format!(
            "`{line}`, and `status` at the default port answers {}",
            status.stdout.trim()
        )),
        Ok((line, status)) => Verdict::Fail(format!("`{line}`, {status:?}")),
        Err(why) => Verdict::Fail(format!("no `{DEV_READY}`: {why}")),
    }
}

/// Where the PATH finds `chainstack`, and when that file was written.
fn on_the_path() -> Option<(std::path::PathBuf, std::time::SystemTime)> {
    let path = env::var_os("PATH")?;
    let found =
        env::split_paths(&path).map(|folder| folder.join("chainstack")).find(|file| file.is_file())?;
    let written = found.metadata().and_then(|about| about.modified()).ok()?;
    Some((found, written))
}

fn make_install() -> Verdict {
    let before = on_the_path();
    let mut make = match Make::start("install", &[]) {
        Ok(make) => make,
        Err(why) => return Verdict::NotRun(why),
    };
    match make.0.wait() {
        Ok(status) if status.success() => {}
        other => return Verdict::Fail(format!("`make install`: {other:?}")),
    }
    let Some((file, written)) = on_the_path() else {
        return Verdict::Fail("`make install` succeeded and no `chainstack` is on the PATH".to_owned());
    };
    if before.is_some_and(|(_, before)| before >= written) {
        return Verdict::Fail(format!("`make install` left the older {} in place", file.display()));
    }
    let output = Command::new("chainstack").arg("--version").output();
    let said =
        output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    if said == format!("chainstack {}", env!("CARGO_PKG_VERSION")) {
        Verdict::Pass(format!("the PATH finds a new file, and `chainstack --version` prints {said}"))
    } else {
        Verdict::Fail(format!("`chainstack --version` prints `{said}`"))
    }
}

fn ready() -> Verdict {
    let times: Vec<Duration> = (0..5).map(|_| TestNode::temporary(&[]).ready_after()).collect();
    let slowest = times.iter().max().copied().unwrap_or(Duration::MAX);
    let observed = format!("ready after {times:.2?}");
    if slowest < READY_MAX { Verdict::Pass(observed) } else { Verdict::Fail(observed) }
}

fn six_commands() -> Verdict {
    let node = TestNode::temporary(&[]);
    let params = node.cli(&["paradigm", "new", "erc20"]).exits(0).stdout;
    let gold = node.file("gold.toml", params.as_bytes());
    let deploy = ["paradigm", "deploy", "erc20", "-p", &gold, "--as", "gold", "--from", "//Alice"];
    let _deployed = node.cli(&deploy).exits(0);
    let _called =
        node.cli(&["call", "gold", "transfer", "to=//Bob", "amount=250", "--from", "//Alice"]).exits(0);
    let asked = node.cli(&["query", "gold", "balance_of", "owner=//Bob", "--output", "json"]).exits(0).stdout;
    if !asked.starts_with(r#"{"schema":1,"result":"250""#) {
        return Verdict::Fail(format!("the query prints {}", asked.trim()));
    }
    let events = node.cli(&["events", "gold"]).exits(0).stdout;
    let transfers = events.lines().filter(|line| line.contains("Transfer")).count();
    if transfers != 2 {
        return Verdict::Fail(format!("two Transfer events expected, the issue and the call: {events}"));
    }
    let proof = node.cli(&["proof", "get", "gold", "balances", "//Bob"]).exits(0).stdout;
    let file = node.file("p.json", proof.as_bytes());
    let verified = node.cli(&["proof", "verify", &file, "--root", &node.state_root()]).exits(0).stdout;
    if !verified.contains("250") {
        return Verdict::Fail(format!("the proof shows {}", verified.trim()));
    }
    Verdict::Pass(format!("query prints {}; {transfers} Transfer events; the proof shows 250", asked.trim()))
}

fn too_large() -> Verdict {
    let node = TestNode::temporary(&[]);
    let _address = node.token("gold");
    let _moved =
        node.cli(&["call", "gold", "transfer", "to=//Bob", "amount=250", "--from", "//Alice"]).exits(0);
    let call = ["call", "gold", "transfer", "to=//Bob", "amount=999999999999", "--from", "//Bob"];
    let refused = node.cli(&call).exits(4).stderr;
    let line = refused.lines().find(|line| line.starts_with("error:")).unwrap_or_default();
    let all = ["InsufficientBalance", "250", "999999999999"].iter().all(|part| line.contains(part));
    let observed = format!("exit 4: {line}");
    if all { Verdict::Pass(observed) } else { Verdict::Fail(observed) }
}

fn metrics() -> Verdict {
    if Command::new("promtool").arg("--version").output().is_err() {
        return Verdict::NotRun("no promtool on the PATH; `.ci/tools` brings it".to_owned());
    }
    test("metrics::")
}

fn scenarios() -> Verdict {
    let Some(cases) = vectors("tokens/cases.json") else {
        return Verdict::NotRun("no vectors `tokens/cases.json`".to_owned());
    };
    let cases = crate::vectors::json_file(&cases);
    let rows = cases["erc20"].as_array().map(Vec::as_slice).unwrap_or_default();
    let rows: BTreeSet<&str> = rows.iter().filter_map(|row| row[0].as_str()).collect();
    let folder = project().join("contracts/erc20/scenarios");
    let files = fs::read_dir(&folder).into_iter().flatten().flatten().map(|file| file.path());
    let texts: Vec<String> = files.filter_map(|file| fs::read_to_string(file).ok()).collect();
    let title = |text: &String| {
        let line = text.lines().find_map(|line| line.strip_prefix("title = \""))?;
        Some(line.trim_end_matches('"').to_owned())
    };
    let titles: BTreeSet<String> = texts.iter().filter_map(title).collect();
    if rows.is_empty() || !titles.iter().map(String::as_str).eq(rows.iter().copied()) {
        return Verdict::Fail(format!("rows {rows:?}, scenarios {titles:?}"));
    }
    let home = env::temp_dir();
    let output = crate::node::run(&home, &["test", &folder.to_string_lossy()]);
    let last = output.stdout.lines().last().unwrap_or_default().to_owned();
    let observed = format!("{} rows; `chainstack test` exits {:?}: {last}", rows.len(), output.status);
    if output.status == Some(0) { Verdict::Pass(observed) } else { Verdict::Fail(observed) }
}

/// Runs the test that each row of the page of limits names, and counts the rows that it holds.
fn limits_hold() -> Verdict {
    let rows = limits::rows();
    let named: BTreeSet<limits::Test> = rows.iter().filter_map(|row| row.tested.clone()).collect();
    let program = match binary() {
        Ok(path) => path,
        Err(missing) => return Verdict::NotRun(missing),
    };
    let ties =
        ["every_row_names_a_test_of_the_project", "every_bound_in_the_code_is_on_the_page_or_says_why_not"];
    let ties =
        ties.map(|name| limits::Test { file: "tests/it/limits.rs".to_owned(), function: name.to_owned() });
    let all = named.iter().chain(&ties).cloned().collect();
    let outcomes = match limits::run(&all, &[(crate::node::BINARY_VARIABLE, program.as_path())]) {
        Ok(outcomes) => outcomes,
        Err(why) => return Verdict::NotRun(why),
    };
    let holds = |test: &limits::Test| outcomes.get(test).is_some_and(|outcome| outcome == "ok");
    let held = rows.iter().filter(|row| row.tested.as_ref().is_some_and(holds)).count();
    let passed = outcomes.values().filter(|outcome| *outcome == "ok").count();
    let observed = format!(
        "{} rows, {held} held at the limit and one past; {passed} of {} tests ok",
        rows.len(),
        outcomes.len()
    );
    let bad = outcomes.iter().filter(|(_, outcome)| *outcome != "ok");
    let bad = bad.map(|(test, outcome)| format!("{test}: {outcome}"));
    let silent = rows.iter().filter(|row| row.tested.is_none());
    let silent = silent.map(|row| format!("{} of {}: untested", row.name, row.section));
    let faults: Vec<String> = bad.chain(silent).collect();
    if faults.is_empty() && held == rows.len() && held > 0 {
        Verdict::Pass(observed)
    } else {
        Verdict::Fail(format!("{observed}; {}", faults.join("; ")))
    }
}
