//! References of changed nodes, computed level by level from the deepest up, many at once.

use alloc::vec::Vec;

use chainstack_keccak::keccak256_many;

use super::{
    Shard,
    arena::{ABSENT, Child, Node},
};
use crate::{
    nibbles::Nibbles,
    node::{self, HASH_BYTES, Reference},
};

/// Nodes encoded and hashed together: enough to keep all lanes busy, few enough to stay in cache.
const BATCH: usize = 128;

/// One part of a trie whose changed nodes are to be hashed.
pub(super) struct Part<'t> {
    /// The first nibble of its paths.
    pub(super) nibble: u8,
    pub(super) shard: &'t mut Shard,
    /// Whether its topmost node is taken up into the root node, and so has no reference of its own.
    pub(super) merged: bool,
}

/// Where a changed node is.
#[derive(Clone, Copy)]
struct Slot {
    part: usize,
    place: u32,
    /// Its parent, or [`ABSENT`] for the topmost node of the part.
    parent: u32,
    nibble: u8,
}

/// Changed nodes, level by level from the top.
#[derive(Default)]
struct Levels {
    slots: Vec<Slot>,
    /// The paths of `slots`; empty unless writes are listed.
    paths: Vec<Nibbles>,
    /// Where each level ends in `slots`.
    ends: Vec<usize>,
}

/// Computes every stale reference in `parts`. With `list_writes`, lists the new encodings, and the paths whose node
/// became inline, in each shard.
pub(super) fn hash_parts(parts: &mut [Part<'_>], list_writes: bool) {
    let levels = Levels::collect(parts, list_writes);
    let mut end = levels.slots.len();
    for &next in levels.ends.iter().rev().skip(1).chain(&[0]) {
        for start in (next..end).step_by(BATCH) {
            hash_batch(parts, &levels, start, end.min(start + BATCH), list_writes);
        }
        end = next;
    }
}

impl Levels {
    fn collect(parts: &[Part<'_>], with_paths: bool) -> Self {
        let mut levels = Self::default();
        for (number, part) in parts.iter().enumerate() {
            let Some(root) = part.shard.root.filter(|root| root.reference.is_stale()) else { continue };
            let slot = Slot { part: number, place: root.place, parent: ABSENT, nibble: 0 };
            let path = Nibbles::EMPTY.with(part.nibble);
            if part.merged {
                levels.push_children(part, slot, path, with_paths);
            } else {
                levels.push(slot, path, with_paths);
            }
        }
        let mut start = 0;
        while start < levels.slots.len() {
            let end = levels.slots.len();
            levels.ends.push(end);
            for index in start..end {
                let slot = levels.slots[index];
                let path = levels.paths.get(index).copied().unwrap_or(Nibbles::EMPTY);
                levels.push_children(&parts[slot.part], slot, path, with_paths);
            }
            start = end;
        }
        levels
    }

    fn push(&mut self, slot: Slot, path: Nibbles, with_paths: bool) {
        self.slots.push(slot);
        if with_paths {
            self.paths.push(path);
        }
    }

    fn push_children(&mut self, part: &Part<'_>, slot: Slot, path: Nibbles, with_paths: bool) {
        let below = |child: &Child, nibble| Slot { place: child.place, parent: slot.place, nibble, ..slot };
        match part.shard.arena.node(slot.place) {
            Node::Branch(branch) => {
                for (nibble, child) in branch.iter().filter(|(_, child)| child.reference.is_stale()) {
                    let path = if with_paths { path.with(nibble) } else { path };
                    self.push(below(child, nibble), path, with_paths);
                }
            }
            Node::Extension(extension) if extension.child.reference.is_stale() => {
                let path = if with_paths { path.join(&extension.path).unwrap_or(path) } else { path };
                self.push(below(&extension.child, 0), path, with_paths);
            }
            Node::Extension(_) | Node::Leaf(_) | Node::Vacant => {}
        }
    }
}

/// Encodes and hashes the nodes `start..end`, whose children all have their references.
fn hash_batch(parts: &mut [Part<'_>], levels: &Levels, start: usize, end: usize, list_writes: bool) {
    let slots = &levels.slots[start..end];
    let mut scratch = Vec::with_capacity(slots.len() * 128);
    let mut ends = [0; BATCH];
    for (slot, end) in slots.iter().zip(&mut ends) {
        encode(&mut scratch, parts[slot.part].shard.arena.node(slot.place));
        *end = scratch.len();
    }

    let mut references = [Reference::Stale; BATCH];
    let mut nodes: Vec<Vec<u8>> = Vec::new();
    {
        let mut encodings: [&[u8]; BATCH] = [&[]; BATCH];
        let mut begin = 0;
        for ((slot, encoding), &end) in slots.iter().zip(&mut encodings).zip(&ends) {
            *encoding = match parts[slot.part].shard.arena.node(slot.place) {
                Node::Leaf(leaf) => leaf, // hashed where it is
                _ => &scratch[begin..end],
            };
            begin = end;
        }
        // Short encodings stand inline; the others are hashed together.
        let mut long: [&[u8]; BATCH] = [&[]; BATCH];
        let mut owners = [0; BATCH];
        let mut count = 0;
        for (index, encoding) in encodings[..slots.len()].iter().enumerate() {
            if encoding.len() < HASH_BYTES {
                references[index] = Reference::inline(encoding).unwrap_or(Reference::Stale);
            } else {
                long[count] = encoding;
                owners[count] = index;
                count += 1;
            }
        }
        let mut digests = [[0; HASH_BYTES]; BATCH];
        keccak256_many(&long[..count], &mut digests[..count]);
        for (owner, digest) in owners.iter().zip(&digests[..count]) {
            references[*owner] = Reference::Hash(*digest);
        }
        if list_writes {
            nodes.extend(long[..count].iter().map(|encoding| encoding.to_vec()));
        }
    }

    let mut nodes = nodes.into_iter();
    for (index, (slot, reference)) in slots.iter().zip(references).enumerate() {
        let shard = &mut *parts[slot.part].shard;
        let child = shard.child_mut(slot.parent, slot.nibble);
        child.reference = reference;
        if !list_writes {
            continue;
        }
        let path = levels.paths[start + index];
        if matches!(reference, Reference::Hash(_)) {
            child.stored = true;
            shard.writes.push((path, nodes.next()));
        } else if child.stored {
            child.stored = false;
            shard.writes.push((path, None));
        }
    }
}

/// Appends the encoding of a branch or an extension; a leaf is one already.
fn encode(out: &mut Vec<u8>, node: &Node) {
    match node {
        Node::Branch(branch) => {
            node::put_branch(
                out,
                branch.iter().map(|(nibble, child)| (nibble, &child.reference)),
                &branch.value,
            );
        }
        Node::Extension(extension) => node::put_extension(out, &extension.path, &extension.child.reference),
        Node::Leaf(_) | Node::Vacant => {}
    }
}

impl Shard {
    /// The end of the edge from `parent` to a node, or the topmost edge.
    fn child_mut(&mut self, parent: u32, nibble: u8) -> &mut Child {
        let child = if parent == ABSENT {
            self.root.as_mut()
        } else {
            match self.arena.node_mut(parent) {
                Node::Branch(branch) => branch.child_mut(nibble),
                Node::Extension(extension) => Some(&mut extension.child),
                Node::Leaf(_) | Node::Vacant => None,
            }
        };
        child.unwrap_or_else(|| unreachable!("levels were collected from these edges"))
    }
}
