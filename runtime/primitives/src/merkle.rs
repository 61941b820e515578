//! Binary Merkle trees with tagged leaves and nodes and a committed count, and the mountain range over
//! the chain's history.
//!
//! Tree: leaves are `H("leaf" | bytes)`, nodes `H("node" | left | right)`; a node without a right
//! sibling moves up unchanged; the root is `H("root" | u32 count LE | top)`. The count is part of the
//! root, so neither a repeated last leaf nor a node read as a leaf gives the same root.

use alloc::vec::Vec;

use parity_scale_codec::{Decode, Encode};

use crate::{BoundedVec, Hash, HashBatch, Tag, TaggedHasher, tagged};

/// Most leaves of a tree: 2²⁰.
pub const LEAVES_MAX: u32 = 1 << 20;
/// Most hashes in a proof; a tree of [`LEAVES_MAX`] leaves is 20 deep.
pub const PROOF_HASHES_MAX: u32 = 20;

fn node(left: &Hash, right: &Hash) -> Hash {
    TaggedHasher::new(Tag::MerkleNode).part(&left.0).part(&right.0).finish()
}

/// As [`roots`] seals a tree, one alone.
fn seal(count: u32, top: &Hash) -> Hash {
    TaggedHasher::new(Tag::MerkleRoot).part(&count.to_le_bytes()).part(&top.0).finish()
}

/// Hash of a leaf that carries `bytes`, by the plain way: what a verifier computes, and what tests compare
/// [`leaves_of`] with.
#[must_use]
pub fn leaf(bytes: &[u8]) -> Hash {
    tagged(Tag::MerkleLeaf, bytes)
}

/// The leaves that carry the hashes in `carried`.
#[must_use]
pub fn leaves_of(carried: impl ExactSizeIterator<Item = Hash>) -> Vec<Hash> {
    let mut batch = HashBatch::with_capacity(carried.len(), 40);
    for hash in carried {
        batch.push_tagged(Tag::MerkleLeaf, |out| out.extend_from_slice(&hash.0));
    }
    batch.finish()
}

/// Root over leaf hashes. Linear in their number. A count past [`LEAVES_MAX`] is the caller's bug;
/// callers bound their lists far below.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    let count = u32::try_from(leaves.len()).unwrap_or(u32::MAX);
    let mut level = leaves.to_vec();
    while level.len() > 1 {
        (level, _) = parents(&level, &[level.len()]);
    }
    // The top of a tree without leaves is all zeros.
    seal(count, level.first().unwrap_or(&Hash::ZERO))
}

/// Roots of several trees whose leaves stand one after another in `leaves`, those of tree `i` being `counts[i]`:
/// as [`root`] of each, with the hashes of all trees side by side. Each count is bounded as for [`root`].
///
/// # Panics
/// If the counts do not add up to the leaves: a bug of the caller.
#[must_use]
pub fn roots(leaves: Vec<Hash>, counts: &[usize]) -> Vec<Hash> {
    let sum = counts.iter().fold(0_usize, |sum, count| sum.saturating_add(*count));
    assert_eq!(sum, leaves.len(), "each leaf belongs to one tree");
    let (mut level, mut widths) = (leaves, counts.to_vec());
    while widths.iter().any(|width| *width > 1) {
        (level, widths) = parents(&level, &widths);
    }
    let mut batch = HashBatch::with_capacity(counts.len(), 48);
    let mut tops = level.iter();
    for count in counts {
        let top = if *count == 0 { None } else { tops.next() };
        let count = u32::try_from(*count).unwrap_or(u32::MAX);
        batch.push_tagged(Tag::MerkleRoot, |out| {
            out.extend_from_slice(&count.to_le_bytes());
            out.extend_from_slice(&top.unwrap_or(&Hash::ZERO).0);
        });
    }
    batch.finish()
}

/// The level above, of several trees of these widths.
fn parents(level: &[Hash], widths: &[usize]) -> (Vec<Hash>, Vec<usize>) {
    let mut batch = HashBatch::with_capacity(level.len() / 2, 72);
    let trees = || {
        let mut rest = level;
        widths.iter().map(move |width| {
            let (tree, behind) = rest.split_at(*width); // the widths add up to the level
            rest = behind;
            tree.as_chunks::<2>()
        })
    };
    for [left, right] in trees().flat_map(|(pairs, _)| pairs) {
        batch.push_tagged(Tag::MerkleNode, |out| {
            out.extend_from_slice(&left.0);
            out.extend_from_slice(&right.0);
        });
    }
    let mut nodes = batch.finish().into_iter();
    let mut above = Vec::with_capacity(level.len().div_ceil(2));
    for (pairs, alone) in trees() {
        above.extend(nodes.by_ref().take(pairs.len()));
        above.extend(alone);
    }
    (above, widths.iter().map(|width| width.div_ceil(2)).collect())
}

/// Evidence that a leaf stands at an index of a tree.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct MerkleProof {
    /// Leaves of the tree.
    pub count: u32,
    /// Position of the leaf.
    pub index: u32,
    /// Siblings from the leaf upwards; levels where the node has none are left out.
    pub siblings: BoundedVec<Hash, PROOF_HASHES_MAX>,
}

/// Proof for the leaf at `index`; `None` if there is no such leaf or the tree is over its limit.
#[must_use]
pub fn prove(leaves: &[Hash], index: u32) -> Option<MerkleProof> {
    let count = u32::try_from(leaves.len()).ok().filter(|count| *count <= LEAVES_MAX && index < *count)?;
    let mut siblings = Vec::new();
    let mut level = leaves.to_vec();
    let mut position = usize::try_from(index).ok()?;
    while level.len() > 1 {
        if let Some(sibling) = level.get(position ^ 1) {
            siblings.push(*sibling);
        }
        (level, _) = parents(&level, &[level.len()]);
        position /= 2;
    }
    Some(MerkleProof { count, index, siblings: siblings.try_into().ok()? })
}

/// Whether `proof` shows the leaf with hash `leaf` under `root`. At most 21 hashes of work.
#[must_use]
pub fn verify(root: &Hash, leaf: &Hash, proof: &MerkleProof) -> bool {
    if proof.index >= proof.count || proof.count > LEAVES_MAX {
        return false;
    }
    let mut siblings = proof.siblings.iter();
    let (mut hash, mut position, mut width) = (*leaf, proof.index, proof.count);
    while width > 1 {
        let right = position % 2 == 1;
        if right || position.saturating_add(1) < width {
            let Some(sibling) = siblings.next() else { return false };
            hash = if right { node(sibling, &hash) } else { node(&hash, sibling) };
        }
        position /= 2;
        width = width.div_ceil(2);
    }
    siblings.next().is_none() && seal(proof.count, &hash) == *root
}

/// A Merkle mountain range: commits to an append-only list in logarithmic space.
///
/// Peaks are perfect trees of `H("history" | 1 | left | right)` over the appended hashes, highest
/// first; the root is `H("history" | 0 | u64 count LE | peaks…)`.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct MountainRange {
    count: u64,
    peaks: BoundedVec<Hash, 64>,
}

impl MountainRange {
    /// Number of appended hashes.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Appends a hash. Amortised two hashes of work.
    #[must_use]
    pub fn appended(self, hash: Hash) -> Self {
        let count = self.count;
        let mut peaks = self.peaks.into_inner();
        let mut carried = hash;
        // Each trailing one bit of the old count is a peak of the height that the carry has reached.
        for _ in 0..count.trailing_ones() {
            let Some(left) = peaks.pop() else { break };
            carried = TaggedHasher::new(Tag::History).part(&[1]).part(&left.0).part(&carried.0).finish();
        }
        peaks.push(carried);
        // A count of 64 bits has at most 64 peaks.
        Self { count: count.saturating_add(1), peaks: peaks.try_into().unwrap_or_default() }
    }

    /// The commitment to all appended hashes and their number.
    #[must_use]
    pub fn root(&self) -> Hash {
        let hasher = TaggedHasher::new(Tag::History).part(&[0]).part(&self.count.to_le_bytes());
        self.peaks.iter().fold(hasher, |hasher, peak| hasher.part(&peak.0)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u32) -> Vec<Hash> {
        (0..count).map(|index| leaf(&index.to_le_bytes())).collect()
    }

    #[test]
    fn every_leaf_of_every_small_tree_proves_and_nothing_else_does() {
        for count in 1..=33 {
            let leaves = leaves(count);
            let root = root(&leaves);
            for index in 0..count {
                let proof = prove(&leaves, index).expect("index below count");
                assert!(verify(&root, &leaves[index as usize], &proof));
                assert!(!verify(&root, &leaf(b"other"), &proof));
                let moved = MerkleProof { index: (index + 1) % count, ..proof.clone() };
                assert_eq!(verify(&root, &leaves[index as usize], &moved), count == 1);
                let recounted = MerkleProof { count: count + 1, ..proof.clone() };
                assert!(!verify(&root, &leaves[index as usize], &recounted));
                let mut longer = proof.siblings.to_vec();
                longer.push(Hash::ZERO);
                let longer = MerkleProof { siblings: longer.try_into().expect("short"), ..proof };
                assert!(!verify(&root, &leaves[index as usize], &longer));
            }
            assert_eq!(prove(&leaves, count), None);
        }
    }

    /// The root as the module's head defines it, one hash after the other.
    fn plain_root(leaves: &[Hash]) -> Hash {
        let mut level = leaves.to_vec();
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| if let [left, right] = pair { node(left, right) } else { pair[0] })
                .collect();
        }
        seal(u32::try_from(leaves.len()).expect("few"), level.first().unwrap_or(&Hash::ZERO))
    }

    #[test]
    #[should_panic(expected = "each leaf belongs to one tree")]
    fn leaves_of_no_tree_are_a_bug() {
        let _roots = roots(leaves(3), &[1, 1]);
    }

    #[test]
    fn several_trees_side_by_side_are_each_as_alone() {
        for counts in [vec![1, 0, 2, 3, 0, 7, 1, 33, 64, 7], vec![0, 5, 0], vec![0, 0], vec![2], vec![]] {
            // No two trees share a leaf.
            let tree = |(number, count): (u8, &u8)| (0..*count).map(|index| leaf(&[number, index])).collect();
            let trees: Vec<Vec<Hash>> = (0u8..).zip(&counts).map(tree).collect();
            let expected: Vec<Hash> = trees.iter().map(|tree| plain_root(tree)).collect();
            let counts: Vec<usize> = counts.into_iter().map(usize::from).collect();
            assert_eq!(roots(trees.concat(), &counts), expected, "{counts:?}");
        }
        assert_eq!(root(&[]), seal(0, &Hash::ZERO));
        assert_eq!(root(&leaves(1)), seal(1, &leaves(1)[0]));
        let carried = (0..9u8).map(|byte| Hash([byte; 32]));
        let expected: Vec<Hash> = carried.clone().map(|hash| leaf(&hash.0)).collect();
        assert_eq!(leaves_of(carried.collect::<Vec<Hash>>().into_iter()), expected);
    }

    #[test]
    fn a_repeated_last_leaf_is_another_root() {
        let mut repeated = leaves(3);
        repeated.push(repeated[2]);
        assert_ne!(root(&leaves(3)), root(&repeated));
        assert_ne!(root(&[]), root(&[Hash::ZERO]));
    }

    #[test]
    fn mountain_range_has_one_peak_per_set_bit_and_a_new_root_each_time() {
        let mut range = MountainRange::default();
        let mut seen = vec![range.root()];
        for index in 0..200u64 {
            range = range.appended(leaf(&index.to_le_bytes()));
            assert_eq!(range.peaks.len(), range.count().count_ones() as usize);
            assert!(!seen.contains(&range.root()));
            seen.push(range.root());
        }
    }
}
