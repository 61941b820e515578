//! Stack: each function takes its height from a global on entry and gives it back on return.
//!
//! One unit is one 64-bit slot of native stack. A trap keeps what was taken: the instance is not used again.

use wasm_encoder::{Function, Instruction as I};

use super::gas::{Meters, STACK_OVERFLOW, give_up};
use crate::admission::FunctionFacts;

/// Units that every function takes beside its values: return address, saved registers, scratch of this pass.
pub(crate) const FRAME_UNITS: u32 = 24;

/// Height of a function: parameters count twice, once where the caller puts them, once where the callee keeps them.
pub(crate) fn height(facts: &FunctionFacts) -> u32 {
    FRAME_UNITS
        .saturating_add(facts.params.saturating_mul(2))
        .saturating_add(facts.locals)
        .saturating_add(facts.operands_max)
}

/// Emits the entry.
pub(crate) fn enter(function: &mut Function, meters: Meters, height: u32) {
    let height = height.cast_signed();
    function
        .instruction(&I::GlobalGet(meters.stack))
        .instruction(&I::I32Const(height))
        .instruction(&I::I32LtU);
    give_up(function, meters, STACK_OVERFLOW);
    function
        .instruction(&I::GlobalGet(meters.stack))
        .instruction(&I::I32Const(height))
        .instruction(&I::I32Sub)
        .instruction(&I::GlobalSet(meters.stack));
}

/// Emits the return.
pub(crate) fn leave(function: &mut Function, meters: Meters, height: u32) {
    function
        .instruction(&I::GlobalGet(meters.stack))
        .instruction(&I::I32Const(height.cast_signed()))
        .instruction(&I::I32Add)
        .instruction(&I::GlobalSet(meters.stack));
}
