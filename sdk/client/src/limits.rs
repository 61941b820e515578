//! The limits that texts, files and answers meet here, as rows for the page of limits.

#[cfg(test)]
mod tests;

use chainstack_primitives::{limit_table, limits::Limit};

use crate::{
    address::ADDRESS_MAX_BYTES,
    keystore::{FILE_MAX_BYTES, KdfParams, NAME_MAX_BYTES, PASSWORD_MAX_BYTES},
    manifest::{MANIFEST_TEXT_SIZE_MAX, expression::EXPRESSION_DEPTH_MAX},
    mnemonic::PHRASE_MAX_BYTES,
    proof::{
        PROOF_FILE_SIZE_MAX, PROOF_KEY_SIZE_MAX, PROOF_NODES_SIZE_MAX, PROOF_VALUE_SIZE_MAX,
        STATE_PROOF_SIZE_MAX,
    },
    rpc::ANSWER_SIZE_MAX,
    uri::URI_MAX_BYTES,
};

const KDF_MEMORY_KIB_MIN: u32 = KdfParams::MIN.memory_kib();
const KDF_MEMORY_KIB_MAX: u32 = KdfParams::MAX.memory_kib();
const KDF_PASSES_MIN: u32 = KdfParams::MIN.passes();
const KDF_PASSES_MAX: u32 = KdfParams::MAX.passes();
const KDF_LANES_MIN: u32 = KdfParams::MIN.lanes();
const KDF_LANES_MAX: u32 = KdfParams::MAX.lanes();

/// Limits of keys, manifests as text, proofs of state and answers of a node.
pub const LIMITS: &[Limit] = limit_table! {
    ADDRESS_MAX_BYTES, "bytes", "address";
    PHRASE_MAX_BYTES, "bytes", "recovery phrase, white space included";
    URI_MAX_BYTES, "bytes", "secret URI";
    NAME_MAX_BYTES, "bytes", "name of a key";
    PASSWORD_MAX_BYTES, "bytes", "password of a key";
    FILE_MAX_BYTES, "bytes", "key file";
    KDF_MEMORY_KIB_MIN, "KiB", "least memory with which a key file stretches its password";
    KDF_MEMORY_KIB_MAX, "KiB", "most memory with which a key file stretches its password";
    KDF_PASSES_MIN, "passes", "fewest passes over that memory";
    KDF_PASSES_MAX, "passes", "most passes over that memory";
    KDF_LANES_MIN, "lanes", "fewest lanes of that memory";
    KDF_LANES_MAX, "lanes", "most lanes of that memory";
    MANIFEST_TEXT_SIZE_MAX, "bytes", "manifest as TOML";
    EXPRESSION_DEPTH_MAX, "levels", "parentheses and functions in one another in an expression of it";
    STATE_PROOF_SIZE_MAX, "bytes", "encoded proof of state";
    PROOF_FILE_SIZE_MAX, "bytes", "proof file";
    PROOF_NODES_SIZE_MAX, "bytes", "nodes of a proof towards one leaf";
    PROOF_KEY_SIZE_MAX, "bytes", "key of a proven entry";
    PROOF_VALUE_SIZE_MAX, "bytes", "value of a proven entry";
    ANSWER_SIZE_MAX, "bytes", "answer of a node that a client reads";
};
