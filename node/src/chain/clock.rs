//! The time that blocks get.

use std::{
    sync::{Arc, atomic::AtomicU64, atomic::Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// A source of milliseconds since the Unix epoch.
pub trait Clock: Send {
    /// Now, in milliseconds since the Unix epoch.
    fn now_ms(&self) -> u64;

    /// Moves the clock forward: `dev_warp`.
    fn advance_ms(&mut self, ms: u64);
}

/// The machine's clock, and how far it was warped. Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct SystemClock {
    warped_ms: Arc<AtomicU64>,
}

impl SystemClock {
    /// The machine's clock, warped so that it is not before `ms`: a chain that was warped keeps its time over a
    /// restart.
    #[must_use]
    pub fn not_before(ms: u64) -> Self {
        let warped_ms = ms.saturating_sub(Self::default().now_ms());
        Self { warped_ms: Arc::new(AtomicU64::new(warped_ms)) }
    }
}

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        // A clock before 1970 reads as 1970: blocks then follow their parents' times.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        u64::try_from(now).unwrap_or(u64::MAX).saturating_add(self.warped_ms.load(Ordering::SeqCst))
    }

    fn advance_ms(&mut self, ms: u64) {
        // Only the chain warps, from its one thread; others read.
        self.warped_ms.store(self.warped_ms.load(Ordering::SeqCst).saturating_add(ms), Ordering::SeqCst);
    }
}

/// A clock that moves only when told: tests, scenarios and benchmarks.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows `ms`.
    #[must_use]
    pub fn at(ms: u64) -> Self {
        Self(Arc::new(AtomicU64::new(ms)))
    }

    /// Shows `ms` from now on.
    pub fn set(&self, ms: u64) {
        self.0.store(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn advance_ms(&mut self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warp_shows_on_every_clone() {
        let mut clock = SystemClock::default();
        let seen = clock.clone();
        let before = seen.now_ms();
        clock.advance_ms(3_600_000);
        assert!(seen.now_ms() >= before + 3_600_000);
        clock.advance_ms(u64::MAX);
        assert_eq!(seen.now_ms(), u64::MAX);
        assert!(SystemClock::not_before(before + 7_200_000).now_ms() >= before + 7_200_000);
    }
}
