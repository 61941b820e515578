//! What work cost this machine: CPU time of the thread that did it, and memory at its peak.

use std::{fs, time::Duration};

/// CPU time of the calling thread so far; zero where the system does not tell.
#[must_use]
pub fn thread_cpu() -> Duration {
    // First field: nanoseconds on a CPU.
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// CPU time of all threads of the process that are alive, and of those that ended; zero where the system does
/// not tell. Exact to a hundredth of a second.
#[must_use]
pub fn process_cpu() -> Duration {
    let text = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields are counted behind the program's name, which is in brackets: utime and stime are the 12th and 13th.
    let fields = text.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks.saturating_mul(10))
}

/// Most memory the process ever had resident, in bytes; zero where the system does not tell.
#[must_use]
pub fn peak_rss_bytes() -> u64 {
    status_field("VmHWM:")
}

/// Memory the process has resident, in bytes; zero where the system does not tell.
#[must_use]
pub fn rss_bytes() -> u64 {
    status_field("VmRSS:")
}

fn status_field(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let kib: u64 = line.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0);
    kib.saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows_in_every_measure() {
        let (thread, process) = (thread_cpu(), process_cpu());
        let mut sum = 0u64;
        while thread_cpu().saturating_sub(thread) < Duration::from_millis(30) {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
        }
        assert!(process_cpu() > process, "{sum}");
        // The kernel counts both in batches, so the two are not compared.
        assert!(peak_rss_bytes() > 1_000_000 && rss_bytes() > 1_000_000);
    }
}
