//! One suite that every engine must pass: drives an engine with arbitrary inputs and watches its effects.

use chainstack_primitives::{Hash, Height};

use crate::{
    effect::{Effect, Record, Timer},
    engine::Engine,
    input::{Input, Verdict},
};

/// Watches the effects of an engine that starts at a height.
#[derive(Clone, Debug)]
pub struct Watch {
    next: Height,
    persisted: Option<(Height, Hash)>,
    offered: Vec<(Height, Hash)>,
}

/// A rule of the vocabulary that an engine broke.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Violation {
    /// A height was decided out of order or twice.
    OutOfOrder {
        /// The height that is due.
        expected: Height,
        /// The height that was decided.
        found: Height,
    },
    /// A block was decided without its record being persisted first.
    NotPersisted(Height),
    /// A block was decided that was neither built here nor found valid.
    NotOffered(Height),
}

impl Watch {
    /// Watches an engine that has decided nothing yet and starts at `height`.
    #[must_use]
    pub const fn new(height: Height) -> Self {
        Self { next: height, persisted: None, offered: Vec::new() }
    }

    /// Notes what the engine is about to be told: a block that was built here or found valid may be decided.
    pub fn note(&mut self, input: &Input) {
        match input {
            Input::Proposed { height, block, .. }
            | Input::Validated { height, block, verdict: Verdict::Valid, .. } => {
                self.offered.push((*height, *block));
            }
            _ => {}
        }
    }

    /// Checks one effect.
    ///
    /// # Errors
    /// The [`Violation`], if the effect breaks a rule.
    pub fn check(&mut self, effect: &Effect) -> Result<(), Violation> {
        match effect {
            Effect::Persist(Record::Deciding { height, block }) => {
                self.persisted = Some((*height, *block));
                Ok(())
            }
            Effect::Decide { height, block, .. } => {
                if *height != self.next {
                    return Err(Violation::OutOfOrder { expected: self.next, found: *height });
                }
                if self.persisted != Some((*height, *block)) {
                    return Err(Violation::NotPersisted(*height));
                }
                if !self.offered.contains(&(*height, *block)) {
                    return Err(Violation::NotOffered(*height));
                }
                self.next = height.checked_add(1).unwrap_or(*height);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Drives two equal engines through `steps` inputs drawn from `seed` and checks every rule, and that both say
/// the same. Returns the number of blocks decided.
///
/// # Errors
/// The step at which a rule broke, with the [`Violation`], or `None` if equal engines differed.
pub fn run<E: Engine>(
    make: impl Fn() -> E,
    seed: u64,
    steps: usize,
) -> Result<u64, (usize, Option<Violation>)> {
    let (mut engine, mut twin) = (make(), make());
    let start = Height(1);
    let mut watch = Watch::new(start);
    let mut waiting = Waiting::default();
    let mut decided = 0;
    let mut state = seed;
    for step in 0..steps {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let input =
            if step == 3 { Input::Start { height: start } } else { draw(state >> 33, &engine, &mut waiting) };
        watch.note(&input);
        let effects = engine.step(input.clone());
        if twin.step(input) != effects {
            return Err((step, None));
        }
        for effect in &effects {
            watch.check(effect).map_err(|violation| (step, Some(violation)))?;
            match effect {
                Effect::Propose { height, round, .. } => waiting.proposals.push((*height, *round)),
                Effect::Validate { height, round, block } => {
                    waiting.verdicts.push((*height, *round, *block));
                }
                Effect::Decide { .. } => decided += 1,
                _ => {}
            }
        }
    }
    Ok(decided)
}

/// What the engine asked for and was not answered yet.
#[derive(Default)]
struct Waiting {
    proposals: Vec<(Height, u32)>,
    verdicts: Vec<(Height, u32, Hash)>,
}

/// An input: more often than not an answer, if one is awaited; else one that nobody asked for.
fn draw<E: Engine>(random: u64, engine: &E, waiting: &mut Waiting) -> Input {
    let around = Height(engine.height().0.saturating_add(random / 10 % 3).saturating_sub(1));
    let block = Hash([random.to_le_bytes()[0]; 32]);
    let verdict = if (random / 30).is_multiple_of(3) { Verdict::Invalid } else { Verdict::Valid };
    match random % 10 {
        0..=2 => match waiting.proposals.pop() {
            Some((height, round)) => Input::Proposed { height, round, block },
            None => Input::WorkWaiting,
        },
        3 => match waiting.proposals.pop() {
            Some((height, round)) => Input::NothingToPropose { height, round },
            None => Input::WorkWaiting,
        },
        4 => Input::Proposed { height: around, round: 1, block },
        5 => Input::TimerExpired(Timer::Seal(around)),
        6 => Input::SealNow,
        7 => match waiting.verdicts.pop() {
            Some((height, round, block)) => Input::Validated { height, round, block, verdict },
            None => Input::Validated { height: around, round: 0, block, verdict },
        },
        8 => Input::Validated { height: around, round: 1, block, verdict },
        _ => Input::WorkWaiting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::solo::{Sealing, Solo};

    #[test]
    fn solo_conforms() {
        for seed in 0..50 {
            for sealing in [Sealing::OnDemand, Sealing::Every { interval_ms: 10 }] {
                let decided = run(|| Solo::new(sealing), seed, 2_000).expect("conforms");
                assert!(decided > 100, "seed {seed}: only {decided} decided");
            }
        }
    }

    /// Decides at once, persisting nothing: the suite must see it.
    struct Hasty;

    impl Engine for Hasty {
        fn step(&mut self, input: Input) -> Vec<Effect> {
            match input {
                Input::Proposed { height, block, .. } => {
                    vec![Effect::Decide { height, block, commit: Vec::new() }]
                }
                _ => vec![Effect::Propose { height: Height(1), round: 0, allow_empty: true }],
            }
        }

        fn height(&self) -> Height {
            Height(1)
        }

        fn name(&self) -> &'static str {
            "hasty"
        }
    }

    #[test]
    fn an_engine_that_does_not_persist_is_caught() {
        let (_, violation) = run(|| Hasty, 1, 100).expect_err("must be caught");
        assert_eq!(violation, Some(Violation::NotPersisted(Height(1))));
    }

    /// Asks for a verdict on a block and decides it, whatever the verdict is if `credulous`.
    struct Follower {
        height: Height,
        credulous: bool,
    }

    impl Engine for Follower {
        fn step(&mut self, input: Input) -> Vec<Effect> {
            let asked = Hash([5; 32]);
            match input {
                Input::Validated { height, round: 0, block, verdict }
                    if height == self.height
                        && block == asked
                        && (verdict == Verdict::Valid || self.credulous) =>
                {
                    self.height = Height(height.0 + 1);
                    let record = Record::Deciding { height, block };
                    vec![Effect::Persist(record), Effect::Decide { height, block, commit: Vec::new() }]
                }
                _ => vec![Effect::Validate { height: self.height, round: 0, block: asked }],
            }
        }

        fn height(&self) -> Height {
            self.height
        }

        fn name(&self) -> &'static str {
            "follower"
        }
    }

    #[test]
    fn blocks_of_others_are_decided_on_a_verdict_and_only_if_it_is_good() {
        let decided = run(|| Follower { height: Height(1), credulous: false }, 1, 2_000).expect("conforms");
        assert!(decided > 50, "only {decided} decided");
        let (_, violation) =
            run(|| Follower { height: Height(1), credulous: true }, 1, 2_000).expect_err("must be caught");
        assert!(matches!(violation, Some(Violation::NotOffered(_))), "{violation:?}");
    }
}
