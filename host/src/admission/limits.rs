//! Every limit of bytecode, in one table: constants for the code, rows for the page of limits.

pub use chainstack_primitives::limits::Limit;

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident = $value:literal $unit:literal;)*) => {
        $($(#[doc = $doc])+ pub const $name: Limit = Limit {
            name: stringify!($name),
            value: $value,
            unit: $unit,
            what: concat!($($doc),+).trim_ascii(),
        };)*
        /// All limits of bytecode, in the order in which they are met.
        pub const LIMITS: &[Limit] = &[$($name),*];
    };
}

limits! {
    /// Length of the module.
    MODULE_BYTES = 524_288 "bytes";
    /// All custom sections of a module together, names included; debug information belongs in another file.
    CUSTOM_BYTES = 131_072 "bytes";
    /// Function types of a module.
    TYPES = 1_024 "types";
    /// Parameters of a function type: compilation of a call takes time in proportion.
    PARAMS = 64 "parameters";
    /// Results of a function type: more is the feature multi-value.
    RESULTS = 1 "results";
    /// Imports of a module.
    IMPORTS = 128 "imports";
    /// Functions that a module defines.
    FUNCTIONS = 8_192 "functions";
    /// Entries of the table.
    TABLE_ENTRIES = 8_192 "entries";
    /// Pages of 64 KiB with which memory starts.
    MEMORY_INITIAL_PAGES = 32 "pages";
    /// Pages of 64 KiB to which memory can grow; a greater declared maximum is lowered to it.
    MEMORY_PAGES = 64 "pages";
    /// Globals that a module defines.
    GLOBALS = 1_024 "globals";
    /// Exports of a module, dropped ones included.
    EXPORTS = 256 "exports";
    /// Name of an import or export.
    NAME_BYTES = 128 "bytes";
    /// Element segments of a module.
    ELEMENT_SEGMENTS = 256 "segments";
    /// Functions in all element segments together.
    ELEMENTS = 8_192 "functions";
    /// Data segments of a module.
    DATA_SEGMENTS = 4_096 "segments";
    /// All data segments together.
    DATA_BYTES = 262_144 "bytes";
    /// Body of one function.
    BODY_BYTES = 131_072 "bytes";
    /// Parameters and locals of one function: each takes native stack.
    LOCALS = 2_048 "locals";
    /// Blocks open at once in one function.
    BLOCK_DEPTH = 512 "blocks";
    /// Values on the operand stack at once in one function: each takes native stack.
    OPERANDS = 1_024 "values";
    /// Targets of one `br_table`, the default included.
    BRANCH_TARGETS = 4_096 "targets";
    /// Length of the module after instrumentation.
    INSTRUMENTED_BYTES = 2_097_152 "bytes";
}
