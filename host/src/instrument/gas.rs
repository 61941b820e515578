//! Gas: charged at the head of a block for all of it, and before each bulk operator by the length it will move.
//!
//! A block here is a straight run of instructions: it begins where control can arrive or has divided, and ends where it
//! divides. Code inside can be left early only by a trap, which keeps the charge.

use wasm_encoder::{BlockType, Function, Instruction as I};
use wasmparser::Operator;

use super::weights::Weights;

/// Indices of the injected globals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meters {
    /// Gas left, `i64` read as unsigned.
    pub(crate) gas: u32,
    /// Stack units left, `i32` read as unsigned.
    pub(crate) stack: u32,
    /// Why instrumented code gave up.
    pub(crate) trap: u32,
}

/// Value of the trap global when gas ran out.
pub(crate) const OUT_OF_GAS: i32 = 1;
/// Value of the trap global when stack ran out.
pub(crate) const STACK_OVERFLOW: i32 = 2;

/// Follows the nesting of a function and tells where blocks of equal charge begin.
#[derive(Default)]
pub(crate) struct Blocks {
    /// For each open block, whether it is a loop.
    loops: Vec<bool>,
}

/// What an operator does to the current block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The block goes on.
    Continue,
    /// Another begins after this operator.
    Next,
    /// A loop's body begins after this operator.
    NextInLoop,
    /// What follows, up to the next `else` or `end`, cannot be reached.
    Dead,
    /// The function ends.
    End,
}

impl Blocks {
    /// Number of blocks open inside the function.
    pub(crate) fn depth(&self) -> u32 {
        u32::try_from(self.loops.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn step(&mut self, operator: &Operator<'_>) -> Step {
        match operator {
            Operator::Block { .. } => {
                self.loops.push(false);
                Step::Continue
            }
            Operator::Loop { .. } => {
                self.loops.push(true);
                Step::NextInLoop
            }
            Operator::If { .. } => {
                self.loops.push(false);
                Step::Next
            }
            Operator::End => match self.loops.pop() {
                None => Step::End,
                // Nothing branches to the end of a loop, but code before it may have been left.
                Some(_) => Step::Next,
            },
            Operator::Else | Operator::BrIf { .. } => Step::Next,
            Operator::Br { .. } | Operator::BrTable { .. } | Operator::Return | Operator::Unreachable => {
                Step::Dead
            }
            _ => Step::Continue,
        }
    }
}

/// Adds up the charges of a function's blocks, in the order in which they begin. The first includes `entry`.
pub(crate) struct Charges {
    weights: Weights,
    blocks: Blocks,
    charges: Vec<u64>,
}

impl Charges {
    pub(crate) fn new(weights: Weights, entry: u64) -> Self {
        Self { weights, blocks: Blocks::default(), charges: vec![entry.max(1)] }
    }

    pub(crate) fn add(&mut self, operator: &Operator<'_>) {
        if let Some(last) = self.charges.last_mut() {
            *last = last.saturating_add(self.weights.of(operator));
        }
        match self.blocks.step(operator) {
            Step::Continue | Step::End => {}
            Step::Next | Step::Dead => self.charges.push(0),
            Step::NextInLoop => self.charges.push(1),
        }
    }

    pub(crate) fn into_charges(self) -> Vec<u64> {
        self.charges
    }
}

/// Emits the charge of a block.
pub(crate) fn charge(function: &mut Function, meters: Meters, amount: u64) {
    if amount == 0 {
        return;
    }
    let amount = amount.cast_signed();
    function.instruction(&I::GlobalGet(meters.gas)).instruction(&I::I64Const(amount)).instruction(&I::I64LtU);
    give_up(function, meters, OUT_OF_GAS);
    function
        .instruction(&I::GlobalGet(meters.gas))
        .instruction(&I::I64Const(amount))
        .instruction(&I::I64Sub)
        .instruction(&I::GlobalSet(meters.gas));
}

/// Emits the end of the call if the condition on the stack holds.
pub(crate) fn give_up(function: &mut Function, meters: Meters, reason: i32) {
    function
        .instruction(&I::If(BlockType::Empty))
        .instruction(&I::I32Const(reason))
        .instruction(&I::GlobalSet(meters.trap))
        .instruction(&I::Unreachable)
        .instruction(&I::End);
}

/// What the operand of a bulk operator counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes, charged by started 64.
    Bytes,
    /// Pages of memory.
    Pages,
}

/// Emits the charge for the operand on top of the stack, which stays there. `length` and `amount` are scratch locals,
/// an `i32` and an `i64`.
pub(crate) fn charge_operand(
    function: &mut Function,
    meters: Meters,
    (length, amount): (u32, u32),
    unit: Unit,
    weight: u64,
) {
    function
        .instruction(&I::LocalTee(length))
        .instruction(&I::LocalGet(length))
        .instruction(&I::I64ExtendI32U);
    if unit == Unit::Bytes {
        function
            .instruction(&I::I64Const(63))
            .instruction(&I::I64Add)
            .instruction(&I::I64Const(6))
            .instruction(&I::I64ShrU);
    }
    // Both factors are below 2^32, so that the product does not wrap.
    let weight = weight.min(u64::from(u32::MAX)).cast_signed();
    function
        .instruction(&I::I64Const(weight))
        .instruction(&I::I64Mul)
        .instruction(&I::LocalSet(amount))
        .instruction(&I::GlobalGet(meters.gas))
        .instruction(&I::LocalGet(amount))
        .instruction(&I::I64LtU);
    give_up(function, meters, OUT_OF_GAS);
    function
        .instruction(&I::GlobalGet(meters.gas))
        .instruction(&I::LocalGet(amount))
        .instruction(&I::I64Sub)
        .instruction(&I::GlobalSet(meters.gas));
}
