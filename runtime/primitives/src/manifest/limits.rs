//! Every bound of the manifest, by name; [`LIMITS`] is the same list as data, for the limits page.

use crate::limits::Limit;

/// Encoded size of a whole manifest.
pub const MANIFEST_SIZE_MAX: u32 = 64 * 1024;
/// Length of a name.
pub const NAME_SIZE_MAX: u32 = 32;
/// Length of a documentation text.
pub const DOC_SIZE_MAX: u32 = 512;
/// Defined types.
pub const TYPES_MAX: u32 = 64;
/// Nesting of defined types: a type that refers to no other has depth 1.
pub const TYPE_DEPTH_MAX: u32 = 8;
/// Fields of a struct or of an enum variant.
pub const STRUCT_FIELDS_MAX: u32 = 32;
/// Variants of an enum.
pub const VARIANTS_MAX: u32 = 64;
/// Elements a list type may allow.
pub const LIST_LENGTH_MAX: u32 = 4096;
/// Greatest encoded size of a value of any one type.
pub const VALUE_SIZE_MAX: u32 = 16 * 1024;
/// Parameters of a contract.
pub const PARAMS_MAX: u32 = 32;
/// Encoded size of a parameter's default.
pub const DEFAULT_SIZE_MAX: u32 = 1024;
/// Declared errors.
pub const ERRORS_MAX: u32 = 64;
/// Encoded size of an error's fields: with the id before them, the revert payload that a receipt keeps.
pub const ERROR_SIZE_MAX: u32 = crate::receipt::REVERT_PAYLOAD_MAX - 2;
/// Declared events.
pub const EVENTS_MAX: u32 = 64;
/// Encoded size of an event's fields.
pub const EVENT_SIZE_MAX: u32 = 4096;
/// Arguments of a method, fields of an event or error.
pub const FIELDS_MAX: u32 = 16;
/// Encoded size of a method's arguments, and of the parameters together.
pub const ARGS_SIZE_MAX: u32 = 16 * 1024;
/// Encoded size of what a method returns.
pub const RETURN_SIZE_MAX: u32 = 16 * 1024;
/// Declared roles.
pub const ROLES_MAX: u32 = 32;
/// Members of a set role.
pub const MEMBERS_MAX: u32 = 64;
/// Declared cells.
pub const CELLS_MAX: u32 = 64;
/// First cell id that is reserved for the host.
pub const CELL_ID_RESERVED: u16 = 0xff00;
/// Fields of a cell's key.
pub const KEY_FIELDS_MAX: u32 = 4;
/// Encoded size of a cell's key, the holder byte of an asset cell included.
pub const KEY_SIZE_MAX: u32 = 256;
/// Head fields of a cell.
pub const HEAD_FIELDS_MAX: u32 = 16;
/// Encoded size of a head, the machine's state byte included.
pub const HEAD_SIZE_MAX: u32 = 1024;
/// Declared machines.
pub const MACHINES_MAX: u32 = 16;
/// States of a machine.
pub const STATES_MAX: u32 = 32;
/// Machines one transition or exit may name in `from` or `to`.
pub const MOVES_MAX: u32 = 4;
/// Declared transitions, the constructor included.
pub const TRANSITIONS_MAX: u32 = 128;
/// Roles that may call one transition.
pub const CALLER_ROLES_MAX: u32 = 8;
/// Items one call may bind by `each`.
pub const ITEMS_MAX: u32 = 64;
/// Touched places of a transition.
pub const TOUCHES_MAX: u32 = 32;
/// Assets a transition may send.
pub const SENDS_MAX: u32 = 8;
/// Contract methods a transition or view may call.
pub const CALLS_MAX: u32 = 16;
/// Contract methods a transition may notify.
pub const NOTIFIES_MAX: u32 = 8;
/// Escrow cells a transition may use.
pub const ESCROWS_MAX: u32 = 8;
/// Declared views.
pub const VIEWS_MAX: u32 = 128;
/// Cells a view may read.
pub const VIEW_READS_MAX: u32 = 64;
/// Declared exits.
pub const EXITS_MAX: u32 = 32;
/// Effects of an exit.
pub const EFFECTS_MAX: u32 = 16;
/// Declared invariants.
pub const INVARIANTS_MAX: u32 = 16;
/// Nodes of an expression.
pub const EXPRESSION_NODES_MAX: u32 = 64;
/// Values on the stack at a time while an expression is evaluated: no deeper one of so many nodes leaves one
/// value.
pub const EXPRESSION_STACK_MAX: u32 = 43;
/// Reads of state in an expression.
pub const EXPRESSION_READS_MAX: u32 = 8;
/// Gas ceiling of a transition or view.
pub const CEILING_GAS_MAX: u64 = 1_000_000_000_000;
/// Read ceiling of a transition or view.
pub const CEILING_READS_MAX: u32 = 10_000;
/// Write ceiling of a transition.
pub const CEILING_WRITES_MAX: u32 = 10_000;
/// New-entry ceiling of a transition.
pub const CEILING_NEW_ENTRIES_MAX: u32 = 1_000;
/// Event ceiling of a transition.
pub const CEILING_EVENTS_MAX: u32 = 1_000;
/// Shortest delay between proposing and applying an upgrade.
pub const UPGRADE_DELAY_MIN_BLOCKS: u32 = 1;

/// Every limit of the manifest, for the page of limits.
pub const LIMITS: &[Limit] = crate::limit_table! {
    MANIFEST_SIZE_MAX, "bytes", "encoded manifest";
    NAME_SIZE_MAX, "bytes", "name of anything declared";
    DOC_SIZE_MAX, "bytes", "documentation text";
    TYPES_MAX, "types", "defined types";
    TYPE_DEPTH_MAX, "levels", "nesting of defined types";
    STRUCT_FIELDS_MAX, "fields", "fields of a struct or enum variant";
    VARIANTS_MAX, "variants", "variants of an enum";
    LIST_LENGTH_MAX, "elements", "bound of a list type";
    VALUE_SIZE_MAX, "bytes", "encoded value of one type, head and tail of an entry";
    PARAMS_MAX, "params", "parameters of a contract";
    DEFAULT_SIZE_MAX, "bytes", "encoded default of a parameter";
    ERRORS_MAX, "errors", "declared errors";
    ERROR_SIZE_MAX, "bytes", "encoded fields of an error";
    EVENTS_MAX, "events", "declared events";
    EVENT_SIZE_MAX, "bytes", "encoded fields of an event";
    FIELDS_MAX, "fields", "arguments of a method, fields of an event or error";
    ARGS_SIZE_MAX, "bytes", "encoded arguments of a method, encoded parameters";
    RETURN_SIZE_MAX, "bytes", "encoded return value of a method";
    ROLES_MAX, "roles", "declared roles";
    MEMBERS_MAX, "members", "members of a set role";
    CELLS_MAX, "cells", "declared cells";
    CELL_ID_RESERVED, "id", "first cell id reserved for the host: the one before it is accepted, it is not";
    KEY_FIELDS_MAX, "fields", "fields of a cell's key";
    KEY_SIZE_MAX, "bytes", "encoded key of a cell";
    HEAD_FIELDS_MAX, "fields", "head fields of a cell";
    HEAD_SIZE_MAX, "bytes", "encoded head of an entry";
    MACHINES_MAX, "machines", "declared machines";
    STATES_MAX, "states", "states of a machine";
    MOVES_MAX, "machines", "machines a transition or exit names in from or to";
    TRANSITIONS_MAX, "transitions", "declared transitions";
    CALLER_ROLES_MAX, "roles", "roles that may call one transition";
    ITEMS_MAX, "items", "items one call binds by each";
    TOUCHES_MAX, "touches", "touched places of a transition";
    SENDS_MAX, "assets", "assets a transition sends";
    CALLS_MAX, "methods", "methods a transition or view calls";
    NOTIFIES_MAX, "methods", "methods a transition notifies";
    ESCROWS_MAX, "cells", "escrow cells a transition uses";
    VIEWS_MAX, "views", "declared views";
    VIEW_READS_MAX, "cells", "cells a view reads";
    EXITS_MAX, "exits", "declared exits";
    EFFECTS_MAX, "effects", "effects of an exit";
    INVARIANTS_MAX, "invariants", "declared invariants";
    EXPRESSION_NODES_MAX, "nodes", "nodes of an expression";
    EXPRESSION_STACK_MAX, "values", "stack of an expression";
    EXPRESSION_READS_MAX, "reads", "state reads of an expression";
    CEILING_GAS_MAX, "gas", "gas ceiling of a transition or view";
    CEILING_READS_MAX, "reads", "read ceiling of a transition or view";
    CEILING_WRITES_MAX, "writes", "write ceiling of a transition";
    CEILING_NEW_ENTRIES_MAX, "entries", "new-entry ceiling of a transition";
    CEILING_EVENTS_MAX, "events", "event ceiling of a transition";
    UPGRADE_DELAY_MIN_BLOCKS, "blocks", "shortest delay of an upgrade";
};
