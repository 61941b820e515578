//! Every bound of the audit, by name; [`LIMITS`] is the same list as data. What passes one is answered by a typed error or
//! an undecided claim.

use chainstack_primitives::limits::Limit;

/// States the search visits; a contract with more is not decided, and the report says so.
pub const STATES_EXPLORED_MAX: usize = 50_000;
/// Steps between states that the search keeps.
pub const STEPS_EXPLORED_MAX: usize = 1_000_000;
/// Different bounds of windows, and times in guards, that one contract may have.
pub const BOUNDS_MAX: usize = 64;
/// Ways in which one step may end: choices of the guest, and what is not known.
pub const OUTCOMES_MAX: usize = 16_384;
/// Conditions without a known truth that exits of one state may have together: each doubles the cases. Past it
/// they count as against us.
pub const CASES_SPLIT_MAX: usize = 8;
/// Length of the text of a property in bytes.
pub const PROPERTY_SIZE_MAX: usize = 1024;
/// Nesting of parentheses and negations in a property.
pub const PROPERTY_DEPTH_MAX: usize = 32;
/// Properties of one audit; those after it are not decided.
pub const PROPERTIES_MAX: usize = 256;

/// Every limit of the audit, for the page of limits.
pub const LIMITS: &[Limit] = chainstack_primitives::limit_table! {
    STATES_EXPLORED_MAX, "states", "states of the model that an audit visits";
    STEPS_EXPLORED_MAX, "steps", "steps between them that it keeps";
    BOUNDS_MAX, "bounds", "different moments in windows and guards of a contract under audit";
    OUTCOMES_MAX, "outcomes", "ways in which one step of the model may end";
    CASES_SPLIT_MAX, "conditions", "open conditions of the exits of one state that are told apart";
    PROPERTY_SIZE_MAX, "bytes", "text of a property";
    PROPERTY_DEPTH_MAX, "levels", "nesting in a property";
    PROPERTIES_MAX, "properties", "properties of one audit";
};
