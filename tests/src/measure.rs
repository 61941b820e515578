//! What a command takes of the machine: time and memory.

use std::{
    fs,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use crate::node::{COMMAND_S, Output, collect, program};

/// What a command took.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spent {
    /// From its start to its end.
    pub elapsed: Duration,
    /// Time of processors, as looked at every millisecond: how busy the machine is with others does not count;
    /// `None` where the system does not say.
    pub cpu: Option<Duration>,
    /// The most memory it had resident, in bytes, as looked at every millisecond; `None` where the system does
    /// not say.
    pub peak_bytes: Option<u64>,
}

/// As [`run`](crate::node::run), with what it took.
///
/// # Panics
/// As [`run`](crate::node::run).
pub fn run_measured(home: &Path, arguments: &[&str]) -> (Output, Spent) {
    let mut command = program(home);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let began = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let stdout = collect(child.stdout.take().expect("stdout is piped"));
    let stderr = collect(child.stderr.take().expect("stderr is piped"));
    let (mut peak_bytes, mut cpu) = (None, None);
    let stdout = loop {
        match stdout.recv_timeout(Duration::from_millis(1)) {
            Ok(text) => break text,
            // The system keeps the mark: what a look misses, the next one sees.
            Err(_) => {
                peak_bytes = peak_bytes.max(high_water(child.id()));
                cpu = cpu.max(cpu_time(child.id()));
            }
        }
        if began.elapsed() > Duration::from_secs(COMMAND_S) {
            let _gone = child.kill();
            let _reaped = child.wait();
            panic!("`chainstack {}` did not end in {COMMAND_S} s", arguments.join(" "));
        }
    };
    let stderr = stderr.recv_timeout(Duration::from_secs(COMMAND_S)).expect("stderr ends with the program");
    let status = child.wait().expect("an ended child has a status").code();
    (Output { status, stdout, stderr }, Spent { elapsed: began.elapsed(), cpu, peak_bytes })
}

/// Time of processors that a process has taken, its threads together.
fn cpu_time(process: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold anything; the state stands behind it, user and system time 11 fields later, in
    // hundredths of a second.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map_while(|field| field.parse::<u64>().ok());
    Some(Duration::from_millis(times.next()?.saturating_add(times.next()?).saturating_mul(10)))
}

/// The most memory that a process has had resident, in bytes.
fn high_water(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}
