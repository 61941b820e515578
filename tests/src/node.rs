//! The built program, started and asked from outside: a node as a child process, and the command line beside it.

use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use chainstack_client::rpc::{RpcClient, RpcError};
use serde_json::Value;
use tempfile::TempDir;

/// Names the program under test; by default the one beside the running test's target folder.
pub const BINARY_VARIABLE: &str = "CHAINSTACK_BIN";
/// Time a node has to print `ready`, in seconds.
pub const READY_S: u64 = 60;
/// Time a command has to end, in seconds.
pub const COMMAND_S: u64 = 120;

/// A copy of the program under test, once [`keep_a_copy`] has made one.
static COPY: OnceLock<PathBuf> = OnceLock::new();

/// Copies the program under test into a folder of its own, and lets [`binary`] name the copy from now on: another
/// build in the shared target folder changes nothing under a long run. The copy goes with the answer.
///
/// # Errors
/// If there is no program, or the disk does not take it.
pub fn keep_a_copy() -> Result<TempDir, String> {
    let program = binary()?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let copy = folder.path().join("chainstack");
    fs::copy(&program, &copy).map_err(|error| format!("{}: {error}", program.display()))?;
    let _kept_before = COPY.set(copy);
    Ok(folder)
}

/// The program under test.
///
/// # Errors
/// What to build, if there is none.
pub fn binary() -> Result<PathBuf, String> {
    if let Some(copy) = COPY.get() {
        return Ok(copy.clone());
    }
    if let Some(named) = std::env::var_os(BINARY_VARIABLE) {
        let path = PathBuf::from(named);
        return if path.is_file() {
            // Children run in folders of their own.
            fs::canonicalize(&path).map_err(|error| format!("{}: {error}", path.display()))
        } else {
            Err(format!("{BINARY_VARIABLE} names {}, which is not there", path.display()))
        };
    }
    let running = std::env::current_exe().map_err(|error| format!("this program's own path: {error}"))?;
    // target/debug/deps/it-… and target/debug/accept both stand below target/debug.
    let found = running
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("chainstack"))
        .find(|path| path.is_file());
    found.ok_or_else(|| {
        format!(
            "no `chainstack` beside {}: build it with `cargo build --package chainstack-node`, or name one with \
             {BINARY_VARIABLE}",
            running.display()
        )
    })
}

/// What a command printed, and how it ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// The exit code; `None` if a signal ended it.
    pub status: Option<i32>,
    /// Data.
    pub stdout: String,
    /// Everything else.
    pub stderr: String,
}

impl Output {
    /// The one JSON object on stdout.
    ///
    /// # Panics
    /// If stdout is anything else.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not JSON ({error}): {self:?}"))
    }

    /// The one JSON object on stderr: an error's, under `--output json`.
    ///
    /// # Panics
    /// If the last line of stderr is anything else.
    #[must_use]
    pub fn error_json(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("stderr ends in no JSON ({error}): {self:?}"))
    }

    /// The same output, if the exit code is `code`.
    ///
    /// # Panics
    /// If it is not.
    #[must_use]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.status, Some(code), "exit code {code} expected: {self:#?}");
        self
    }
}

/// Runs the program with `arguments` in a home folder of its own choice.
///
/// # Panics
/// If there is no program, or it does not end in [`COMMAND_S`].
pub fn run(home: &Path, arguments: &[&str]) -> Output {
    let mut command = program(home);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let stdout = collect(child.stdout.take().expect("stdout is piped"));
    let stderr = collect(child.stderr.take().expect("stderr is piped"));
    let deadline = Instant::now() + Duration::from_secs(COMMAND_S);
    let take = |what: &Receiver<String>| {
        let left = deadline.saturating_duration_since(Instant::now());
        what.recv_timeout(left).ok()
    };
    let (Some(stdout), Some(stderr)) = (take(&stdout), take(&stderr)) else {
        let _gone = child.kill();
        let _reaped = child.wait();
        panic!("`chainstack {}` did not end in {COMMAND_S} s", arguments.join(" "));
    };
    let status = child.wait().expect("an ended child has a status").code();
    Output { status, stdout, stderr }
}

/// A command that goes on, and what it prints as it prints it. Killed when dropped.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// The next line on stdout.
    ///
    /// # Panics
    /// If there is none in [`COMMAND_S`].
    #[must_use]
    pub fn line(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(COMMAND_S)).expect("a line in time")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The program with nothing of this process's own settings.
pub(crate) fn program(home: &Path) -> Command {
    let mut command = Command::new(binary().unwrap_or_else(|missing| panic!("{missing}")));
    for variable in ["CHAINSTACK_URL", "CHAINSTACK_LOG"] {
        command.env_remove(variable);
    }
    // What a killed node leaves in the folder for temporary files goes with its home.
    command.env("CHAINSTACK_HOME", home).env("TMPDIR", home).env("COLUMNS", "100").env("RUST_BACKTRACE", "0");
    command
}

pub(crate) fn collect(mut stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _cut_off = stream.read_to_end(&mut bytes);
        let _nobody_waits = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// A running `chainstack dev`. Killed, and its folders removed, when dropped.
pub struct TestNode {
    child: Child,
    url: String,
    client: RpcClient,
    folder: TempDir,
    options: Vec<String>,
    ready: Duration,
}

impl TestNode {
    /// A node whose chain goes with it, with further `options` of `chainstack dev`.
    ///
    /// # Panics
    /// If it is not ready in [`READY_S`].
    #[must_use]
    pub fn temporary(options: &[&str]) -> Self {
        Self::start(&["--tmp"], options)
    }

    /// A node whose chain is kept in a folder, so that [`TestNode::restart`] finds it again.
    ///
    /// # Panics
    /// If it is not ready in [`READY_S`].
    #[must_use]
    pub fn kept(options: &[&str]) -> Self {
        Self::start(&["--data", "DATA"], options)
    }

    fn start(storing: &[&str], options: &[&str]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let data = folder.path().join("data").to_string_lossy().into_owned();
        let words = storing.iter().chain(options);
        let options: Vec<String> =
            words.map(|word| if *word == "DATA" { data.clone() } else { (*word).to_owned() }).collect();
        let (child, url, ready) = launch(folder.path(), &options);
        Self { child, client: RpcClient::new(&url), url, folder, options, ready }
    }

    /// Where the node answers.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the node listens.
    ///
    /// # Panics
    /// If it printed something else than an address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").parse().expect("an address and a port")
    }

    /// Time from the start of the process to its `ready`.
    #[must_use]
    pub const fn ready_after(&self) -> Duration {
        self.ready
    }

    /// The folder of keys and aliases, for files of the test as well.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// The node's process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What the node has logged.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("node.log")).unwrap_or_default()
    }

    /// Ends the process at once (SIGKILL).
    ///
    /// # Panics
    /// If the system does not let it.
    pub fn kill(&mut self) {
        let _ended_already = self.child.kill();
        self.child.wait().expect("a killed child can be waited for");
    }

    /// Kills the node and starts it on the same chain; its port is another.
    ///
    /// # Panics
    /// If it is not ready in [`READY_S`].
    pub fn restart(&mut self) {
        self.kill();
        let (child, url, ready) = launch(self.folder.path(), &self.options);
        (self.child, self.url, self.ready) = (child, url, ready);
        self.client = RpcClient::new(&self.url);
    }

    /// Calls the node.
    ///
    /// # Errors
    /// As [`RpcClient::call`].
    pub fn try_rpc(&self, method: &str, params: &[Value]) -> Result<Value, RpcError> {
        self.client.call(method, params)
    }

    /// Calls the node, which must answer with a result.
    ///
    /// # Panics
    /// If it does not.
    #[must_use]
    pub fn rpc(&self, method: &str, params: &[Value]) -> Value {
        self.try_rpc(method, params).unwrap_or_else(|error| panic!("{method}: {error:?}\n{}", self.log()))
    }

    /// Height of the head.
    ///
    /// # Panics
    /// If the node does not answer.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.rpc("chain_status", &[])["height"].as_u64().expect("a height")
    }

    /// Root of the state at the head, as `0x` hex.
    ///
    /// # Panics
    /// If the node does not answer.
    #[must_use]
    pub fn state_root(&self) -> String {
        self.rpc("chain_status", &[])["state_root"].as_str().expect("a root").to_owned()
    }

    /// Runs a command against this node.
    ///
    /// # Panics
    /// If it does not end in time.
    #[must_use]
    pub fn cli(&self, arguments: &[&str]) -> Output {
        let mut all = vec!["--url", &self.url];
        all.extend(arguments);
        run(self.home(), &all)
    }

    /// Runs a command with `--output json` that must succeed: its answer.
    ///
    /// # Panics
    /// If it fails, or does not print one object with `"schema": 1`.
    #[must_use]
    pub fn cli_json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.extend(["--output", "json"]);
        let json = self.cli(&all).exits(0).json();
        assert_eq!(json["schema"], 1, "{json}");
        json
    }

    /// Starts a command against this node that goes on.
    ///
    /// # Panics
    /// If the program does not start.
    #[must_use]
    pub fn cli_running(&self, arguments: &[&str]) -> Running {
        let mut command = program(self.home());
        command.args(["--url", &self.url]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the program starts");
        let lines = lines(child.stdout.take().expect("stdout is piped"));
        Running { child, lines }
    }

    /// Writes a file into the home folder: its path as text.
    ///
    /// # Panics
    /// If the disk does not take it.
    #[must_use]
    pub fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.home().join(name);
        fs::write(&path, bytes).expect("a file in the test's own folder");
        path.to_string_lossy().into_owned()
    }

    /// Asks until `look` finds something.
    ///
    /// # Panics
    /// If it finds nothing in a minute.
    pub fn wait_for<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            assert!(Instant::now() < deadline, "waited a minute for {what}\n{}", self.log());
            thread::yield_now();
        }
    }

    /// Waits until the transaction is in a block: its receipt.
    ///
    /// # Panics
    /// If it is in none in a minute.
    #[must_use]
    pub fn receipt(&self, id: &str) -> Value {
        self.wait_for(&format!("the receipt of {id}"), |node| {
            let status = node.rpc("tx_status", &[Value::from(id)]);
            (status["status"] == "included").then(|| status["receipt"].clone())
        })
    }

    /// Deploys an ERC20 token with the parameters of `paradigm new` as `alias`, owned by //Alice: its address.
    ///
    /// # Panics
    /// If a command fails.
    #[must_use]
    pub fn token(&self, alias: &str) -> String {
        self.token_with(alias, &[])
    }

    /// As [`TestNode::token`], with further `options` of `paradigm deploy`.
    ///
    /// # Panics
    /// If a command fails.
    #[must_use]
    pub fn token_with(&self, alias: &str, options: &[&str]) -> String {
        let params = self.cli(&["paradigm", "new", "erc20"]).exits(0).stdout;
        let file = self.file(&format!("{alias}.toml"), params.as_bytes());
        let deploy = ["paradigm", "deploy", "erc20", "-p", &file, "--as", alias, "--from", "//Alice"];
        let deployed = self.cli_json(&[&deploy[..], options].concat());
        deployed["address"].as_str().expect("an address").to_owned()
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Lines as they come. Reads on when nobody listens any more, so that the pipe never fills.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _nobody_waits = sender.send(line);
        }
    });
    receiver
}

fn launch(folder: &Path, options: &[String]) -> (Child, String, Duration) {
    let log_path = folder.join("node.log");
    let log =
        File::options().create(true).append(true).open(&log_path).expect("a log in the test's own folder");
    let began = Instant::now();
    let mut command = program(folder);
    command.args(["dev", "--port", "0"]).args(options);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().expect("the program starts");
    let receiver = lines(child.stdout.take().expect("stdout is piped"));
    let deadline = began + Duration::from_secs(READY_S);
    loop {
        let line = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        match line {
            Ok(line) => {
                if let Some(url) = line.strip_prefix("ready ") {
                    return (child, url.trim().to_owned(), began.elapsed());
                }
            }
            Err(ended) => {
                let _gone = child.kill();
                let status = child.wait();
                let log = fs::read_to_string(&log_path).unwrap_or_default();
                panic!("no `ready` from `chainstack dev {}`: {ended}, {status:?}\n{log}", options.join(" "));
            }
        }
    }
}
