//! Every bound of the audit, by name. What passes one is answered by a typed error or an undecided claim.

/// States the search visits; a contract with more is not decided, and the report says so.
pub const STATES_EXPLORED_MAX: usize = 50_000;
/// Steps between states that the search keeps.
pub const STEPS_EXPLORED_MAX: usize = 1_000_000;
/// Different bounds of windows, and times in guards, that one contract may have.
pub const BOUNDS_MAX: usize = 64;
/// Bounds that may change at once: each doubles the states that follow.
pub const BOUNDS_CHANGED_MAX: usize = 10;
/// Conditions without a known truth that exits of one state may have together: each doubles the cases.
pub const CASES_SPLIT_MAX: usize = 8;
/// Length of the text of a property.
pub const PROPERTY_SIZE_MAX: usize = 1024;
/// Nesting of parentheses in a property.
pub const PROPERTY_DEPTH_MAX: usize = 32;
/// Properties of one audit.
pub const PROPERTIES_MAX: usize = 256;
