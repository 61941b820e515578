//! Sorted updates, brought into one part of the trie.
//!
//! The recursion follows the updates down, each node taken once with all the updates below it, and puts every node on
//! its way up into the one form a trie with these keys has: no branch with a single entry, no extension before a leaf
//! or another extension. Depth is at most that of a key, 128 levels.

use alloc::{boxed::Box, vec::Vec};

use super::{
    Shard,
    arena::{ABSENT, Branch, Child, Extension, Node},
};
use crate::{
    NodeFault, NodeReader,
    commit::Update,
    nibbles::{HexPrefix, HexPrefixBuffer, Nibbles, nibble},
    node::{self, DecodedNode, NodeError, Reference, encode_leaf},
    ports::read_checked,
};

/// A key and the value it has.
#[derive(Clone, Copy)]
struct Entry<'a> {
    key: &'a [u8],
    value: &'a [u8],
}

/// What became of the node at some path.
enum Outcome {
    /// It is as it was.
    Same(Child),
    /// It was replaced, or removed.
    Changed(Option<Node>),
}

/// One part of a trie, while updates are brought in.
pub(super) struct Applying<'t, R> {
    shard: &'t mut Shard,
    reader: &'t R,
    /// Whether paths that lose their stored node are listed in [`Shard::writes`].
    list_deleted: bool,
}

impl<'t, R: NodeReader> Applying<'t, R> {
    pub(super) fn new(shard: &'t mut Shard, reader: &'t R, list_deleted: bool) -> Self {
        Self { shard, reader, list_deleted }
    }

    /// Brings `updates`, sorted and all with the same first `depth` nibbles, into the node at that path. Says whether
    /// anything changed.
    pub(super) fn apply(
        &mut self,
        slot: Option<Child>,
        depth: usize,
        updates: &[Update<'_>],
    ) -> Result<(Option<Child>, bool), NodeFault<R::Error>> {
        let Some(&Update { key, .. }) = updates.first() else { return Ok((slot, false)) };
        let stored = slot.is_some_and(|child| child.stored);
        let outcome = match slot {
            Some(child) => self.apply_to_node(child, depth, updates)?,
            None => {
                let entries: Vec<Entry<'_>> = inserted(updates).collect();
                if entries.is_empty() {
                    return Ok((None, false));
                }
                Outcome::Changed(Some(self.build(&entries, depth)))
            }
        };
        Ok(match outcome {
            Outcome::Same(child) => (Some(child), false),
            Outcome::Changed(Some(node)) => (Some(Child::stale(self.shard.arena.keep(node), stored)), true),
            Outcome::Changed(None) => {
                self.forget(stored, || Nibbles::of_prefix(key, depth));
                (None, true)
            }
        })
    }

    fn apply_to_node(
        &mut self,
        mut child: Child,
        depth: usize,
        updates: &[Update<'_>],
    ) -> Result<Outcome, NodeFault<R::Error>> {
        self.resolve(&mut child, || Nibbles::of_prefix(updates[0].key, depth))?;
        match self.shard.arena.node(child.place) {
            Node::Leaf(_) => self.apply_to_leaf(child, depth, updates),
            Node::Extension(_) => self.apply_to_extension(child, depth, updates),
            Node::Branch(_) => self.apply_to_branch(child, depth, updates),
            Node::Vacant => unreachable!("a child's place holds its node"),
        }
    }

    fn apply_to_leaf(
        &mut self,
        child: Child,
        depth: usize,
        updates: &[Update<'_>],
    ) -> Result<Outcome, NodeFault<R::Error>> {
        let Node::Leaf(encoding) = self.shard.arena.take(child.place) else {
            unreachable!("the caller looked")
        };
        let (path, old) = leaf_parts(&encoding);
        if let [Update { key, value: Some(value) }] = updates
            && path.ends(key, depth)
        {
            // The most frequent case: one key, present already.
            if old == *value {
                let place = self.shard.arena.keep(Node::Leaf(encoding));
                return Ok(Outcome::Same(Child { place, ..child }));
            }
            return Ok(Outcome::Changed(Some(Node::Leaf(encode_leaf(path, value)))));
        }
        let Some(own) = path.key(updates[0].key, depth) else {
            let path = Nibbles::of_prefix(updates[0].key, depth);
            return Err(NodeFault::Corrupt { path, error: NodeError::LongPath });
        };
        // The leaf is one entry more, unless an update says otherwise.
        let place = updates.binary_search_by(|update| update.key.cmp(&own));
        let kept = place.is_err().then_some(Entry { key: &own, value: old });
        let (before, after) = updates.split_at(place.unwrap_or_else(|place| place));
        let entries: Vec<Entry<'_>> = inserted(before).chain(kept).chain(inserted(after)).collect();
        if let [Entry { key, value }] = entries[..]
            && key == own
            && value == old
        {
            let place = self.shard.arena.keep(Node::Leaf(encoding));
            return Ok(Outcome::Same(Child { place, ..child }));
        }
        let node = if entries.is_empty() { None } else { Some(self.build(&entries, depth)) };
        Ok(Outcome::Changed(node))
    }

    fn apply_to_extension(
        &mut self,
        child: Child,
        depth: usize,
        updates: &[Update<'_>],
    ) -> Result<Outcome, NodeFault<R::Error>> {
        let Node::Extension(extension) = self.shard.arena.node(child.place) else {
            unreachable!("the caller looked")
        };
        let Extension { path, child: below } = **extension;
        // Where the first insertion leaves the path; deletions that leave it are of absent keys.
        let fork = updates
            .iter()
            .filter(|update| update.value.is_some())
            .map(|update| path.shared_with(update.key, depth))
            .min()
            .unwrap_or(path.len());
        let on_path = |update: &Update<'_>| path.shared_with(update.key, depth) >= fork;
        let first = updates.iter().take_while(|update| !on_path(update)).count();
        let count = updates[first..].iter().take_while(|update| on_path(update)).count();
        let updates = &updates[first..first + count];
        let Some(&Update { key, .. }) = updates.first() else { return Ok(Outcome::Same(child)) };

        if fork == path.len() {
            let end = depth + path.len();
            let (below, changed) = self.apply(Some(below), end, updates)?;
            if !changed {
                if let (Some(below), Node::Extension(extension)) =
                    (below, self.shard.arena.node_mut(child.place))
                {
                    extension.child = below; // it may be resident now
                }
                return Ok(Outcome::Same(child));
            }
            self.shard.arena.take(child.place);
            let Some(below) = below else { return Ok(Outcome::Changed(None)) };
            return self
                .lengthen(path, below, || Nibbles::of_prefix(key, end))
                .map(|n| Outcome::Changed(Some(n)));
        }

        // The path forks: a branch stands there now, first with the old child alone.
        self.shard.arena.take(child.place);
        let (head, turn, rest) = (path.prefix(fork), path.at(fork), path.after(fork + 1));
        let old = if rest.is_empty() {
            below
        } else {
            let node = Node::Extension(Box::new(Extension { path: rest, child: below }));
            Child::stale(self.shard.arena.keep(node), false)
        };
        let mut branch = Branch::default();
        branch.set(turn.unwrap_or_default(), Some(old));
        self.apply_below(&mut branch, depth + fork, updates)?;
        let Some(node) = self.settle(branch, key, depth + fork)? else { return Ok(Outcome::Changed(None)) };
        Ok(Outcome::Changed(Some(if head.is_empty() {
            node
        } else {
            let place = self.shard.arena.keep(node);
            self.lengthen(head, Child::stale(place, false), || Nibbles::of_prefix(key, depth + fork))?
        })))
    }

    fn apply_to_branch(
        &mut self,
        child: Child,
        depth: usize,
        updates: &[Update<'_>],
    ) -> Result<Outcome, NodeFault<R::Error>> {
        let Node::Branch(mut branch) = self.shard.arena.take(child.place) else {
            unreachable!("the caller looked")
        };
        let changed = self.apply_below(&mut branch, depth, updates)?;
        if !changed {
            let place = self.shard.arena.keep(Node::Branch(branch));
            return Ok(Outcome::Same(Child { place, ..child }));
        }
        self.settle(branch, updates[0].key, depth).map(Outcome::Changed)
    }

    /// Brings updates into the children and the value of a branch at `depth`.
    fn apply_below(
        &mut self,
        branch: &mut Branch,
        depth: usize,
        mut updates: &[Update<'_>],
    ) -> Result<bool, NodeFault<R::Error>> {
        let mut changed = false;
        if let [Update { key, value }, rest @ ..] = updates
            && key.len() * 2 == depth
        {
            let value = value.unwrap_or_default();
            if *branch.value != *value {
                branch.value = value.into();
                changed = true;
            }
            updates = rest;
        }
        while let Some(first) = updates.first() {
            let turn = nibble(first.key, depth);
            let count = updates.iter().take_while(|update| nibble(update.key, depth) == turn).count();
            let (below, rest) = updates.split_at(count);
            let (child, child_changed) = self.apply(branch.child(turn).copied(), depth + 1, below)?;
            branch.set(turn, child);
            changed |= child_changed;
            updates = rest;
        }
        Ok(changed)
    }

    /// The node that stands where a changed branch stood: itself if it has two entries or more.
    fn settle(
        &mut self,
        branch: Branch,
        key: &[u8],
        depth: usize,
    ) -> Result<Option<Node>, NodeFault<R::Error>> {
        let only = branch.iter().next().map(|(nibble, child)| (nibble, *child));
        match (branch.len(), branch.value.is_empty(), only) {
            (0, true, _) => Ok(None),
            (0, false, _) => {
                let path = HexPrefixBuffer::new(&Nibbles::EMPTY, true);
                Ok(Some(Node::Leaf(encode_leaf(path.borrow(), &branch.value))))
            }
            (1, true, Some((turn, mut child))) => {
                let path = || Nibbles::of_prefix(key, depth).with(turn);
                self.resolve(&mut child, path)?;
                self.lengthen(Nibbles::EMPTY.with(turn), child, path).map(Some)
            }
            _ => Ok(Some(Node::Branch(branch))),
        }
    }

    /// The node that leads over `head` to what `child`, at `path`, leads to: a branch stays where it is behind an
    /// extension, a leaf or an extension is taken up into one node.
    ///
    /// A child that is not in memory is a branch: what stands behind an extension always is.
    fn lengthen(
        &mut self,
        head: Nibbles,
        child: Child,
        path: impl Fn() -> Nibbles,
    ) -> Result<Node, NodeFault<R::Error>> {
        let arena = &mut self.shard.arena;
        let too_long = || NodeFault::Corrupt { path: path(), error: NodeError::LongPath };
        if child.place == ABSENT || matches!(arena.node(child.place), Node::Branch(_)) {
            return Ok(Node::Extension(Box::new(Extension { path: head, child })));
        }
        let longer = match arena.take(child.place) {
            Node::Leaf(encoding) => {
                let (tail, value) = leaf_parts(&encoding);
                let path = tail.path().and_then(|tail| head.join(&tail)).ok_or_else(too_long)?;
                Node::Leaf(encode_leaf(HexPrefixBuffer::new(&path, true).borrow(), value))
            }
            Node::Extension(mut extension) => {
                extension.path = head.join(&extension.path).ok_or_else(too_long)?;
                Node::Extension(extension)
            }
            Node::Branch(_) | Node::Vacant => unreachable!("looked at above"),
        };
        self.forget(child.stored, path);
        Ok(longer)
    }

    /// Brings a child into memory.
    pub(super) fn resolve(
        &mut self,
        child: &mut Child,
        path: impl Fn() -> Nibbles,
    ) -> Result<(), NodeFault<R::Error>> {
        if child.place != ABSENT {
            return Ok(());
        }
        let path = path();
        let stored;
        let bytes = if let Reference::Hash(expected) = child.reference {
            stored = read_checked(self.reader, &path, &expected)?;
            &*stored
        } else {
            child.reference.inline_bytes().unwrap_or_default()
        };
        let corrupt = |error| NodeFault::Corrupt { path, error };
        let node = node::decode(bytes).map_err(corrupt)?;
        node.fits(path.len()).map_err(corrupt)?;
        child.place = self.shard.arena.keep_decoded(&node);
        Ok(())
    }

    /// Lists a path whose stored node goes.
    fn forget(&mut self, stored: bool, path: impl FnOnce() -> Nibbles) {
        if stored && self.list_deleted {
            self.shard.writes.push((path(), None));
        }
    }

    fn build(&mut self, entries: &[Entry<'_>], depth: usize) -> Node {
        build(&mut self.shard.arena, entries, depth)
    }
}

/// The updates that set a value.
fn inserted<'a, 'u>(updates: &'u [Update<'a>]) -> impl Iterator<Item = Entry<'a>> + 'u {
    updates.iter().filter_map(|update| update.value.map(|value| Entry { key: update.key, value }))
}

/// The node over at least one entry; the entries are sorted and share their first `depth` nibbles.
fn build(arena: &mut super::arena::Arena, entries: &[Entry<'_>], depth: usize) -> Node {
    let (first, last) = match entries {
        [] => return Node::Vacant,
        [Entry { key, value }] => return Node::Leaf(encode_leaf(HexPrefix::of_leaf(key, depth), value)),
        [first, .., last] => (first, last),
    };
    let shortest = first.key.len().min(last.key.len()) * 2;
    let fork = (depth..shortest)
        .find(|&index| nibble(first.key, index) != nibble(last.key, index))
        .unwrap_or(shortest);
    if fork > depth {
        let place = {
            let node = build(arena, entries, fork);
            arena.keep(node)
        };
        let path = Nibbles::of_prefix(first.key, fork).after(depth);
        return Node::Extension(Box::new(Extension { path, child: Child::stale(place, false) }));
    }
    let mut branch = Branch::default();
    let mut rest = entries;
    if first.key.len() * 2 == depth {
        branch.value = first.value.into();
        rest = &entries[1..];
    }
    while let Some(first) = rest.first() {
        let turn = nibble(first.key, depth);
        let count = rest.iter().take_while(|entry| nibble(entry.key, depth) == turn).count();
        let (below, after) = rest.split_at(count);
        let node = build(arena, below, depth + 1);
        branch.set(turn, Some(Child::stale(arena.keep(node), false)));
        rest = after;
    }
    Node::Branch(branch)
}

/// Path and value of a leaf that this crate encoded.
pub(super) fn leaf_parts(encoding: &[u8]) -> (HexPrefix<'_>, &[u8]) {
    match node::decode(encoding) {
        Ok(DecodedNode::Leaf { path, value }) => (path, value),
        _ => unreachable!("leaves in memory are encodings made or checked here"),
    }
}
