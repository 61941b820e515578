//! Where the time of a call goes: a port through which the host tells that a check begins and ends.
//!
//! The host reads no clock. It tells, and gets nothing back, so that nothing it does can depend on who listens. With
//! nobody there a phase costs one comparison. See `host/docs/adr-007-phase-counters.md`.

/// A part of a call that the declaration asks for and that contract code alone would not need.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Phase {
    /// What must hold before code runs, and where the call leads after it: items, states, caller, window, guard,
    /// targets, moves of machines.
    Guards,
    /// Finding the cell and key of an access, and whether it stands in the declaration.
    Touches,
    /// Sums and counts: noting a change, merging changes, reading.
    Aggregates,
    /// What always holds.
    Invariants,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Self; 4] = [Self::Guards, Self::Touches, Self::Aggregates, Self::Invariants];

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guards => "guards",
            Self::Touches => "touches",
            Self::Aggregates => "aggregates",
            Self::Invariants => "invariants",
        }
    }
}

/// Listens to the phases of calls.
///
/// On one thread each [`enter`](Self::enter) is followed by the [`leave`](Self::leave) of the same phase before another
/// is entered, also where the phase refuses. Only a fault of this machine may leave one open.
pub trait PhaseProbe: Send + Sync {
    /// `phase` begins on this thread.
    fn enter(&self, phase: Phase);

    /// `phase` ends on this thread.
    fn leave(&self, phase: Phase);
}

/// Who listens, if anybody does.
#[derive(Clone, Copy)]
pub(crate) struct Phases<'p>(pub(crate) Option<&'p dyn PhaseProbe>);

impl Phases<'_> {
    /// Does `work`, which is all of `phase` and holds no other.
    #[inline]
    pub(crate) fn tell<T>(self, phase: Phase, work: impl FnOnce() -> T) -> T {
        let Some(probe) = self.0 else { return work() };
        probe.enter(phase);
        let done = work();
        probe.leave(phase);
        done
    }
}
