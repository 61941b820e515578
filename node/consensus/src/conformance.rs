//! One suite that every engine must pass: drives an engine with arbitrary inputs and watches its effects.

use chainstack_primitives::{Hash, Height};

use crate::{
    effect::{Effect, Record, Timer},
    engine::Engine,
    input::Input,
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
    /// A block was decided that nobody proposed.
    NotProposed(Height),
}

impl Watch {
    /// Watches an engine that has decided nothing yet and starts at `height`.
    #[must_use]
    pub const fn new(height: Height) -> Self {
        Self { next: height, persisted: None, offered: Vec::new() }
    }

    /// Notes a proposal that the engine is about to be told of.
    pub fn offer(&mut self, height: Height, block: Hash) {
        self.offered.push((height, block));
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
                    return Err(Violation::NotProposed(*height));
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
    let mut waiting = Vec::new();
    let mut decided = 0;
    let mut state = seed;
    for step in 0..steps {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let input =
            if step == 3 { Input::Start { height: start } } else { draw(state >> 33, &engine, &mut waiting) };
        if let Input::Proposed { height, block, .. } = &input {
            watch.offer(*height, *block);
        }
        let effects = engine.step(input.clone());
        if twin.step(input) != effects {
            return Err((step, None));
        }
        for effect in &effects {
            watch.check(effect).map_err(|violation| (step, Some(violation)))?;
            match effect {
                Effect::Propose { height, round, .. } => waiting.push((*height, *round)),
                Effect::Decide { .. } => decided += 1,
                _ => {}
            }
        }
    }
    Ok(decided)
}

fn draw<E: Engine>(random: u64, engine: &E, waiting: &mut Vec<(Height, u32)>) -> Input {
    let around = Height(engine.height().0.saturating_add(random / 8 % 3).saturating_sub(1));
    let block = Hash([random.to_le_bytes()[0]; 32]);
    match (random % 8, waiting.pop()) {
        (0..=2, Some((height, round))) => Input::Proposed { height, round, block },
        (3, Some((height, round))) => Input::NothingToPropose { height, round },
        (4, pending) => {
            waiting.extend(pending);
            Input::Proposed { height: around, round: 1, block }
        }
        (5, pending) => {
            waiting.extend(pending);
            Input::TimerExpired(Timer::Seal(around))
        }
        (6, pending) => {
            waiting.extend(pending);
            Input::SealNow
        }
        (_, pending) => {
            waiting.extend(pending);
            Input::WorkWaiting
        }
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
}
