//! Which proposals of WebAssembly are admitted, by name. What is not named here is refused by its name.

use wasmparser::{Operator, WasmFeatures};

/// Features admitted beside the first version of WebAssembly, in the words of their proposals.
pub const ADMITTED: &[&str] = &[
    "mutable-globals (of the module's own)",
    "sign-extension",
    "nontrapping-float-to-int",
    "bulk-memory (memory only)",
];

/// What the validator is told to accept: the same, in its words.
pub(crate) fn validator_features() -> WasmFeatures {
    WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::FLOATS
        | WasmFeatures::CALL_INDIRECT_OVERLONG
        | WasmFeatures::GC_TYPES
}

macro_rules! define_proposal {
    ($(@$proposal:ident $op:ident $({ $($arg:ident: $argty:ty),* })? => $visit:ident ($($ann:tt)*))*) => {
        fn proposal(operator: &Operator<'_>) -> &'static str {
            match operator {
                $(Operator::$op { .. } => stringify!($proposal),)*
                _ => "unknown",
            }
        }
    };
}
wasmparser::for_each_operator!(define_proposal);

/// The name of the feature that `operator` belongs to, if it is not admitted.
pub(crate) fn refused(operator: &Operator<'_>) -> Option<&'static str> {
    match operator {
        Operator::MemoryInit { mem: 0, .. }
        | Operator::DataDrop { .. }
        | Operator::MemoryCopy { dst_mem: 0, src_mem: 0 }
        | Operator::MemoryFill { mem: 0 } => None,
        Operator::MemoryInit { .. } | Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } => {
            Some("multi-memory")
        }
        Operator::TableInit { .. } | Operator::ElemDrop { .. } | Operator::TableCopy { .. } => {
            Some("bulk-memory (tables)")
        }
        Operator::CallIndirect { table_index, .. } if *table_index != 0 => Some("reference-types"),
        other => match proposal(other) {
            "mvp" | "sign_extension" | "saturating_float_to_int" => None,
            name => Some(public_name(name)),
        },
    }
}

/// The proposal's own spelling.
fn public_name(name: &'static str) -> &'static str {
    match name {
        "reference_types" => "reference-types",
        "tail_call" => "tail-call",
        "relaxed_simd" => "relaxed-simd",
        "bulk_memory" => "bulk-memory (tables)",
        "function_references" => "function-references",
        "legacy_exceptions" | "exceptions" => "exception-handling",
        "stack_switching" => "stack-switching",
        "wide_arithmetic" => "wide-arithmetic",
        "memory_control" => "memory-control",
        "shared_everything_threads" => "shared-everything-threads",
        "custom_descriptors" => "custom-descriptors",
        other => other,
    }
}
