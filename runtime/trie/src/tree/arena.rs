//! Decoded nodes in one block of memory, named by number.

use alloc::{boxed::Box, vec::Vec};
use core::mem;

use crate::{
    nibbles::Nibbles,
    node::{DecodedChild, DecodedNode, Reference, encode_leaf},
};

/// A node in memory.
#[derive(Debug)]
pub(super) enum Node {
    /// A free place.
    Vacant,
    /// A leaf, as its encoding.
    Leaf(Box<[u8]>),
    /// An extension.
    Extension(Box<Extension>),
    /// A branch.
    Branch(Branch),
}

/// An extension in memory.
#[derive(Debug)]
pub(super) struct Extension {
    pub(super) path: Nibbles,
    pub(super) child: Child,
}

/// A branch in memory: only the children that exist, in order.
#[derive(Default, Debug)]
pub(super) struct Branch {
    /// Bit n: child n exists.
    mask: u16,
    children: Vec<Child>,
    /// The value of the key that ends here; empty if none does.
    pub(super) value: Box<[u8]>,
}

/// The end of an edge: how the parent names the child, and where the child is in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Child {
    /// [`Reference::Stale`] while the child has changes that are not hashed; it is resident then.
    pub(super) reference: Reference,
    /// Whether a node is stored under the child's path.
    pub(super) stored: bool,
    /// Its number, or [`ABSENT`].
    pub(super) place: u32,
}

/// The number of a node that is not in memory.
pub(super) const ABSENT: u32 = u32::MAX;

impl Child {
    /// A node in memory that has changed.
    pub(super) fn stale(place: u32, stored: bool) -> Self {
        Self { reference: Reference::Stale, stored, place }
    }

    fn decoded(child: DecodedChild<'_>) -> Option<Self> {
        let (reference, stored) = match child {
            DecodedChild::Empty => return None,
            DecodedChild::Hash(hash) => (Reference::Hash(*hash), true),
            DecodedChild::Inline(bytes) => (Reference::inline(bytes)?, false),
        };
        Some(Self { reference, stored, place: ABSENT })
    }
}

impl Branch {
    /// Number of children.
    pub(super) fn len(&self) -> usize {
        self.children.len()
    }

    fn rank(&self, nibble: u8) -> usize {
        let below = (1u16 << nibble) - 1;
        usize::try_from((self.mask & below).count_ones()).unwrap_or_default()
    }

    fn has(&self, nibble: u8) -> bool {
        self.mask & 1 << nibble != 0
    }

    /// A child, if it exists.
    pub(super) fn child(&self, nibble: u8) -> Option<&Child> {
        if self.has(nibble) { self.children.get(self.rank(nibble)) } else { None }
    }

    /// A child, if it exists.
    pub(super) fn child_mut(&mut self, nibble: u8) -> Option<&mut Child> {
        let rank = self.rank(nibble);
        if self.has(nibble) { self.children.get_mut(rank) } else { None }
    }

    /// Puts, replaces or removes a child.
    pub(super) fn set(&mut self, nibble: u8, child: Option<Child>) {
        let rank = self.rank(nibble);
        match (child, self.has(nibble)) {
            (Some(child), true) => self.children[rank] = child,
            (Some(child), false) => {
                self.children.insert(rank, child);
                self.mask |= 1 << nibble;
            }
            (None, true) => {
                self.children.remove(rank);
                self.mask &= !(1 << nibble);
            }
            (None, false) => {}
        }
    }

    /// The children in order, each with its nibble.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u8, &Child)> + Clone {
        (0..16).filter(|&nibble| self.has(nibble)).zip(&self.children)
    }

    /// The children in order.
    pub(super) fn children_mut(&mut self) -> impl Iterator<Item = &mut Child> {
        self.children.iter_mut()
    }
}

/// Nodes of one part of a trie.
#[derive(Default, Debug)]
pub(super) struct Arena {
    nodes: Vec<Node>,
    vacant: Vec<u32>,
    /// Estimated memory that the nodes own beside their places, in bytes.
    owned: usize,
}

impl Arena {
    /// Keeps a node; its number.
    ///
    /// # Panics
    /// If 2³² − 1 nodes are kept: past any memory this runs in.
    pub(super) fn keep(&mut self, node: Node) -> u32 {
        self.owned += owned(&node);
        if let Some(place) = self.vacant.pop() {
            self.nodes[index(place)] = node;
            return place;
        }
        let place = u32::try_from(self.nodes.len()).unwrap_or(ABSENT);
        assert!(place != ABSENT, "fewer than 2^32 - 1 nodes in memory");
        self.nodes.push(node);
        place
    }

    /// Takes a node out; its place is free.
    pub(super) fn take(&mut self, place: u32) -> Node {
        let node = mem::replace(&mut self.nodes[index(place)], Node::Vacant);
        self.owned -= owned(&node);
        self.vacant.push(place);
        node
    }

    pub(super) fn node(&self, place: u32) -> &Node {
        &self.nodes[index(place)]
    }

    /// A node to change in ways that do not change its size.
    pub(super) fn node_mut(&mut self, place: u32) -> &mut Node {
        &mut self.nodes[index(place)]
    }

    /// Keeps a node read from its encoding.
    pub(super) fn keep_decoded(&mut self, node: &DecodedNode<'_>) -> u32 {
        let node = match node {
            DecodedNode::Leaf { path, value } => Node::Leaf(encode_leaf(*path, value)),
            DecodedNode::Extension { path, child } => match Child::decoded(*child) {
                Some(child) => Node::Extension(Box::new(Extension { path: *path, child })),
                None => unreachable!("the decoder refuses an extension without a child"),
            },
            DecodedNode::Branch { children, value } => {
                let mut branch = Branch { value: (*value).into(), ..Branch::default() };
                branch.children.reserve_exact(children.iter().filter(|&&c| c != DecodedChild::Empty).count());
                for (nibble, child) in (0..).zip(children) {
                    branch.set(nibble, Child::decoded(*child));
                }
                Node::Branch(branch)
            }
        };
        self.keep(node)
    }

    /// Estimated memory, in bytes: places, used or not, and what the nodes own.
    pub(super) fn weight(&self) -> usize {
        self.owned + self.nodes.capacity() * size_of::<Node>() + self.vacant.capacity() * size_of::<u32>()
    }

    /// As [`Arena::weight`], of the places in use or vacant only: what is left after [`Arena::fit`].
    pub(super) fn fitted_weight(&self) -> usize {
        self.owned + self.nodes.len() * size_of::<Node>() + self.vacant.len() * size_of::<u32>()
    }

    /// Gives back places that were never used.
    pub(super) fn fit(&mut self) {
        self.nodes.shrink_to_fit();
        self.vacant.shrink_to_fit();
    }
}

/// Estimated memory that a node owns beside its place, in bytes.
fn owned(node: &Node) -> usize {
    match node {
        Node::Vacant => 0,
        Node::Leaf(encoding) => encoding.len(),
        Node::Extension(_) => size_of::<Extension>(),
        Node::Branch(branch) => branch.value.len() + branch.children.len() * size_of::<Child>(),
    }
}

fn index(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}
