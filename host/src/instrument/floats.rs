//! Floats: a NaN that an operation makes has one bit pattern on every machine.
//!
//! WebAssembly leaves sign and payload of such a NaN open. `abs`, `neg`, `copysign`, loads, constants and
//! reinterpretations are exact already and stay as they are.

use wasm_encoder::{Function, Ieee32, Ieee64, Instruction as I};
use wasmparser::Operator;

const NAN_32: u32 = 0x7fc0_0000;
const NAN_64: u64 = 0x7ff8_0000_0000_0000;

/// Width of a float.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Width {
    /// `f32`.
    Single,
    /// `f64`.
    Double,
}

/// Width of the result of `operator`, if it can make a NaN.
pub(crate) fn makes_nan(operator: &Operator<'_>) -> Option<Width> {
    use Operator as O;
    match operator {
        O::F32Add
        | O::F32Sub
        | O::F32Mul
        | O::F32Div
        | O::F32Sqrt
        | O::F32Min
        | O::F32Max
        | O::F32Ceil
        | O::F32Floor
        | O::F32Trunc
        | O::F32Nearest
        | O::F32DemoteF64 => Some(Width::Single),
        O::F64Add
        | O::F64Sub
        | O::F64Mul
        | O::F64Div
        | O::F64Sqrt
        | O::F64Min
        | O::F64Max
        | O::F64Ceil
        | O::F64Floor
        | O::F64Trunc
        | O::F64Nearest
        | O::F64PromoteF32 => Some(Width::Double),
        _ => None,
    }
}

/// Emits the replacement of any NaN on top of the stack by the canonical one. `scratch` is a local of that width.
pub(crate) fn canonicalise(function: &mut Function, width: Width, scratch: u32) {
    function.instruction(&I::LocalTee(scratch));
    match width {
        Width::Single => function.instruction(&I::F32Const(Ieee32::new(NAN_32))),
        Width::Double => function.instruction(&I::F64Const(Ieee64::new(NAN_64))),
    };
    function.instruction(&I::LocalGet(scratch)).instruction(&I::LocalGet(scratch));
    match width {
        Width::Single => function.instruction(&I::F32Eq),
        Width::Double => function.instruction(&I::F64Eq),
    };
    function.instruction(&I::Select);
}
