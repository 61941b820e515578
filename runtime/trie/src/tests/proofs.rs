//! Proofs: what is accepted, and by name what is not.

use alloy_trie::{Nibbles as PeerNibbles, proof::verify_proof};
use chainstack_primitives::Hash;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Entries, Updates, bytes, count, key, peer::PEER_KEY_BYTES_MAX, seed, value};
use crate::{
    EMPTY_ROOT, KEY_BYTES_MAX, MemoryNodes, NODE_BYTES_MAX, Nibbles, NodeError, NodeFault, PROOF_BYTES_MAX,
    PROOF_NODES_MAX, Proof, ProofError, ProveError, Sequential, commit, keccak256, prove,
    rlp::{self, RlpError},
    verify,
};

/// A store that holds exactly these entries, and its root.
fn store(entries: &Entries) -> (MemoryNodes, Hash) {
    let updates: Updates = entries.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
    let mut store = MemoryNodes::new();
    let commit = commit(&store, EMPTY_ROOT, &updates, &Sequential).unwrap();
    store.apply(commit.writes);
    (store, commit.root)
}

fn entries(random: &mut ChaCha8Rng, size: usize, length: usize) -> Entries {
    (0..size).map(|_| (key(random, length), value(random))).collect()
}

/// A key near one of `entries`: the key itself, one more, one less, shorter, longer, or any other.
fn near(random: &mut ChaCha8Rng, entries: &Entries, length: usize) -> Vec<u8> {
    let Some(known) = entries.keys().nth(random.random_range(0..=entries.len())) else {
        return key(random, length);
    };
    let mut key = known.clone();
    match random.random_range(0..6) {
        0 => {
            if let Some(last) = key.last_mut() {
                *last = last.wrapping_add(1);
            }
        }
        1 => {
            if let Some(last) = key.last_mut() {
                *last = last.wrapping_sub(1);
            }
        }
        2 => _ = key.pop(),
        3 => key.push(random.random()),
        _ => {}
    }
    key
}

#[test]
fn every_answer_is_proved_and_the_peer_agrees() {
    let (tries, seed) = (count(10_000), seed(31));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut present, mut absent, mut by_peer) = (0, 0, 0);
    for _ in 0..tries {
        let length = random.random_range(1..=40);
        let size = random.random_range(0..40);
        let entries = entries(&mut random, size, length);
        let (store, root) = store(&entries);
        for _ in 0..10 {
            let key = near(&mut random, &entries, length);
            let proof = prove(&store, root, &key).unwrap();
            let expected = entries.get(&key).cloned();
            assert_eq!(verify(root, &key, &proof).unwrap(), expected, "seed {seed}");
            let encoded = proof.encode();
            assert_eq!(encoded.len(), proof.encoded_len());
            assert_eq!(Proof::decode(&encoded).unwrap(), proof);
            if expected.is_some() {
                present += 1
            } else {
                absent += 1
            }
            // The peer knows no values in branches, no keys past 32 bytes and no root node under 32 bytes.
            if key.len() == length
                && length <= PEER_KEY_BYTES_MAX
                && proof.nodes.first().is_some_and(|node| node.len() >= 32)
            {
                let nodes: Vec<_> = proof.nodes.iter().map(|node| node.clone().into()).collect();
                verify_proof(root.0.into(), PeerNibbles::unpack(&key), expected, &nodes).unwrap();
                by_peer += 1;
            }
        }
    }
    assert!(present > tries && absent > tries && by_peer > tries);
    println!("proofs: {present} of presence, {absent} of absence, {by_peer} by the peer too, seed: {seed}");
}

/// Keys of mixed lengths: values in branches are proved like any other.
#[test]
fn values_in_branches_are_proved() {
    let seed = seed(32);
    println!("seed: {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..count(5_000) {
        let entries: Entries = (0..20)
            .map(|_| {
                let length = random.random_range(0..5);
                (key(&mut random, length), value(&mut random))
            })
            .collect();
        let (store, root) = store(&entries);
        for _ in 0..10 {
            let key = near(&mut random, &entries, 3);
            let proof = prove(&store, root, &key).unwrap();
            assert_eq!(verify(root, &key, &proof).unwrap(), entries.get(&key).cloned());
        }
    }
}

/// Entries of a trie of one of several shapes: a root that is a leaf, an extension, a branch with few children or
/// with all of them; short nodes inside others; values in branches; long ways.
fn shaped(random: &mut ChaCha8Rng, shape: usize) -> Entries {
    let hashed = |random: &mut ChaCha8Rng, size: usize| -> Entries {
        (0..size).map(|_| (bytes(random, 32), value(random))).collect()
    };
    match shape % SHAPES {
        0 => hashed(random, 1),
        1 => hashed(random, 2),
        2 => hashed(random, 20),
        3 => hashed(random, 300),
        // All keys share all but their last bytes.
        4 => (0..20u8).map(|last| ([vec![0xA7; 30], vec![last; 2]].concat(), value(random))).collect(),
        // Keys of mixed lengths: many begin others.
        5 => (0..20)
            .map(|_| {
                let length = random.random_range(0..5);
                (key(random, length), value(random))
            })
            .collect(),
        6 => entries(random, 40, 4),
        _ => entries(random, 60, 40),
    }
}

/// Shapes that [`shaped`] knows.
const SHAPES: usize = 8;

/// In each proof, over tries of all shapes, each byte once with a random other value: refused, encoded or not.
#[test]
fn every_changed_byte_is_refused() {
    let (proofs, seed) = (count(1_000).max(5 * SHAPES), seed(33));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut changes = [0; SHAPES];
    for number in 0..proofs {
        let shape = number % SHAPES;
        let entries = shaped(&mut random, shape);
        let (store, root) = store(&entries);
        let known = entries.keys().nth(random.random_range(0..entries.len()));
        let length = known.map_or(0, Vec::len);
        // Every third round of the shapes proves that a key is absent.
        let key = match known {
            Some(known) if !(number / SHAPES).is_multiple_of(3) => known.clone(),
            _ => bytes(&mut random, length),
        };
        let encoded = prove(&store, root, &key).unwrap().encode();
        for place in 0..encoded.len() {
            let mut changed = encoded.clone();
            changed[place] ^= random.random_range(1..=255u8);
            let outcome = Proof::decode(&changed).and_then(|proof| verify(root, &key, &proof));
            assert!(outcome.is_err(), "byte {place} of proof {number}, seed {seed}");
            changes[shape] += 1;
        }
        for length in 0..encoded.len() {
            assert!(Proof::decode(&encoded[..length]).is_err(), "cut to {length}");
        }
    }
    assert!(changes.iter().all(|&changes| changes > 0));
    println!("proofs: {proofs}, changed bytes by shape: {changes:?}, seed: {seed}");
}

/// Three keys on one way of four nodes, each but the last with hashed children.
fn deep() -> (Entries, MemoryNodes, Hash, Vec<u8>) {
    let entries: Entries = [0x11u8, 0x12, 0x13, 0x21, 0x31]
        .iter()
        .flat_map(|&first| {
            [0x00u8, 0x01, 0x50].map(|second| (vec![first, 0xAA, second, 0x77], vec![first ^ second; 40]))
        })
        .collect();
    let (store, root) = store(&entries);
    (entries, store, root, vec![0x12, 0xAA, 0x01, 0x77])
}

#[track_caller]
fn refused(root: Hash, key: &[u8], nodes: &[Vec<u8>], expected: ProofError) {
    assert_eq!(verify(root, key, &Proof { nodes: nodes.to_vec() }), Err(expected));
}

#[test]
fn lists_of_nodes_that_are_refused() {
    let (_, store, root, key) = deep();
    let nodes = prove(&store, root, &key).unwrap().nodes;
    let last = nodes.len() - 1;
    assert!(last >= 4, "{last}");

    // Dropped: the last node, and with it every node; never "absent".
    for kept in 0..nodes.len() {
        refused(root, &key, &nodes[..kept], ProofError::MissingNode { index: kept });
    }
    // Dropped, repeated, exchanged or foreign in the middle.
    for place in 0..last {
        let mut without = nodes.clone();
        without.remove(place);
        refused(root, &key, &without, ProofError::WrongNode { index: place });
        let mut twice = nodes.clone();
        twice.insert(place, nodes[place].clone());
        refused(root, &key, &twice, ProofError::WrongNode { index: place + 1 });
        let mut exchanged = nodes.clone();
        exchanged.swap(place, place + 1);
        refused(root, &key, &exchanged, ProofError::WrongNode { index: place });
    }
    // Extra: the last again, an empty one, the next one of another key.
    for extra in [nodes[last].clone(), vec![], vec![0x80], nodes[0].clone()] {
        let mut more = nodes.clone();
        more.push(extra);
        refused(root, &key, &more, ProofError::ExtraNode { index: last + 1 });
    }
    // The proof of a neighbour shows nothing about this key.
    let neighbour = prove(&store, root, &[0x12, 0xAA, 0x00, 0x77]).unwrap().nodes;
    assert!(verify(root, &key, &Proof { nodes: neighbour }).is_err());
    // A proof of absence does not show presence, nor the reverse.
    let other = prove(&store, root, &[0x44]).unwrap();
    assert_eq!(verify(root, &[0x44], &other).unwrap(), None);
    assert!(verify(root, &key, &other).is_err());
    assert!(verify(root, &[0x44], &Proof { nodes }).is_err());
}

#[test]
fn roots_of_nothing() {
    let key = [1, 2, 3];
    let empty = Proof::default();
    assert_eq!(verify(EMPTY_ROOT, &key, &empty).unwrap(), None);
    assert_eq!(verify(EMPTY_ROOT, &[], &empty).unwrap(), None);
    assert_eq!(prove(&MemoryNodes::new(), EMPTY_ROOT, &key).unwrap(), empty);
    refused(EMPTY_ROOT, &key, &[vec![0x80]], ProofError::ExtraNode { index: 0 });
    refused(EMPTY_ROOT, &key, &[vec![]], ProofError::ExtraNode { index: 0 });
    for key in [&key[..], &[]] {
        refused(Hash::ZERO, key, &[], ProofError::ZeroRoot);
    }
    refused(Hash([1; 32]), &key, &[], ProofError::MissingNode { index: 0 });
    refused(
        keccak256(&[]),
        &key,
        &[vec![]],
        ProofError::BadNode { index: 0, error: RlpError::Truncated.into() },
    );
}

#[test]
fn limits_of_proofs() {
    let (_, store, root, key) = deep();
    let nodes = prove(&store, root, &key).unwrap().nodes;
    // Nodes: 2n + 1 for a key of n bytes; 10,000 levels are refused before any is looked at.
    refused(root, &key, &vec![nodes[0].clone(); 9], ProofError::WrongNode { index: 1 });
    refused(root, &key, &vec![nodes[0].clone(); 10], ProofError::TooManyNodes { found: 10, allowed: 9 });
    refused(root, &key, &vec![vec![0; 40]; 10_000], ProofError::TooManyNodes { found: 10_000, allowed: 9 });
    // Keys.
    let found = KEY_BYTES_MAX + 1;
    refused(root, &vec![0; found], &nodes, ProofError::KeyTooLong { found });
    refused(root, &vec![0; 1_000_000], &nodes, ProofError::KeyTooLong { found: 1_000_000 });
    assert_eq!(prove(&store, root, &vec![0; 1_000_000]), Err(ProveError::KeyTooLong { found: 1_000_000 }));
    assert_eq!(verify(root, &[], &prove(&store, root, &[]).unwrap()).unwrap(), None);
    assert!(
        verify(root, &[0; KEY_BYTES_MAX], &prove(&store, root, &[0; KEY_BYTES_MAX]).unwrap())
            .unwrap()
            .is_none()
    );
    // Sizes of nodes.
    let large = vec![0xC0; NODE_BYTES_MAX];
    refused(
        keccak256(&large),
        &key,
        &[large],
        ProofError::BadNode { index: 0, error: RlpError::Trailing.into() },
    );
    let huge = vec![0xC0; NODE_BYTES_MAX + 1];
    refused(
        keccak256(&huge),
        &key,
        &[huge],
        ProofError::NodeTooLarge { index: 0, found: NODE_BYTES_MAX + 1 },
    );
    // The longest way: every nibble of the longest key, a branch each.
    let long = vec![0x11; KEY_BYTES_MAX];
    let mut chain: Entries = (0..KEY_BYTES_MAX * 2)
        .map(|fork| {
            let mut key = long.clone();
            key[fork / 2] ^= if fork % 2 == 0 { 0x10 } else { 0x01 };
            (key, vec![5; 40])
        })
        .collect();
    chain.insert(long.clone(), vec![6; 40]);
    let (store, root) = self::store(&chain);
    let proof = prove(&store, root, &long).unwrap();
    assert_eq!(proof.nodes.len(), PROOF_NODES_MAX);
    assert_eq!(verify(root, &long, &Proof::decode(&proof.encode()).unwrap()).unwrap(), Some(vec![6; 40]));
    // A 32-byte key that shares 31 bytes with another is present at its depth.
    let pair: Entries = [0u8, 1].map(|last| ([&[7; 31][..], &[last]].concat(), vec![last + 1; 40])).into();
    let (store, root) = self::store(&pair);
    for (key, value) in &pair {
        assert_eq!(verify(root, key, &prove(&store, root, key).unwrap()).unwrap().as_ref(), Some(value));
    }
    // A store without the root.
    assert_eq!(
        prove(&MemoryNodes::new(), root, &key),
        Err(ProveError::Fault(NodeFault::Missing { path: Nibbles::EMPTY }))
    );
}

#[test]
fn encodings_that_are_refused() {
    let decode = |bytes: &[u8]| Proof::decode(bytes);
    assert_eq!(decode(&[]), Err(ProofError::BadEncoding { offset: 0 }));
    assert_eq!(decode(&[0]), Ok(Proof::default()));
    assert_eq!(decode(&[0, 0]), Err(ProofError::BadEncoding { offset: 1 }));
    assert_eq!(decode(&[4, 4, 9]), Ok(Proof { nodes: vec![vec![9]] }));
    assert_eq!(decode(&[4, 4]), Err(ProofError::BadEncoding { offset: 2 }));
    assert_eq!(decode(&[4, 4, 9, 9]), Err(ProofError::BadEncoding { offset: 3 }));
    assert_eq!(decode(&[1, 0]), Err(ProofError::BadEncoding { offset: 0 }), "long form of zero");
    assert_eq!(decode(&[5, 0, 4, 9]), Err(ProofError::BadEncoding { offset: 0 }), "long form of one");
    assert_eq!(decode(&[4, 5, 0, 9]), Err(ProofError::BadEncoding { offset: 1 }), "long form of one");
    let count = |nodes: usize| Proof { nodes: vec![vec![]; nodes] }.encode();
    assert_eq!(decode(&count(PROOF_NODES_MAX)).unwrap().nodes.len(), PROOF_NODES_MAX);
    let found = PROOF_NODES_MAX + 1;
    assert_eq!(decode(&count(found)), Err(ProofError::TooManyNodes { found, allowed: PROOF_NODES_MAX }));
    // Lengths that would fill memory are refused before anything is allocated.
    assert!(matches!(decode(&[0xFE, 0xFF, 0xFF, 0xFF]), Err(ProofError::TooManyNodes { .. })));
    assert!(matches!(decode(&[4, 0xFE, 0xFF, 0xFF, 0xFF]), Err(ProofError::NodeTooLarge { index: 0, .. })));
    let size = |bytes: usize| Proof { nodes: vec![vec![1; bytes]] }.encode();
    assert!(decode(&size(NODE_BYTES_MAX)).is_ok());
    let found = NODE_BYTES_MAX + 1;
    assert_eq!(decode(&size(found)), Err(ProofError::NodeTooLarge { index: 0, found }));
    assert!(matches!(decode(&vec![0; PROOF_BYTES_MAX]), Err(ProofError::BadEncoding { offset: 1 })));
    let found = PROOF_BYTES_MAX + 1;
    assert_eq!(decode(&vec![0; found]), Err(ProofError::TooLarge { found }));
}

/// `[items…]` of encodings.
fn list(items: &[&[u8]]) -> Vec<u8> {
    rlp::list(&items.concat())
}

fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    rlp::put_string(&mut out, bytes);
    out
}

/// A branch with these children and value, given as encodings.
fn branch(children: &[(usize, &[u8])], value: &[u8]) -> Vec<u8> {
    let mut items: Vec<&[u8]> = vec![&[0x80]; 16];
    for &(nibble, child) in children {
        items[nibble] = child;
    }
    items.push(value);
    list(&items)
}

/// One node as root, asked for the key `12 34`.
#[track_caller]
fn bad_node(node: &[u8], expected: impl Into<NodeError>) {
    let error = expected.into();
    let root = keccak256(node);
    refused(root, &[0x12, 0x34], &[node.to_vec()], ProofError::BadNode { index: 0, error });
}

#[test]
fn nodes_that_are_refused() {
    let long = string(&[9; 40]);
    let hash = string(&[3; 32]);
    let leaf = |path: &[u8]| list(&[&string(path), &long]);
    // What is accepted, to begin with.
    let good = leaf(&[0x20, 0x12, 0x34]);
    let proof = Proof { nodes: vec![good.clone()] };
    assert_eq!(verify(keccak256(&good), &[0x12, 0x34], &proof).unwrap(), Some(vec![9; 40]));

    // Paths: every other first byte, alone or before the right rest.
    for first in 0..=255u8 {
        let node = leaf(&[first, 0x12, 0x34]);
        let outcome = verify(keccak256(&node), &[0x12, 0x34], &Proof { nodes: vec![node] });
        match first {
            0x20 => assert_eq!(outcome, Ok(Some(vec![9; 40]))),
            // An extension whose child is neither a hash nor a node.
            0x00 | 0x10..=0x1F => {
                assert_eq!(outcome, Err(ProofError::BadNode { index: 0, error: NodeError::BadChild }));
            }
            0x30..=0x3F => {
                assert_eq!(outcome, Err(ProofError::BadNode { index: 0, error: NodeError::OddPath }))
            }
            _ => assert_eq!(outcome, Err(ProofError::BadNode { index: 0, error: NodeError::BadPath })),
        }
    }
    bad_node(&leaf(&[]), NodeError::BadPath);
    bad_node(&list(&[&list(&[]), &long]), NodeError::BadPath);
    bad_node(&leaf(&[&[0x20][..], &[0x12; KEY_BYTES_MAX + 1]].concat()), NodeError::LongPath);
    bad_node(&leaf(&[&[0x31][..], &[0x12; KEY_BYTES_MAX]].concat()), NodeError::LongPath);
    // Extensions: over nothing, before nothing, before a leaf, before another extension.
    bad_node(&list(&[&string(&[0x00]), &hash]), NodeError::EmptyExtension);
    bad_node(&list(&[&string(&[0x11]), &[0x80]]), NodeError::ExtensionChild);
    let small_leaf = list(&[&string(&[0x20, 0x34]), &string(&[1])]);
    bad_node(&list(&[&string(&[0x00, 0x12]), &small_leaf]), NodeError::ExtensionChild);
    let small_branch = branch(&[(3, &list(&[&string(&[0x34]), &string(&[1])]))], &[7]);
    let nested = list(&[&string(&[0x12]), &small_branch]);
    bad_node(&list(&[&string(&[0x11]), &nested]), NodeError::ExtensionChild);
    // Leaves and branches without enough in them.
    bad_node(&list(&[&string(&[0x20, 0x12, 0x34]), &[0x80]]), NodeError::EmptyValue);
    bad_node(&branch(&[], &[0x80]), NodeError::SparseBranch);
    bad_node(&branch(&[], &long), NodeError::SparseBranch);
    bad_node(&branch(&[(1, &hash)], &[0x80]), NodeError::SparseBranch);
    bad_node(&branch(&[(1, &hash), (2, &string(&[3; 31]))], &[0x80]), NodeError::BadChild);
    bad_node(&branch(&[(1, &hash), (2, &string(&[3; 33]))], &[0x80]), NodeError::BadChild);
    bad_node(&branch(&[(1, &hash), (2, &[0x05])], &[0x80]), NodeError::BadChild);
    bad_node(&branch(&[(1, &hash), (2, &hash)], &list(&[])), RlpError::NotString);
    // An inline node that had to be a hash, and inline nodes that are not nodes, also off the way.
    bad_node(&branch(&[(1, &leaf(&[0x20])), (2, &hash)], &[0x80]), NodeError::LargeInline);
    bad_node(&branch(&[(9, &leaf(&[0x20])), (2, &hash)], &[0x80]), NodeError::LargeInline);
    bad_node(&branch(&[(9, &list(&[])), (2, &hash)], &[0x80]), NodeError::ItemCount);
    bad_node(&branch(&[(9, &list(&[&[0x21], &[1]])), (2, &hash)], &[0x80]), NodeError::BadPath);
    // Counts of items.
    let item: &[u8] = &hash;
    for count in [0, 1, 3, 15, 16, 18, 19, 100] {
        bad_node(&list(&vec![item; count]), NodeError::ItemCount);
    }
    // RLP: not a list, bytes after the end, lengths and bytes in long form.
    bad_node(&long, RlpError::NotList);
    bad_node(&[good.as_slice(), &[0]].concat(), RlpError::Trailing);
    bad_node(&good[..good.len() - 1], RlpError::Truncated);
    bad_node(&[0xC3, 0x81, 0x20, 0x05], RlpError::PrefixedByte);
    bad_node(&[0xF8, 0x02, 0x20, 0x05], RlpError::LongLength);
    bad_node(&[0xF9, 0x00, 0x40], RlpError::LongLength);
    bad_node(&[0xFF; 40], RlpError::Truncated);
    // Short nodes are good as root.
    let short = list(&[&string(&[0x20, 0x12, 0x34]), &[5]]);
    let proof = Proof { nodes: vec![short.clone()] };
    assert_eq!(verify(keccak256(&short), &[0x12, 0x34], &proof).unwrap(), Some(vec![5]));
}

/// A node that may be taken for an inline one and for a hashed one would allow two answers under one root.
#[test]
fn inline_and_hashed_are_not_interchangeable() {
    let long = string(&[9; 40]);
    // A short leaf, given by its hash.
    let short = list(&[&string(&[0x32, 0x34]), &[5]]);
    let by_hash = branch(&[(1, &string(&keccak256(&short).0)), (2, &string(&[3; 32]))], &[0x80]);
    refused(
        keccak256(&by_hash),
        &[0x12, 0x34],
        &[by_hash, short.clone()],
        ProofError::ShortNode { index: 1 },
    );
    // The same leaf inline, and once more as a node.
    let inline = branch(&[(1, &short), (2, &string(&[3; 32]))], &[0x80]);
    let root = keccak256(&inline);
    let proof = Proof { nodes: vec![inline.clone()] };
    assert_eq!(verify(root, &[0x12, 0x34], &proof).unwrap(), Some(vec![5]));
    refused(root, &[0x12, 0x34], &[inline, short], ProofError::ExtraNode { index: 1 });
    // A value of 32 bytes is a value, never the hash of a node below.
    let hidden = list(&[&string(&[0x20]), &long]);
    let leaf = list(&[&string(&[0x20, 0x12]), &string(&keccak256(&hidden).0)]);
    let root = keccak256(&leaf);
    refused(root, &[0x12], &[leaf.clone(), hidden], ProofError::ExtraNode { index: 1 });
    assert_eq!(verify(root, &[0x12, 0x34], &Proof { nodes: vec![leaf] }).unwrap(), None);
}

#[test]
fn shapes_that_only_the_way_shows() {
    let long = string(&[9; 40]);
    let after = |path: &[u8], node: &[u8]| {
        let extension = list(&[&string(path), &string(&keccak256(node).0)]);
        (keccak256(&extension), vec![extension, node.to_vec()])
    };
    // After an extension, a leaf or another extension by hash.
    let leaf = list(&[&string(&[0x20, 0x34]), &long]);
    let (root, nodes) = after(&[0x00, 0x12], &leaf);
    refused(root, &[0x12, 0x34], &nodes, ProofError::ExtensionChild { index: 1 });
    let extension = list(&[&string(&[0x13]), &string(&[3; 32])]);
    let (root, nodes) = after(&[0x00, 0x12], &extension);
    refused(root, &[0x12, 0x34], &nodes, ProofError::ExtensionChild { index: 1 });
    // A branch with a value at half a byte.
    let odd = branch(&[(2, &string(&[3; 32]))], &long);
    let (root, nodes) = after(&[0x11], &odd);
    refused(root, &[0x12, 0x34], &nodes, ProofError::BadNode { index: 1, error: NodeError::OddPath });
    // A leaf that ends at half a byte, on the way and beside it.
    for path in [[0x31, 0x23], [0x35, 0x67]] {
        let odd = list(&[&string(&path), &long]);
        refused(
            keccak256(&odd),
            &[0x12, 0x34],
            &[odd],
            ProofError::BadNode { index: 0, error: NodeError::OddPath },
        );
    }
    // A path past the longest key.
    let full = [&[0x20][..], &[0x12; KEY_BYTES_MAX]].concat();
    let leaf = list(&[&string(&full), &long]);
    let wide = branch(&[(1, &string(&keccak256(&leaf).0)), (2, &string(&[3; 32]))], &[0x80]);
    refused(
        keccak256(&wide),
        &[0x12, 0x34],
        &[wide, leaf],
        ProofError::BadNode { index: 1, error: NodeError::LongPath },
    );
    let endless = list(&[&string(&[&[0x00][..], &[0x12; KEY_BYTES_MAX]].concat()), &string(&[3; 32])]);
    refused(
        keccak256(&endless),
        &[0x12; KEY_BYTES_MAX],
        &[endless],
        ProofError::BadNode { index: 0, error: NodeError::LongPath },
    );
    // Inner nodes only: the way does not end.
    let open = branch(&[(1, &string(&[3; 32])), (2, &string(&[4; 32]))], &[0x80]);
    refused(keccak256(&open), &[0x12, 0x34], &[open], ProofError::MissingNode { index: 1 });
}

/// Random bytes, and real proofs with random parts of other proofs: never a panic, never a wrong answer.
#[test]
fn arbitrary_input_is_answered() {
    let (rounds, seed) = (count(200_000), seed(34));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let entries = entries(&mut random, 60, 4);
    let (store, root) = store(&entries);
    let all: Vec<Vec<u8>> = store.iter().map(|(_, node)| node.to_vec()).collect();
    for _ in 0..rounds {
        let key = near(&mut random, &entries, 4);
        let mut nodes = prove(&store, root, &key).unwrap().nodes;
        for _ in 0..random.random_range(1..4) {
            let place = random.random_range(0..=nodes.len());
            let other = all[random.random_range(0..all.len())].clone();
            match random.random_range(0..4) {
                0 => nodes.insert(place, other),
                1 if place < nodes.len() => nodes[place] = other,
                2 if place < nodes.len() => _ = nodes.remove(place),
                _ => {
                    let length = random.random_range(0..80);
                    nodes.insert(place, bytes(&mut random, length));
                }
            }
        }
        // Any root for which the first node passes, so that its bytes are looked into.
        let claimed = nodes.first().map_or(root, |node| keccak256(node));
        let proof = Proof { nodes };
        if let Ok(answer) = verify(root, &key, &proof) {
            assert_eq!(answer, entries.get(&key).cloned(), "seed {seed}");
        }
        _ = verify(claimed, &key, &proof);
        let length = random.random_range(0..100);
        _ = Proof::decode(&bytes(&mut random, length));
    }
    println!("rounds: {rounds}, seed: {seed}");
}

#[test]
fn codes_are_stable() {
    let error = NodeError::BadPath;
    let codes = [
        ProofError::TooManyNodes { found: 1, allowed: 0 },
        ProofError::NodeTooLarge { index: 0, found: 1 },
        ProofError::TooLarge { found: 1 },
        ProofError::ZeroRoot,
        ProofError::KeyTooLong { found: 1 },
        ProofError::MissingNode { index: 0 },
        ProofError::ExtraNode { index: 0 },
        ProofError::WrongNode { index: 0 },
        ProofError::ShortNode { index: 0 },
        ProofError::ExtensionChild { index: 0 },
        ProofError::BadEncoding { offset: 0 },
        ProofError::BadNode { index: 0, error },
        ProofError::BadNode { index: 0, error: RlpError::Trailing.into() },
    ]
    .map(|error| error.code());
    assert_eq!(codes, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 103, 122]);
}
