//! The engine of a development chain: one operator decides every block it proposes.
//!
//! Rules. One proposal is outstanding at a time. On demand, a block is proposed when transactions wait; at an
//! interval, at every tick, empty or not. A request to seal now proposes at once, empty or not. A request or
//! work that arrives while a proposal is outstanding is served by the next one.

use chainstack_primitives::Height;

use crate::{
    effect::{Effect, Record, Timer},
    engine::Engine,
    input::Input,
};

/// When blocks are made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sealing {
    /// As soon as transactions wait.
    OnDemand,
    /// Every so many milliseconds, with or without transactions; at least 1.
    Every {
        /// The interval.
        interval_ms: u64,
    },
}

/// The engine `solo`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Solo {
    sealing: Sealing,
    height: Height,
    started: bool,
    proposing: bool,
    work_waiting: bool,
    seal_asked: bool,
}

impl Solo {
    /// An engine that waits for [`Input::Start`].
    #[must_use]
    pub const fn new(sealing: Sealing) -> Self {
        Self {
            sealing,
            height: Height(0),
            started: false,
            proposing: false,
            work_waiting: false,
            seal_asked: false,
        }
    }

    fn propose(&mut self, allow_empty: bool) -> Vec<Effect> {
        self.proposing = true;
        self.work_waiting = false;
        self.seal_asked = false;
        vec![Effect::Propose { height: self.height, round: 0, allow_empty }]
    }

    fn tick(&self) -> Vec<Effect> {
        match self.sealing {
            Sealing::OnDemand => Vec::new(),
            Sealing::Every { interval_ms } => {
                vec![Effect::SetTimer { timer: Timer::Seal(self.height), after_ms: interval_ms.max(1) }]
            }
        }
    }

    /// What to do when no proposal is outstanding.
    fn idle(&mut self) -> Vec<Effect> {
        if !self.started || self.proposing {
            return Vec::new();
        }
        if self.seal_asked {
            return self.propose(true);
        }
        if self.work_waiting && self.sealing == Sealing::OnDemand {
            return self.propose(false);
        }
        Vec::new()
    }
}

impl Engine for Solo {
    fn step(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Start { height } => {
                self.height = height;
                self.started = true;
                self.proposing = false;
                let mut effects = self.tick();
                effects.extend(self.idle());
                effects
            }
            Input::WorkWaiting => {
                self.work_waiting = true;
                self.idle()
            }
            Input::SealNow => {
                self.seal_asked = true;
                self.idle()
            }
            Input::TimerExpired(Timer::Seal(height)) if self.started && height == self.height => {
                self.seal_asked = true;
                self.idle()
            }
            Input::Proposed { height, round: 0, block } if self.proposing && height == self.height => {
                let Some(next) = height.checked_add(1) else { return Vec::new() };
                self.proposing = false;
                self.height = next;
                let mut effects = vec![
                    Effect::Persist(Record::Deciding { height, block }),
                    Effect::Decide { height, block, commit: Vec::new() },
                ];
                effects.extend(self.tick());
                effects.extend(self.idle());
                effects
            }
            Input::NothingToPropose { height, round: 0 } if self.proposing && height == self.height => {
                self.proposing = false;
                self.idle()
            }
            // A record of the log, a stale timer or proposal, a message, a verdict that nobody asked for: nothing that
            // one operator acts on.
            _ => Vec::new(),
        }
    }

    fn height(&self) -> Height {
        self.height
    }

    fn name(&self) -> &'static str {
        "solo"
    }
}

#[cfg(test)]
mod tests {
    use chainstack_primitives::Hash;

    use super::*;

    fn started(sealing: Sealing) -> (Solo, Vec<Effect>) {
        let mut solo = Solo::new(sealing);
        let effects = solo.step(Input::Start { height: Height(1) });
        (solo, effects)
    }

    fn propose(height: u64, allow_empty: bool) -> Effect {
        Effect::Propose { height: Height(height), round: 0, allow_empty }
    }

    fn proposed(height: u64) -> Input {
        Input::Proposed { height: Height(height), round: 0, block: Hash([7; 32]) }
    }

    #[test]
    fn on_demand_seals_when_work_waits_and_not_before() {
        let (mut solo, effects) = started(Sealing::OnDemand);
        assert_eq!(effects, []);
        assert_eq!(solo.step(Input::WorkWaiting), [propose(1, false)]);
        assert_eq!(solo.step(Input::WorkWaiting), [], "one proposal at a time");
        let effects = solo.step(proposed(1));
        assert!(matches!(effects[0], Effect::Persist(Record::Deciding { height: Height(1), .. })));
        assert!(matches!(effects[1], Effect::Decide { height: Height(1), .. }));
        assert_eq!(effects[2..], [propose(2, false)], "work that came meanwhile");
        assert_eq!(solo.step(Input::NothingToPropose { height: Height(2), round: 0 }), []);
        assert_eq!(solo.height(), Height(2));
    }

    #[test]
    fn interval_ticks_for_each_height_and_ignores_stale_timers() {
        let (mut solo, effects) = started(Sealing::Every { interval_ms: 500 });
        assert_eq!(effects, [Effect::SetTimer { timer: Timer::Seal(Height(1)), after_ms: 500 }]);
        assert_eq!(solo.step(Input::WorkWaiting), [], "waits for the tick");
        assert_eq!(solo.step(Input::TimerExpired(Timer::Seal(Height(9)))), []);
        assert_eq!(solo.step(Input::TimerExpired(Timer::Seal(Height(1)))), [propose(1, true)]);
        let effects = solo.step(proposed(1));
        assert_eq!(effects[2..], [Effect::SetTimer { timer: Timer::Seal(Height(2)), after_ms: 500 }]);
    }

    #[test]
    fn nothing_happens_before_start_or_out_of_turn() {
        let mut solo = Solo::new(Sealing::OnDemand);
        assert_eq!(solo.step(Input::WorkWaiting), []);
        assert_eq!(solo.step(proposed(0)), []);
        assert_eq!(solo.step(Input::Start { height: Height(4) }), [propose(4, false)]);
        assert_eq!(solo.step(proposed(5)), [], "another height");
        assert_eq!(solo.step(Input::SealNow), [], "served by the next proposal");
        assert_eq!(solo.step(proposed(4))[2..], [propose(5, true)]);
    }
}
