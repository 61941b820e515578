//! The rewriting of one function.

use std::collections::BTreeMap;

use wasm_encoder::{BlockType, Function, Instruction as I, ValType};
use wasmparser::{FunctionBody, Operator};

use super::gas::{self, Blocks, Charges, Meters, Step, Unit};
use super::weights::Weights;
use super::{encoding, floats, stack};
use crate::admission::{FunctionFacts, Refusal};

/// What is the same for all functions of a module.
pub(crate) struct Plan {
    pub(crate) weights: Weights,
    pub(crate) meters: Meters,
    /// For each segment that some `data.drop` names, the global that says it was dropped.
    pub(crate) dropped: BTreeMap<u32, u32>,
    /// A data segment without bytes.
    pub(crate) empty_segment: u32,
}

/// Scratch locals, appended to the function's own where they are needed.
#[derive(Default)]
struct Scratch {
    types: Vec<(u32, ValType)>,
    next: u32,
    single: Option<u32>,
    double: Option<u32>,
    operand: Option<(u32, u32)>,
    range: Option<(u32, u32)>,
}

impl Scratch {
    fn add(&mut self, ty: ValType) -> u32 {
        let index = self.next;
        self.types.push((1, ty));
        self.next = self.next.saturating_add(1);
        index
    }

    fn need(&mut self, operator: &Operator<'_>, plan: &Plan) {
        match floats::makes_nan(operator) {
            Some(floats::Width::Single) if self.single.is_none() => {
                self.single = Some(self.add(ValType::F32))
            }
            Some(floats::Width::Double) if self.double.is_none() => {
                self.double = Some(self.add(ValType::F64))
            }
            _ => {}
        }
        let bulk = matches!(
            operator,
            Operator::MemoryGrow { .. }
                | Operator::MemoryFill { .. }
                | Operator::MemoryCopy { .. }
                | Operator::MemoryInit { .. }
        );
        if bulk && self.operand.is_none() {
            self.operand = Some((self.add(ValType::I32), self.add(ValType::I64)));
        }
        if let Operator::MemoryInit { data_index, .. } = operator
            && plan.dropped.contains_key(data_index)
            && self.range.is_none()
        {
            self.range = Some((self.add(ValType::I32), self.add(ValType::I32)));
        }
    }
}

/// Rewrites `body`.
pub(crate) fn rewrite(
    body: &FunctionBody<'_>,
    facts: &FunctionFacts,
    plan: &Plan,
) -> Result<Function, Refusal> {
    let (charges, scratch) = survey(body, facts, plan)?;
    let mut locals = Vec::new();
    for group in body.get_locals_reader().map_err(encoding)? {
        let (number, ty) = group.map_err(encoding)?;
        locals.push((number, ValType::try_from(ty).map_err(|_| super::unexpected())?));
    }
    locals.extend_from_slice(&scratch.types);
    let mut function = Function::new(locals);
    let height = stack::height(facts);
    let mut charges = charges.into_iter();
    gas::charge(&mut function, plan.meters, charges.next().unwrap_or(1));
    stack::enter(&mut function, plan.meters, height);
    let result = match facts.result {
        Some(ty) => BlockType::Result(ValType::try_from(ty).map_err(|_| super::unexpected())?),
        None => BlockType::Empty,
    };
    function.instruction(&I::Block(result));
    let mut blocks = Blocks::default();
    let mut dead = false;
    for operator in body.get_operators_reader().map_err(encoding)? {
        let operator = operator.map_err(encoding)?;
        // A return leaves the outermost block, behind which the stack is given back.
        if matches!(operator, Operator::Return) {
            function.instruction(&I::Br(blocks.depth()));
        } else {
            emit(&mut function, operator.clone(), &scratch, plan)?;
        }
        let step = blocks.step(&operator);
        if matches!(operator, Operator::Else | Operator::End) {
            dead = false;
        }
        match step {
            Step::Continue => {}
            Step::Next | Step::NextInLoop => {
                let amount = charges.next().unwrap_or(0);
                if !dead {
                    gas::charge(&mut function, plan.meters, amount);
                }
            }
            Step::Dead => {
                charges.next();
                dead = true;
            }
            Step::End => stack::leave(&mut function, plan.meters, height),
        }
    }
    function.instruction(&I::End);
    Ok(function)
}

fn survey(
    body: &FunctionBody<'_>,
    facts: &FunctionFacts,
    plan: &Plan,
) -> Result<(Vec<u64>, Scratch), Refusal> {
    let entry = plan.weights.call.saturating_add(plan.weights.local.saturating_mul(u64::from(facts.locals)));
    let mut charges = Charges::new(plan.weights, entry);
    let mut scratch = Scratch { next: facts.params.saturating_add(facts.locals), ..Scratch::default() };
    for operator in body.get_operators_reader().map_err(encoding)? {
        let operator = operator.map_err(encoding)?;
        charges.add(&operator);
        scratch.need(&operator, plan);
    }
    Ok((charges.into_charges(), scratch))
}

fn emit(
    function: &mut Function,
    operator: Operator<'_>,
    scratch: &Scratch,
    plan: &Plan,
) -> Result<(), Refusal> {
    let nan = floats::makes_nan(&operator);
    let bytes = plan.weights.memory;
    match (&operator, scratch.operand) {
        (Operator::MemoryGrow { .. }, Some(operand)) => {
            gas::charge_operand(function, plan.meters, operand, Unit::Pages, plan.weights.memory_page);
        }
        (
            Operator::MemoryFill { .. } | Operator::MemoryCopy { .. } | Operator::MemoryInit { .. },
            Some(operand),
        ) => {
            gas::charge_operand(function, plan.meters, operand, Unit::Bytes, bytes);
        }
        _ => {}
    }
    match &operator {
        Operator::DataDrop { data_index } => {
            let flag = plan.dropped.get(data_index).ok_or_else(super::unexpected)?;
            function.instruction(&I::I32Const(1)).instruction(&I::GlobalSet(*flag));
            return Ok(());
        }
        Operator::MemoryInit { data_index, .. } => {
            if let (Some(flag), Some((length, _)), Some(range)) =
                (plan.dropped.get(data_index), scratch.operand, scratch.range)
            {
                initialise(function, *flag, (range.0, range.1, length), (*data_index, plan.empty_segment));
                return Ok(());
            }
        }
        _ => {}
    }
    let instruction = I::try_from(operator).map_err(|_| super::unexpected())?;
    function.instruction(&instruction);
    match nan {
        Some(floats::Width::Single) => {
            floats::canonicalise(
                function,
                floats::Width::Single,
                scratch.single.ok_or_else(super::unexpected)?,
            );
        }
        Some(floats::Width::Double) => {
            floats::canonicalise(
                function,
                floats::Width::Double,
                scratch.double.ok_or_else(super::unexpected)?,
            );
        }
        None => {}
    }
    Ok(())
}

/// Emits `memory.init` of a segment that may have been dropped: then of the empty segment, which traps where it must.
fn initialise(
    function: &mut Function,
    flag: u32,
    (to, from, length): (u32, u32, u32),
    (segment, empty): (u32, u32),
) {
    function
        .instruction(&I::LocalSet(length))
        .instruction(&I::LocalSet(from))
        .instruction(&I::LocalSet(to))
        .instruction(&I::GlobalGet(flag))
        .instruction(&I::If(BlockType::Empty));
    for (data_index, end) in [(empty, I::Else), (segment, I::End)] {
        function
            .instruction(&I::LocalGet(to))
            .instruction(&I::LocalGet(from))
            .instruction(&I::LocalGet(length))
            .instruction(&I::MemoryInit { mem: 0, data_index })
            .instruction(&end);
    }
}
