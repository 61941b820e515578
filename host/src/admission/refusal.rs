//! Why bytecode is refused: a stable code, where, and what was expected and found.

use std::fmt;

use chainstack_primitives::limits::Limit;

/// A refusal of bytecode: the same on every machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    pub(crate) reason: Reason,
    pub(crate) function: Option<u32>,
    pub(crate) offset: Option<u64>,
}

/// What is wrong with the bytecode.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The bytes are not a WebAssembly module.
    Malformed {
        /// What the parser met.
        text: String,
    },
    /// The module is not valid.
    Invalid {
        /// What the validator met.
        text: String,
    },
    /// A limit is exceeded.
    Limit {
        /// The limit.
        limit: Limit,
        /// What was found.
        found: u64,
    },
    /// A feature is not admitted.
    Feature {
        /// Name of the feature.
        feature: &'static str,
    },
    /// An import is not in the host's table.
    ImportUnknown {
        /// Module and field.
        import: String,
        /// The only module there is.
        module: &'static str,
    },
    /// An import is in the table with another type.
    ImportType {
        /// Module and field.
        import: String,
        /// Type in the table.
        expected: String,
        /// Type in the module.
        found: String,
    },
    /// An import is no function.
    ImportKind {
        /// Module and field.
        import: String,
        /// What it is.
        kind: &'static str,
    },
    /// An exported function does not have the type `() -> ()`.
    ExportType {
        /// Its name.
        export: String,
        /// Its type.
        found: String,
    },
    /// The name of an export is reserved to the host.
    ExportName {
        /// Its name.
        export: String,
    },
    /// An imported function is exported again.
    ExportOfImport {
        /// Its name.
        export: String,
    },
    /// The module does not export exactly one memory of its own, as `memory`.
    Memory,
    /// The module has a start function.
    Start,
    /// A data or element segment reaches past what it fills.
    SegmentBounds {
        /// `data` or `element`.
        segment: &'static str,
    },
    /// There is more than one manifest section.
    ManifestTwice,
}

/// One row of [`Refusal::CODES`]: number, name, what happened, what to try.
pub type CodeRow = (u16, &'static str, &'static str, &'static str);

impl Refusal {
    /// The codes of bytecode, 2000 to 2099.
    pub const CODES: &'static [CodeRow] = &[
        (
            2000,
            "Malformed",
            "the bytes are not a WebAssembly module",
            "check that the file is the compiler's output",
        ),
        (
            2001,
            "Invalid",
            "the module does not pass WebAssembly's own rules",
            "rebuild it; hand-made code needs a validator",
        ),
        (2002, "LimitExceeded", "the module exceeds a limit", "see the page of limits"),
        (
            2003,
            "FeatureNotAdmitted",
            "the module uses a feature that is not admitted",
            "turn it off in the compiler, or lower it with wasm-opt",
        ),
        (
            2004,
            "ImportUnknown",
            "an import is not a host function",
            "link nothing but the functions of module `chainstack`",
        ),
        (
            2005,
            "ImportType",
            "an import has another type than the host function",
            "take the declaration from the SDK",
        ),
        (
            2006,
            "ImportKind",
            "an import is not a function",
            "define memory, tables and globals in the module",
        ),
        (
            2007,
            "ExportType",
            "an exported function has parameters or results",
            "methods are () -> (); arguments come through `input`",
        ),
        (2008, "ExportName", "the name of an export starts with `$`", "names with `$` belong to the host"),
        (
            2009,
            "ExportOfImport",
            "an imported function is exported again",
            "wrap it in a function of the module's own",
        ),
        (
            2010,
            "Memory",
            "the module does not export one memory of its own as `memory`",
            "export the memory under this name",
        ),
        (
            2011,
            "Start",
            "the module has a start function",
            "export it as `_initialize` instead (AssemblyScript: --exportStart _initialize)",
        ),
        (
            2012,
            "SegmentBounds",
            "a segment reaches past the memory or table it fills",
            "raise the initial size",
        ),
        (
            2013,
            "ManifestTwice",
            "there is more than one section `chainstack.manifest`",
            "embed the manifest once",
        ),
    ];

    pub(crate) fn new(reason: Reason) -> Self {
        Self { reason, function: None, offset: None }
    }

    pub(crate) fn at(mut self, offset: u64) -> Self {
        self.offset.get_or_insert(offset);
        self
    }

    pub(crate) fn within(mut self, function: u32) -> Self {
        self.function.get_or_insert(function);
        self
    }

    /// The stable numeric code.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self.reason {
            Reason::Malformed { .. } => 2000,
            Reason::Invalid { .. } => 2001,
            Reason::Limit { .. } => 2002,
            Reason::Feature { .. } => 2003,
            Reason::ImportUnknown { .. } => 2004,
            Reason::ImportType { .. } => 2005,
            Reason::ImportKind { .. } => 2006,
            Reason::ExportType { .. } => 2007,
            Reason::ExportName { .. } => 2008,
            Reason::ExportOfImport { .. } => 2009,
            Reason::Memory => 2010,
            Reason::Start => 2011,
            Reason::SegmentBounds { .. } => 2012,
            Reason::ManifestTwice => 2013,
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Index of the function that the refusal concerns, imports counted.
    #[must_use]
    pub fn function(&self) -> Option<u32> {
        self.function
    }

    /// Offset in the module of what the refusal concerns, in bytes.
    #[must_use]
    pub fn offset(&self) -> Option<u64> {
        self.offset
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Malformed { text } => write!(formatter, "not a WebAssembly module: {text}")?,
            Reason::Invalid { text } => write!(formatter, "invalid module: {text}")?,
            Reason::Limit { limit, found } => {
                write!(formatter, "limit {} is {} {}, found {found}", limit.name, limit.value, limit.unit)?;
            }
            Reason::Feature { feature } => write!(formatter, "feature {feature} is not admitted")?,
            Reason::ImportUnknown { import, module } => {
                write!(formatter, "import {import} is not a function of module {module}")?;
            }
            Reason::ImportType { import, expected, found } => {
                write!(formatter, "import {import} has type {found}, expected {expected}")?;
            }
            Reason::ImportKind { import, kind } => {
                write!(formatter, "import {import} is a {kind}, expected a function")?
            }
            Reason::ExportType { export, found } => {
                write!(formatter, "exported function {export} has type {found}, expected () -> ()")?;
            }
            Reason::ExportName { export } => {
                write!(formatter, "export {export} starts with `$`, which is reserved")?
            }
            Reason::ExportOfImport { export } => {
                write!(formatter, "export {export} is an imported function")?
            }
            Reason::Memory => formatter.write_str("expected exactly one memory, exported as `memory`")?,
            Reason::Start => {
                formatter.write_str("start function found; export it as `_initialize` instead")?
            }
            Reason::SegmentBounds { segment } => write!(formatter, "{segment} segment reaches past the end")?,
            Reason::ManifestTwice => formatter.write_str("more than one section `chainstack.manifest`")?,
        }
        if let Some(function) = self.function {
            write!(formatter, ", in function {function}")?;
        }
        if let Some(offset) = self.offset {
            write!(formatter, ", at offset {offset:#x}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

/// Text that the module supplied, made safe and short for a message.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_debug).collect()
}
