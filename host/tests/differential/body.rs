//! The rewriting of one generated function: instructions counted, table operators taken out, bulk operators tamed.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{Function, Instruction as I};
use wasmparser::{FunctionBody, Operator};

/// What a rewriting needs to know.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// The global that counts executed instructions.
    pub(crate) counter: u32,
    /// Whether operands of bulk operators are brought inside memory, so that not all of them trap.
    pub(crate) tame: bool,
}

/// Scratch locals, both `i32`.
#[derive(Clone, Copy)]
struct Scratch(u32, u32);

/// Copies a body, as `plan` says.
pub(crate) fn rewrite(body: &FunctionBody<'_>, params: usize, plan: Plan) -> Option<Function> {
    let mut encoder = RoundtripReencoder;
    let mut locals = Vec::new();
    let mut next = u32::try_from(params).ok()?;
    for group in body.get_locals_reader().ok()? {
        let (number, ty) = group.ok()?;
        next += number;
        locals.push((number, encoder.val_type(ty).ok()?));
    }
    locals.push((2, wasm_encoder::ValType::I32));
    let scratch = Scratch(next, next + 1);
    let mut function = Function::new(locals);
    let mut passed = 0;
    let mut after_eqz = false;
    for operator in body.get_operators_reader().ok()? {
        let operator = operator.ok()?;
        if ends_a_run(&operator) {
            count(&mut function, plan.counter, &mut passed);
        }
        if after_eqz && matches!(operator, Operator::Select) {
            unfuse(&mut function, scratch);
        }
        after_eqz = matches!(operator, Operator::I32Eqz);
        match operator {
            // Tables never change here; these are features that admission refuses.
            Operator::TableInit { .. } | Operator::TableCopy { .. } => {
                function.instruction(&I::Drop).instruction(&I::Drop).instruction(&I::Drop);
                continue;
            }
            Operator::ElemDrop { .. } => continue,
            Operator::MemoryFill { .. } | Operator::MemoryCopy { .. } | Operator::MemoryInit { .. }
                if plan.tame =>
            {
                tame(&mut function, &operator, scratch);
            }
            _ => {}
        }
        if !is_delimiter(&operator) {
            passed += 1;
        }
        function.instruction(&encoder.instruction(operator).ok()?);
    }
    Some(function)
}

/// Whether control may leave, arrive or divide at this operator.
fn ends_a_run(operator: &Operator<'_>) -> bool {
    use Operator as O;
    is_delimiter(operator)
        || matches!(
            operator,
            O::If { .. }
                | O::Br { .. }
                | O::BrIf { .. }
                | O::BrTable { .. }
                | O::Return
                | O::Unreachable
                | O::Call { .. }
                | O::CallIndirect { .. }
        )
}

/// No instruction of its own.
fn is_delimiter(operator: &Operator<'_>) -> bool {
    matches!(operator, Operator::Block { .. } | Operator::Loop { .. } | Operator::Else | Operator::End)
}

/// Adds the instructions of a run that has been executed. One that a trap cuts short is not counted: what the counter
/// says is never too much.
fn count(function: &mut Function, counter: u32, passed: &mut i64) {
    if *passed > 0 {
        function
            .instruction(&I::GlobalGet(counter))
            .instruction(&I::I64Const(*passed))
            .instruction(&I::I64Add)
            .instruction(&I::GlobalSet(counter));
    }
    *passed = 0;
}

/// A local between `i32.eqz` and `select`.
///
/// wasmi 2.0.0 answers `(select (i32.const 1) (local.get 0) (i32.eqz (local.get 0)))` with the local where it must be
/// the constant; both compilers are right (`the_reference_is_wrong_on_one_pattern`). wasm-smith guards each division so.
fn unfuse(function: &mut Function, scratch: Scratch) {
    function.instruction(&I::LocalSet(scratch.0)).instruction(&I::LocalGet(scratch.0));
}

/// Brings the three operands on the stack to where a bulk operator seldom traps: below 32 KiB of memory, at most 255
/// bytes; of a segment, at most 15 bytes behind the 15th.
fn tame(function: &mut Function, operator: &Operator<'_>, scratch: Scratch) {
    let (middle, length) = match operator {
        Operator::MemoryFill { .. } => (None, 0xff),
        Operator::MemoryInit { .. } => (Some(0xf), 0xf),
        _ => (Some(0x7fff), 0xff),
    };
    let mask = |function: &mut Function, bits: i32| {
        function.instruction(&I::I32Const(bits)).instruction(&I::I32And);
    };
    mask(function, length);
    function.instruction(&I::LocalSet(scratch.0)).instruction(&I::LocalSet(scratch.1));
    mask(function, 0x7fff);
    function.instruction(&I::LocalGet(scratch.1));
    if let Some(bits) = middle {
        mask(function, bits);
    }
    function.instruction(&I::LocalGet(scratch.0));
}
