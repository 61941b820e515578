//! Limits of what commands read, published on the page of limits. A file past its limit ends in exit code 5.

use chainstack_primitives::{limit_table, limits::Limit, transaction::TRANSACTION_SIZE_MAX};

use super::aliases::ALIAS_LENGTH_MAX;

/// Largest parameter file, in bytes.
pub const PARAMETER_FILE_SIZE_MAX: u64 = 64 * 1024;
/// Largest file of a module or manifest that `manifest` and `inspect` read, in bytes; what goes on chain is shorter by far.
pub const MODULE_FILE_SIZE_MAX: u64 = 64 * 1024 * 1024;
/// Largest file of a transaction, in bytes: the greatest as hex, with room for line ends.
pub const TRANSACTION_FILE_SIZE_MAX: u64 = 2 * TRANSACTION_SIZE_MAX as u64 + 16;
/// Largest file of pairs or of a proof that `trie` reads, in bytes.
pub const TRIE_FILE_SIZE_MAX: u64 = 256 * 1024 * 1024;
/// Largest password file, in bytes: its first line is the password.
pub const PASSWORD_FILE_SIZE_MAX: u64 = 4 * 1024;
/// Largest scenario file, in bytes.
pub const SCENARIO_FILE_SIZE_MAX: u64 = 1024 * 1024;
/// Greatest height that a scenario waits for: every block below it is made.
pub const SCENARIO_HEIGHT_MAX: u64 = 100_000;

/// Limits of what commands read, for the page of limits.
pub const LIMITS: &[Limit] = limit_table! {
    ALIAS_LENGTH_MAX, "bytes", "alias of a contract";
    PARAMETER_FILE_SIZE_MAX, "bytes", "parameter file";
    PASSWORD_FILE_SIZE_MAX, "bytes", "password file";
    SCENARIO_FILE_SIZE_MAX, "bytes", "scenario file";
    SCENARIO_HEIGHT_MAX, "blocks", "height that a scenario file waits for";
    TRANSACTION_FILE_SIZE_MAX, "bytes", "file of a transaction";
    MODULE_FILE_SIZE_MAX, "bytes", "file of a module or manifest that `manifest` and `inspect` read";
    TRIE_FILE_SIZE_MAX, "bytes", "file that `trie` reads";
};
