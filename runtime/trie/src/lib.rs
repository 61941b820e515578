//! The Merkle Patricia trie and its proofs.
