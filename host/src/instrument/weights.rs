//! What each instruction costs.

use chainstack_runtime::params::HostSchedule;
use wasmparser::Operator;

/// Gas of instructions, and of what they move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weights {
    /// Integer arithmetic, comparisons, conversions, `select`, `drop`, `nop`.
    pub simple: u64,
    /// Constants.
    pub constant: u64,
    /// `local.get`, `local.set`, `local.tee`.
    pub local: u64,
    /// `global.get`, `global.set`.
    pub global: u64,
    /// Loads, stores, `memory.size`; also the base of each bulk operator, and each started 64 bytes it moves.
    pub memory: u64,
    /// Integer multiplication.
    pub multiply: u64,
    /// Integer division and remainder.
    pub divide: u64,
    /// Floating point, with canonicalisation.
    pub float: u64,
    /// Floating point division and square root.
    pub float_slow: u64,
    /// `br`, `br_if`, `if`, `return`.
    pub branch: u64,
    /// `br_table`.
    pub branch_table: u64,
    /// `call`; also the entry of each function.
    pub call: u64,
    /// `call_indirect`.
    pub call_indirect: u64,
    /// Each page by which `memory.grow` asks to grow, granted or not.
    pub memory_page: u64,
}

impl Weights {
    /// Every weight one: for tests that count instructions.
    pub const ONE: Self = Self {
        simple: 1,
        constant: 1,
        local: 1,
        global: 1,
        memory: 1,
        multiply: 1,
        divide: 1,
        float: 1,
        float_slow: 1,
        branch: 1,
        branch_table: 1,
        call: 1,
        call_indirect: 1,
        memory_page: 1,
    };

    /// Gas of `operator`, without what depends on its operands. `block`, `loop`, `else` and `end` cost nothing: no
    /// code is made for them, and every loop and every function entry is charged at least one.
    pub(crate) fn of(&self, operator: &Operator<'_>) -> u64 {
        use Operator as O;
        match operator {
            O::Block { .. } | O::Loop { .. } | O::Else | O::End | O::Unreachable => 0,
            O::Br { .. } | O::BrIf { .. } | O::If { .. } | O::Return => self.branch,
            O::BrTable { .. } => self.branch_table,
            O::Call { .. } => self.call,
            O::CallIndirect { .. } => self.call_indirect,
            O::LocalGet { .. } | O::LocalSet { .. } | O::LocalTee { .. } => self.local,
            O::GlobalGet { .. } | O::GlobalSet { .. } => self.global,
            O::I32Const { .. } | O::I64Const { .. } | O::F32Const { .. } | O::F64Const { .. } => {
                self.constant
            }
            O::I32Mul | O::I64Mul => self.multiply,
            O::I32DivS
            | O::I32DivU
            | O::I32RemS
            | O::I32RemU
            | O::I64DivS
            | O::I64DivU
            | O::I64RemS
            | O::I64RemU => self.divide,
            O::F32Div | O::F64Div | O::F32Sqrt | O::F64Sqrt => self.float_slow,
            O::MemorySize { .. }
            | O::MemoryGrow { .. }
            | O::MemoryFill { .. }
            | O::MemoryCopy { .. }
            | O::MemoryInit { .. }
            | O::DataDrop { .. } => self.memory,
            other => match operator_class(other) {
                Class::Memory => self.memory,
                Class::Float => self.float,
                Class::Simple => self.simple,
            },
        }
    }
}

enum Class {
    Memory,
    Float,
    Simple,
}

fn operator_class(operator: &Operator<'_>) -> Class {
    use Operator as O;
    match operator {
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
        | O::I64Load32U { .. }
        | O::I32Store { .. }
        | O::I64Store { .. }
        | O::F32Store { .. }
        | O::F64Store { .. }
        | O::I32Store8 { .. }
        | O::I32Store16 { .. }
        | O::I64Store8 { .. }
        | O::I64Store16 { .. }
        | O::I64Store32 { .. } => Class::Memory,
        O::F32Eq
        | O::F32Ne
        | O::F32Lt
        | O::F32Gt
        | O::F32Le
        | O::F32Ge
        | O::F64Eq
        | O::F64Ne
        | O::F64Lt
        | O::F64Gt
        | O::F64Le
        | O::F64Ge
        | O::F32Abs
        | O::F32Neg
        | O::F32Ceil
        | O::F32Floor
        | O::F32Trunc
        | O::F32Nearest
        | O::F32Add
        | O::F32Sub
        | O::F32Mul
        | O::F32Min
        | O::F32Max
        | O::F32Copysign
        | O::F64Abs
        | O::F64Neg
        | O::F64Ceil
        | O::F64Floor
        | O::F64Trunc
        | O::F64Nearest
        | O::F64Add
        | O::F64Sub
        | O::F64Mul
        | O::F64Min
        | O::F64Max
        | O::F64Copysign
        | O::I32TruncF32S
        | O::I32TruncF32U
        | O::I32TruncF64S
        | O::I32TruncF64U
        | O::I64TruncF32S
        | O::I64TruncF32U
        | O::I64TruncF64S
        | O::I64TruncF64U
        | O::F32ConvertI32S
        | O::F32ConvertI32U
        | O::F32ConvertI64S
        | O::F32ConvertI64U
        | O::F32DemoteF64
        | O::F64ConvertI32S
        | O::F64ConvertI32U
        | O::F64ConvertI64S
        | O::F64ConvertI64U
        | O::F64PromoteF32
        | O::I32TruncSatF32S
        | O::I32TruncSatF32U
        | O::I32TruncSatF64S
        | O::I32TruncSatF64U
        | O::I64TruncSatF32S
        | O::I64TruncSatF32U
        | O::I64TruncSatF64S
        | O::I64TruncSatF64U => Class::Float,
        _ => Class::Simple,
    }
}

impl From<&HostSchedule> for Weights {
    fn from(schedule: &HostSchedule) -> Self {
        let instruction = &schedule.instruction;
        Self {
            simple: instruction.simple,
            constant: instruction.constant,
            local: instruction.local,
            global: instruction.global,
            memory: instruction.memory,
            multiply: instruction.multiply,
            divide: instruction.divide,
            float: instruction.float,
            float_slow: instruction.float_slow,
            branch: instruction.branch,
            branch_table: instruction.branch_table,
            call: instruction.call,
            call_indirect: instruction.call_indirect,
            memory_page: schedule.memory_page,
        }
    }
}
