//! The rewriting of one generated function: instructions counted, table operators taken out; for some seeds, operands
//! brought inside memory, loops and recursion bounded.

use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{BlockType, Function, Instruction as I, ValType};
use wasmparser::{FuncType, FunctionBody, Operator};

/// What a rewriting needs to know.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// The global that counts executed instructions.
    pub(crate) counter: u32,
    /// Whether operands of bulk operators are brought inside memory, so that not all of them trap.
    pub(crate) tame: bool,
    /// Whether addresses of loads and stores are brought inside memory, too.
    pub(crate) mask: bool,
    /// If loop iterations and calls are bounded, the global that says how many more there may be.
    pub(crate) steps: Option<u32>,
}

/// Scratch locals: two `i32`, then one of each type, in the order of `STORED`.
#[derive(Clone, Copy)]
struct Scratch(u32, u32);

/// What a store may store.
const STORED: [ValType; 4] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64];

/// Copies a body, as `plan` says.
pub(crate) fn rewrite(body: &FunctionBody<'_>, ty: &FuncType, plan: Plan) -> Option<Function> {
    let mut encoder = RoundtripReencoder;
    let mut locals = Vec::new();
    let mut next = u32::try_from(ty.params().len()).ok()?;
    for group in body.get_locals_reader().ok()? {
        let (number, ty) = group.ok()?;
        next += number;
        locals.push((number, encoder.val_type(ty).ok()?));
    }
    locals.push((2, ValType::I32));
    locals.extend(STORED.map(|ty| (1, ty)));
    let scratch = Scratch(next, next + 1);
    let mut function = Function::new(locals);
    if let Some(steps) = plan.steps {
        spend(&mut function, steps, ty);
    }
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
            _ if plan.mask => mask(&mut function, &operator, scratch),
            _ => {}
        }
        if !is_delimiter(&operator) {
            passed += 1;
        }
        let heads_a_loop = matches!(operator, Operator::Loop { .. });
        function.instruction(&encoder.instruction(operator).ok()?);
        if let Some(steps) = plan.steps
            && heads_a_loop
        {
            spend(&mut function, steps, ty);
        }
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

/// Mask of addresses: 32 KiB, half of the smallest memory that is not empty.
const ADDRESSES: i32 = 0x7fff;

fn and(function: &mut Function, bits: i32) {
    function.instruction(&I::I32Const(bits)).instruction(&I::I32And);
}

/// Takes one step of those that are left; when none is, the function returns at once, with zero if it has a result.
///
/// At the head of functions and loops: generated loops seldom end and generated calls recur, so that without this
/// nearly all modules run out of gas or of stack.
fn spend(function: &mut Function, steps: u32, ty: &FuncType) {
    function
        .instruction(&I::GlobalGet(steps))
        .instruction(&I::If(BlockType::Empty))
        .instruction(&I::GlobalGet(steps))
        .instruction(&I::I32Const(1))
        .instruction(&I::I32Sub)
        .instruction(&I::GlobalSet(steps))
        .instruction(&I::Else);
    for ty in ty.results() {
        zero(function, *ty);
    }
    function.instruction(&I::Return).instruction(&I::End);
}

fn zero(function: &mut Function, ty: wasmparser::ValType) {
    match ty {
        wasmparser::ValType::I32 => function.instruction(&I::I32Const(0)),
        wasmparser::ValType::I64 => function.instruction(&I::I64Const(0)),
        wasmparser::ValType::F32 => function.instruction(&I::F32Const(0.0.into())),
        _ => function.instruction(&I::F64Const(0.0.into())),
    };
}

/// Masks the address of a load or store. A large static offset can still lead out of memory.
fn mask(function: &mut Function, operator: &Operator<'_>, scratch: Scratch) {
    use Operator as O;
    let stored = match operator {
        O::I32Load { .. }
        | O::I64Load { .. }
        | O::F32Load { .. }
        | O::F64Load { .. }
        | O::I32Load8S { .. }
        | O::I32Load8U { .. }
        | O::I32Load16S { .. }
        | O::I32Load16U { .. }
        | O::I64Load8S { .. }
        | O::I64Load8U { .. }
        | O::I64Load16S { .. }
        | O::I64Load16U { .. }
        | O::I64Load32S { .. }
        | O::I64Load32U { .. } => return and(function, ADDRESSES),
        O::I32Store { .. } | O::I32Store8 { .. } | O::I32Store16 { .. } => 0,
        O::I64Store { .. } | O::I64Store8 { .. } | O::I64Store16 { .. } | O::I64Store32 { .. } => 1,
        O::F32Store { .. } => 2,
        O::F64Store { .. } => 3,
        _ => return,
    };
    let value = scratch.1 + 1 + stored;
    function.instruction(&I::LocalSet(value));
    and(function, ADDRESSES);
    function.instruction(&I::LocalGet(value));
}

/// Brings the three operands on the stack to where a bulk operator seldom traps: below 32 KiB of memory, at most 255
/// bytes; of a segment, at most 15 bytes behind the 15th.
fn tame(function: &mut Function, operator: &Operator<'_>, scratch: Scratch) {
    let (middle, length) = match operator {
        Operator::MemoryFill { .. } => (None, 0xff),
        Operator::MemoryInit { .. } => (Some(0xf), 0xf),
        _ => (Some(ADDRESSES), 0xff),
    };
    and(function, length);
    function.instruction(&I::LocalSet(scratch.0)).instruction(&I::LocalSet(scratch.1));
    and(function, ADDRESSES);
    function.instruction(&I::LocalGet(scratch.1));
    if let Some(bits) = middle {
        and(function, bits);
    }
    function.instruction(&I::LocalGet(scratch.0));
}
