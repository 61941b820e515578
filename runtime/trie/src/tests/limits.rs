//! Each row of the table of limits, at the limit and one past it.

use std::convert::Infallible;

use crate::{CommitError, LIMITS, MemoryTrie, NODE_BYTES_MAX, Proof, ProofError, Sequential};

/// Commits one entry to an empty trie; which limit its refusal names, and what was found.
fn commit_one(key: usize, value: usize) -> Result<(), (&'static str, usize)> {
    let updates = [(vec![7; key], Some(vec![1; value]))];
    match MemoryTrie::new().update(&updates, &Sequential) {
        Ok(_) => Ok(()),
        Err(CommitError::<Infallible>::KeyTooLong { index: 0, found }) => Err(("KEY_BYTES_MAX", found)),
        Err(CommitError::ValueTooLong { index: 0, found }) => Err(("VALUE_BYTES_MAX", found)),
        Err(other) => panic!("another refusal: {other}"),
    }
}

/// Decodes the encoding of a proof of nodes of these sizes; which limit its refusal names, and what was found.
fn decode(sizes: &[usize]) -> Result<(), (&'static str, usize)> {
    let proof = Proof { nodes: sizes.iter().map(|size| vec![1; *size]).collect() };
    match Proof::decode(&proof.encode()) {
        Ok(_) => Ok(()),
        Err(ProofError::NodeTooLarge { index: 0, found }) => Err(("NODE_BYTES_MAX", found)),
        Err(ProofError::TooManyNodes { found, .. }) => Err(("PROOF_NODES_MAX", found)),
        Err(ProofError::TooLarge { found }) => Err(("PROOF_BYTES_MAX", found)),
        Err(other) => panic!("another refusal: {other}"),
    }
}

/// What the door of the limit `name` says to `number`.
fn attempt(name: &str, number: usize) -> Result<(), (&'static str, usize)> {
    match name {
        "KEY_BYTES_MAX" => commit_one(number, 1),
        "VALUE_BYTES_MAX" => commit_one(32, number),
        "NODE_BYTES_MAX" => decode(&[number]),
        "PROOF_NODES_MAX" => decode(&vec![40; number]),
        "PROOF_BYTES_MAX" => {
            // One byte counts the nodes, four the bytes of each: three of the greatest, and one for the rest.
            let rest = number - 1 - 3 * (4 + NODE_BYTES_MAX) - 4;
            decode(&[NODE_BYTES_MAX, NODE_BYTES_MAX, NODE_BYTES_MAX, rest])
        }
        _ => panic!("{name} has no case"),
    }
}

#[test]
fn each_limit_holds_at_it_and_one_past() {
    for limit in LIMITS {
        let (name, at, past) = (limit.name, limit.bytes(), limit.bytes() + 1);
        assert_eq!(attempt(name, at), Ok(()), "{name} at it");
        assert_eq!(attempt(name, past), Err((name, past)), "{name} one past");
    }
}
