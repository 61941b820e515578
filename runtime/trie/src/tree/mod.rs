//! A trie of which any part may be in memory: what a commit works on, and what stays warm between commits.
//!
//! The trie is kept as sixteen parts, one for each first nibble, and the value of the empty key; each part is a trie
//! of its own, one nibble down. Parts share nothing, so they are worked on independently, and the root node is made
//! from them at the end: a branch if there are two entries or more, else the one part's topmost node with its nibble
//! in front. This way no update ever has to change the shape of the root in place.

mod apply;
mod arena;
mod hash;

use alloc::{boxed::Box, collections::VecDeque, vec::Vec};
use core::mem;

use chainstack_primitives::Hash;

use self::{
    apply::{Applying, leaf_parts},
    arena::{ABSENT, Arena, Child, Node},
    hash::{Part, hash_parts},
};
use crate::{
    EMPTY_ROOT, Join, NodeFault, NodeReader, NodeWrite, Sequential,
    commit::Update,
    nibbles::{HexPrefix, HexPrefixBuffer, Nibbles, nibble},
    node::{self, DecodedNode, NodeError, Reference, encode_leaf},
    ports::read_checked,
};

/// Commits with fewer updates than this are not divided: the pieces would cost more than they save, and hashing all
/// parts together fills the lanes better.
const DIVIDE_FROM: usize = 256;

/// One sixteenth of a trie.
#[derive(Default, Debug)]
struct Shard {
    arena: Arena,
    /// The topmost edge, at the path of one nibble. While the root node has taken the topmost node up into itself,
    /// this reference is stale and the node is not stored under its own path.
    root: Option<Child>,
    /// Nodes to put and to delete, gathered during a commit.
    writes: Vec<NodeWrite>,
}

/// A trie of which any part may be in memory.
#[derive(Debug)]
pub(crate) struct Tree {
    root: Hash,
    shards: Vec<Shard>,
    /// The value of the empty key; empty if there is none.
    value: Box<[u8]>,
    /// Whether the root node is in memory (always, for the empty trie).
    open: bool,
    /// Whether commits list their writes.
    list_writes: bool,
}

impl Tree {
    /// The trie with this root, nothing of it in memory.
    pub(crate) fn new(root: Hash, list_writes: bool) -> Self {
        let shards = (0..16).map(|_| Shard::default()).collect();
        Self { root, shards, value: Box::default(), open: root == EMPTY_ROOT, list_writes }
    }

    pub(crate) fn root(&self) -> Hash {
        self.root
    }

    /// Estimated bytes of memory: the nodes, places kept for nodes to come, and the trie itself.
    pub(crate) fn resident_bytes(&self) -> usize {
        let shards = self.shards.iter().map(|shard| shard.arena.weight());
        shards.fold(self.fixed_bytes(), usize::saturating_add)
    }

    /// Bytes that the trie takes with no node in memory.
    fn fixed_bytes(&self) -> usize {
        let shards = self.shards.capacity().saturating_mul(size_of::<Shard>());
        size_of::<Self>().saturating_add(shards).saturating_add(self.value.len())
    }

    /// Brings sorted, distinct updates in; the writes are sorted by path. On an error the tree is cold and at its old
    /// root.
    pub(crate) fn commit<R, J>(
        &mut self,
        reader: &R,
        updates: &[Update<'_>],
        join: &J,
    ) -> Result<Vec<NodeWrite>, NodeFault<R::Error>>
    where
        R: NodeReader + Sync,
        R::Error: Send,
        J: Join,
    {
        let result = if updates.len() < DIVIDE_FROM {
            self.try_commit(reader, updates, &Sequential)
        } else {
            self.try_commit(reader, updates, join)
        };
        if result.is_err() {
            *self = Self::new(self.root, self.list_writes);
        }
        result
    }

    fn try_commit<R, J>(
        &mut self,
        reader: &R,
        updates: &[Update<'_>],
        join: &J,
    ) -> Result<Vec<NodeWrite>, NodeFault<R::Error>>
    where
        R: NodeReader + Sync,
        R::Error: Send,
        J: Join,
    {
        if updates.is_empty() {
            return Ok(Vec::new());
        }
        self.open(reader)?;
        if !self.apply(reader, updates, join)? {
            return Ok(Vec::new());
        }
        let merged = self.merge_only_part(reader)?;
        self.hash(merged, updates.len() >= DIVIDE_FROM, join);
        let encoding = self.encode_root(merged);
        self.root = match &encoding {
            Some(bytes) => Hash(chainstack_keccak::keccak256(bytes)),
            None => EMPTY_ROOT,
        };
        Ok(if self.list_writes { self.take_writes(encoding) } else { Vec::new() })
    }

    /// Reads the root node and divides it.
    fn open<R: NodeReader>(&mut self, reader: &R) -> Result<(), NodeFault<R::Error>> {
        if self.open {
            return Ok(());
        }
        let bytes = read_checked(reader, &Nibbles::EMPTY, &self.root.0)?;
        let corrupt = |error| NodeFault::Corrupt { path: Nibbles::EMPTY, error };
        let too_long = || corrupt(NodeError::LongPath);
        let node = node::decode(&bytes).map_err(corrupt)?;
        node.fits(0).map_err(corrupt)?;
        match node {
            DecodedNode::Branch { value, .. } => {
                // Kept for a moment as a node of the first part; its edges then move to the parts they belong to.
                self.value = value.into();
                let arena = &mut self.shards[0].arena;
                let place = arena.keep_decoded(&node);
                if let Node::Branch(branch) = arena.take(place) {
                    for (nibble, child) in branch.iter() {
                        self.shards[usize::from(nibble)].root = Some(*child);
                    }
                }
            }
            DecodedNode::Extension { path, .. } => {
                let shard = &mut self.shards[usize::from(path.at(0).unwrap_or_default())];
                let place = shard.arena.keep_decoded(&node);
                let Node::Extension(mut extension) = shard.arena.take(place) else {
                    unreachable!("an extension was kept")
                };
                shard.root = Some(if path.len() == 1 {
                    extension.child
                } else {
                    extension.path = path.after(1);
                    Child::stale(shard.arena.keep(Node::Extension(extension)), false)
                });
            }
            DecodedNode::Leaf { path, value } => {
                let path = path.path().ok_or_else(too_long)?;
                match path.at(0) {
                    None => self.value = value.into(),
                    Some(first) => {
                        let rest = HexPrefixBuffer::new(&path.after(1), true);
                        let shard = &mut self.shards[usize::from(first)];
                        let place = shard.arena.keep(Node::Leaf(encode_leaf(rest.borrow(), value)));
                        shard.root = Some(Child::stale(place, false));
                    }
                }
            }
        }
        self.open = true;
        Ok(())
    }

    /// Brings the updates into the parts. Says whether anything changed.
    fn apply<R, J>(
        &mut self,
        reader: &R,
        updates: &[Update<'_>],
        join: &J,
    ) -> Result<bool, NodeFault<R::Error>>
    where
        R: NodeReader + Sync,
        R::Error: Send,
        J: Join,
    {
        let mut changed = false;
        let mut updates = updates;
        if let [Update { key: [], value }, rest @ ..] = updates {
            let value = value.unwrap_or_default();
            changed = *self.value != *value;
            self.value = value.into();
            updates = rest;
        }
        let mut pieces = Vec::with_capacity(16);
        for (first, shard) in (0..16).zip(&mut self.shards) {
            let count = updates.iter().take_while(|update| nibble(update.key, 0) == first).count();
            let (own, rest) = updates.split_at(count);
            updates = rest;
            if !own.is_empty() {
                pieces.push((shard, own));
            }
        }
        let list_deleted = self.list_writes;
        let results = join.map(pieces, |(shard, own)| {
            let root = shard.root.take();
            let (root, changed) = Applying::new(shard, reader, list_deleted).apply(root, 1, own)?;
            shard.root = root;
            Ok(changed)
        });
        for result in results {
            changed |= result?;
        }
        Ok(changed)
    }

    /// If all keys have the same first nibble, and the topmost node of their part is a leaf or an extension, that node
    /// is taken up into the root node: the part's number.
    fn merge_only_part<R: NodeReader>(&mut self, reader: &R) -> Result<Option<u8>, NodeFault<R::Error>> {
        let mut present = (0..16).zip(&mut self.shards).filter(|(_, shard)| shard.root.is_some());
        let (Some((only, shard)), None, true) = (present.next(), present.next(), self.value.is_empty())
        else {
            return Ok(None);
        };
        let path = || Nibbles::EMPTY.with(only);
        let Some(mut root) = shard.root.take() else { return Ok(None) };
        Applying::new(shard, reader, self.list_writes).resolve(&mut root, path)?;
        let merged = !matches!(shard.arena.node(root.place), Node::Branch(_));
        if merged {
            if root.stored && self.list_writes {
                shard.writes.push((path(), None));
            }
            root = Child::stale(root.place, false);
        }
        shard.root = Some(root);
        Ok(merged.then_some(only))
    }

    /// Computes every stale reference.
    fn hash<J: Join>(&mut self, merged: Option<u8>, divided: bool, join: &J) {
        let list_writes = self.list_writes;
        let parts = (0..16)
            .zip(&mut self.shards)
            .map(|(nibble, shard)| Part { nibble, shard, merged: merged == Some(nibble) })
            .filter(|part| part.shard.root.is_some());
        if divided {
            join.map(parts.collect(), |part: Part<'_>| hash_parts(&mut [part], list_writes));
        } else {
            hash_parts(&mut parts.collect::<Vec<_>>(), list_writes);
        }
    }

    /// The encoding of the root node; `None` for the empty trie.
    fn encode_root(&self, merged: Option<u8>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        if let Some(first) = merged {
            let shard = &self.shards[usize::from(first)];
            let head = Nibbles::EMPTY.with(first);
            match shard.arena.node(shard.root?.place) {
                Node::Leaf(encoding) => {
                    let (path, value) = leaf_parts(encoding);
                    let path = path.path().and_then(|path| head.join(&path))?;
                    out = encode_leaf(HexPrefixBuffer::new(&path, true).borrow(), value).into_vec();
                }
                Node::Extension(extension) => {
                    node::put_extension(&mut out, &head.join(&extension.path)?, &extension.child.reference);
                }
                Node::Branch(_) | Node::Vacant => unreachable!("only leaves and extensions are taken up"),
            }
            return Some(out);
        }
        let children = || {
            (0..16)
                .zip(&self.shards)
                .filter_map(|(nibble, shard)| Some((nibble, &shard.root.as_ref()?.reference)))
        };
        match (children().count(), self.value.is_empty()) {
            (0, true) => return None,
            (0, false) => {
                out = encode_leaf(HexPrefix::of_leaf(&[], 0), &self.value).into_vec();
            }
            (1, true) => {
                let (nibble, reference) = children().next()?;
                node::put_extension(&mut out, &Nibbles::EMPTY.with(nibble), reference);
            }
            _ => {
                let children: Vec<(u8, &Reference)> = children().collect();
                node::put_branch(&mut out, children.into_iter(), &self.value);
            }
        }
        Some(out)
    }

    /// The writes of this commit, one for each path, sorted.
    fn take_writes(&mut self, root: Option<Vec<u8>>) -> Vec<NodeWrite> {
        let mut writes = Vec::new();
        writes.push((Nibbles::EMPTY, root));
        for shard in &mut self.shards {
            let mut own = mem::take(&mut shard.writes);
            // A path may be listed as deleted and then as written again: the node wins.
            own.sort_unstable_by(|(a, node), (b, other)| a.cmp(b).then(node.is_none().cmp(&other.is_none())));
            own.dedup_by(|later, earlier| later.0 == earlier.0);
            writes.append(&mut own);
        }
        writes
    }

    /// Lets go of the deepest nodes until about `budget` bytes are left. References stay, so a node that was let go is
    /// read again when it is touched.
    pub(crate) fn shrink(&mut self, budget: usize) {
        if self.resident_bytes() <= budget {
            return;
        }
        let budget = budget.saturating_sub(self.fixed_bytes()) / 16;
        for shard in &mut self.shards {
            shard.shrink(budget);
        }
    }
}

impl Shard {
    /// Keeps nodes from the top down, level by level, until `budget` bytes are full.
    fn shrink(&mut self, budget: usize) {
        let mut old = mem::take(&mut self.arena);
        let mut new = Arena::default();
        let mut queue = VecDeque::new();
        if let Some(root) = &mut self.root {
            // A topmost node that is part of the root node has no reference to be read again by.
            if root.place != ABSENT && (root.reference.is_stale() || budget > 0) {
                root.place = new.keep(old.take(root.place));
                queue.push_back(root.place);
            } else {
                root.place = ABSENT;
            }
        }
        while let Some(place) = queue.pop_front() {
            let mut node = new.take(place);
            let mut keep = |child: &mut Child, new: &mut Arena| {
                if child.place != ABSENT {
                    child.place =
                        if new.fitted_weight() < budget { new.keep(old.take(child.place)) } else { ABSENT };
                    queue.extend((child.place != ABSENT).then_some(child.place));
                }
            };
            // The node's own place is vacant for a moment: hold it with an empty leaf, so that no child takes it.
            let own = new.keep(Node::Leaf(Box::default()));
            debug_assert_eq!(own, place, "the place freed last is given first");
            match &mut node {
                Node::Branch(branch) => branch.children_mut().for_each(|child| keep(child, &mut new)),
                Node::Extension(extension) => keep(&mut extension.child, &mut new),
                Node::Leaf(_) | Node::Vacant => {}
            }
            new.take(own);
            new.keep(node);
        }
        new.fit();
        self.arena = new;
    }
}
