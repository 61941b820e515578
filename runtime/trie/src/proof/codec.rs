//! The one encoding of a proof: SCALE of a vector of byte vectors, with every length checked first.

use alloc::vec::Vec;

use parity_scale_codec::{Compact, CompactLen, Decode, Encode};

use super::{PROOF_BYTES_MAX, PROOF_NODES_MAX, Proof, ProofError};
use crate::NODE_BYTES_MAX;

impl Proof {
    /// The canonical bytes: SCALE of `Vec<Vec<u8>>`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.nodes.encode()
    }

    /// Number of canonical bytes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let start = length_len(self.nodes.len());
        self.nodes.iter().fold(start, |sum, node| {
            sum.saturating_add(length_len(node.len())).saturating_add(node.len()) // only compared with a limit
        })
    }

    /// Reads canonical bytes; nothing may follow.
    ///
    /// The nodes are not looked into: [`verify()`](super::verify()) does.
    ///
    /// # Errors
    /// [`ProofError::TooLarge`], [`ProofError::TooManyNodes`], [`ProofError::NodeTooLarge`],
    /// [`ProofError::BadEncoding`]; each length is checked before anything is allocated for it.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(ProofError::TooLarge { found: bytes.len() });
        }
        let mut rest = bytes;
        let count = length(bytes, &mut rest)?;
        if count > PROOF_NODES_MAX {
            return Err(ProofError::TooManyNodes { found: count, allowed: PROOF_NODES_MAX });
        }
        let mut nodes = Vec::with_capacity(count);
        for index in 0..count {
            let found = length(bytes, &mut rest)?;
            if found > NODE_BYTES_MAX {
                return Err(ProofError::NodeTooLarge { index, found });
            }
            let offset = bytes.len() - rest.len();
            let (node, after) = rest.split_at_checked(found).ok_or(ProofError::BadEncoding { offset })?;
            nodes.push(node.to_vec());
            rest = after;
        }
        match rest {
            [] => Ok(Self { nodes }),
            [_, ..] => Err(ProofError::BadEncoding { offset: bytes.len() - rest.len() }),
        }
    }
}

/// Reads a compact length in its shortest form.
fn length(whole: &[u8], rest: &mut &[u8]) -> Result<usize, ProofError> {
    let offset = whole.len() - rest.len();
    let Ok(Compact(length)) = Compact::<u32>::decode(rest) else {
        return Err(ProofError::BadEncoding { offset });
    };
    usize::try_from(length).map_err(|_| ProofError::BadEncoding { offset })
}

/// Bytes of a compact length.
fn length_len(length: usize) -> usize {
    u32::try_from(length).map_or(usize::MAX, |length| Compact::<u32>::compact_len(&length))
}
