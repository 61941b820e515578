//! The trait of all engines.

use chainstack_primitives::Height;

use crate::{effect::Effect, input::Input};

/// A consensus engine.
pub trait Engine {
    /// Takes one input and says what to do, in order. Pure: the state and the input decide.
    fn step(&mut self, input: Input) -> Vec<Effect>;

    /// The height the engine works on: one past the last it decided.
    fn height(&self) -> Height;

    /// The engine's name in the chain spec and in `chain_status`.
    fn name(&self) -> &'static str;
}
