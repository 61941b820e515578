//! How much of execution the checks of the declaration take: the listener to the host's phases, and what it costs.
//!
//! Phases take tens of nanoseconds, as reading the clock does. So what a phase without work measures is taken off each,
//! and what listening costs is taken off execution: both are measured beside the run. In the midst of other work the
//! listener is slower than by itself, so that the share is rather too large than too small.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use chainstack_host::{Phase, PhaseProbe};
use serde_json::{Value, json};

use super::round;

/// A phase that takes longer was interrupted by the system: no check of the workload reads or computes for so long.
const INTERRUPTED: Duration = Duration::from_micros(50);
/// Empty phases of one batch of a calibration.
const BATCH: u32 = 20_000;
/// Batches of a calibration; the middle one counts.
const BATCHES: usize = 5;

/// What the listener has seen of one phase on one thread.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Seen {
    /// Time between beginnings and ends.
    pub(super) time: Duration,
    /// How often it ended, interrupted ones apart.
    pub(super) times: u32,
    /// How often it was interrupted.
    pub(super) interrupted: u32,
}

thread_local! {
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
    static SEEN: Cell<[Seen; Phase::ALL.len()]> = const { Cell::new([Seen { time: Duration::ZERO, times: 0, interrupted: 0 }; Phase::ALL.len()]) };
}

/// The listener. What it saw is kept for each thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopwatch;

impl PhaseProbe for Stopwatch {
    fn enter(&self, _phase: Phase) {
        BEGAN.set(Some(Instant::now()));
    }

    fn leave(&self, phase: Phase) {
        let ended = Instant::now();
        let Some(began) = BEGAN.take() else { return };
        let took = ended.saturating_duration_since(began);
        let mut all = SEEN.get();
        if let Some(seen) = all.get_mut(index(phase)) {
            if took > INTERRUPTED {
                seen.interrupted = seen.interrupted.saturating_add(1);
            } else {
                seen.time = seen.time.saturating_add(took);
                seen.times = seen.times.saturating_add(1);
            }
        }
        SEEN.set(all);
    }
}

fn index(phase: Phase) -> usize {
    Phase::ALL.iter().position(|one| *one == phase).unwrap_or(usize::MAX)
}

/// What the calling thread has seen since it was asked last.
pub(super) fn taken() -> [Seen; Phase::ALL.len()] {
    SEEN.take()
}

/// What listening to one phase costs.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Toll {
    /// What a phase without work measures.
    inside: Duration,
    /// What a phase without work takes, seen from outside.
    whole: Duration,
}

impl Toll {
    /// Measures it on the calling thread, which listens to nothing else.
    pub(super) fn measure() -> Self {
        let probe: &dyn PhaseProbe = std::hint::black_box(&Stopwatch);
        let mut batches: Vec<(Duration, Duration)> = (0..BATCHES)
            .map(|_| {
                let _before = taken();
                let began = Instant::now();
                for _ in 0..BATCH {
                    probe.enter(Phase::Guards);
                    probe.leave(Phase::Guards);
                }
                let whole = began.elapsed() / BATCH;
                let seen = taken().first().copied().unwrap_or_default();
                (whole, seen.time / seen.times.max(1))
            })
            .collect();
        batches.sort();
        let (whole, inside) = batches.get(BATCHES / 2).copied().unwrap_or_default();
        Self { inside, whole }
    }

    /// The cheaper of two: what the machine did besides is nobody's toll.
    pub(super) fn min(self, other: Self) -> Self {
        if other.whole < self.whole { other } else { self }
    }
}

/// How much of the execution of transactions the checks take.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Checks {
    txs: u64,
    /// Execution while somebody listened.
    exec: f64,
    seen: [Seen; Phase::ALL.len()],
    toll: Toll,
}

impl Checks {
    pub(super) const fn new(txs: u64, exec: f64, seen: [Seen; Phase::ALL.len()], toll: Toll) -> Self {
        Self { txs, exec, seen, toll }
    }

    /// Seconds of a phase without what listening adds. An interrupted one counts as an average one.
    fn seconds(&self, phase: Phase) -> f64 {
        let seen = self.seen.get(index(phase)).copied().unwrap_or_default();
        let measured = seen.time.as_secs_f64() - self.toll.inside.as_secs_f64() * f64::from(seen.times);
        let all = f64::from(seen.times) + f64::from(seen.interrupted);
        measured.max(0.0) * all / f64::from(seen.times.max(1))
    }

    /// Seconds of execution that listening took.
    fn listening(&self) -> f64 {
        let times: f64 =
            self.seen.iter().map(|seen| f64::from(seen.times) + f64::from(seen.interrupted)).sum();
        self.toll.whole.as_secs_f64() * times
    }

    /// The fields of its line.
    pub(super) fn to_json(self) -> Value {
        let exec = self.exec - self.listening();
        let checks: f64 = Phase::ALL.iter().map(|phase| self.seconds(*phase)).sum();
        let phases =
            Phase::ALL.iter().map(|phase| (phase.name().to_owned(), json!(round(self.seconds(*phase)))));
        let times: u64 = self.seen.iter().map(|seen| u64::from(seen.times)).sum();
        let interrupted: u64 = self.seen.iter().map(|seen| u64::from(seen.interrupted)).sum();
        json!({
            "txs": self.txs,
            "phases": times,
            "interrupted": interrupted,
            "seconds_exec": round(exec),
            "seconds_probe": round(self.listening()),
            "seconds_by_phase": Value::Object(phases.collect()),
            "share": if exec > 0.0 { json!(round(checks / exec)) } else { Value::Null },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(nanos: u64, times: u32, interrupted: u32) -> Seen {
        Seen { time: Duration::from_nanos(nanos), times, interrupted }
    }

    #[test]
    fn what_listening_adds_is_taken_off_both_sides() {
        let toll = Toll { inside: Duration::from_nanos(20), whole: Duration::from_nanos(50) };
        let all =
            [seen(1_000_000, 10_000, 0), seen(900_000, 20_000, 0), Seen::default(), seen(100_000, 10_000, 0)];
        // 0.8 ms and 0.5 ms of checks; the last takes less than its toll. 40,000 phases cost 2 ms of the 15.
        let line = Checks::new(10_000, 0.015, all, toll).to_json();
        assert_eq!(line["seconds_by_phase"]["guards"], 0.000_8);
        assert_eq!(line["seconds_by_phase"]["touches"], 0.000_5);
        assert_eq!(line["seconds_by_phase"]["invariants"], 0.0);
        assert_eq!(line["seconds_exec"], 0.013);
        assert_eq!(line["share"], 0.1);
    }

    #[test]
    fn an_interrupted_phase_counts_as_an_average_one() {
        let toll = Toll::default();
        let all = [seen(1_000_000, 999, 1), Seen::default(), Seen::default(), Seen::default()];
        let line = Checks::new(1_000, 0.01, all, toll).to_json();
        assert_eq!((&line["interrupted"], &line["phases"]), (&json!(1), &json!(999)));
        assert_eq!(line["seconds_by_phase"]["guards"], 0.001_001);
    }

    #[test]
    fn the_stopwatch_sees_work_and_its_own_cost() {
        let toll = Toll::measure();
        assert!(toll.inside > Duration::ZERO && toll.inside <= toll.whole, "{toll:?}");
        let began = Instant::now();
        Stopwatch.enter(Phase::Touches);
        while began.elapsed() < Duration::from_micros(5) {}
        Stopwatch.leave(Phase::Touches);
        Stopwatch.enter(Phase::Touches);
        while began.elapsed() < Duration::from_micros(200) {}
        Stopwatch.leave(Phase::Touches);
        let [guards, touches, ..] = taken();
        assert_eq!(guards, Seen::default());
        assert!(touches.interrupted >= 1 && touches.interrupted + touches.times == 2, "{touches:?}");
        assert_eq!(taken(), [Seen::default(); 4], "asking takes it");
    }
}
