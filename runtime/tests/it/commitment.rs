//! What the state root commits to: leaves as Ethereum's, provable by the trie's own proofs.

use std::borrow::Cow;

use chainstack_primitives::{Account, Amount, Nonce, keccak256};
use chainstack_runtime::{
    ports::Fault,
    state::{
        Entry, NodeSource, TrieId,
        commitment::{account_leaf, state_root_of, storage_leaf},
        storage_key,
    },
};
use chainstack_trie::{EMPTY_ROOT, Nibbles, NodeReader, prove, rlp, verify};
use parity_scale_codec::Encode;

use crate::{
    puppet::CELL,
    world::{Key, World, entry, invoke},
};

/// The nodes of one trie of a world.
struct Nodes<'a>(&'a World, TrieId);

impl NodeReader for Nodes<'_> {
    type Error = Fault;

    fn node(&self, path: &Nibbles) -> Result<Option<Cow<'_, [u8]>>, Fault> {
        Ok(self.0.state.node(self.1, path)?.map(Cow::Owned))
    }
}

#[test]
fn leaves_are_ethereums() {
    // The leaf of an empty account on Ethereum.
    let expected = "f8448080a056e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421\
                    a0c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex(&account_leaf(&Account::default(), &EMPTY_ROOT)), expected);
    let full = Account { nonce: Nonce(u64::MAX), balance: Amount::MAX, ..Account::default() };
    assert_eq!(account_leaf(&full, &EMPTY_ROOT).len(), 2 + 9 + 17 + 33 + 33);
    let entry = Entry { value: vec![1, 2, 3], payer: Key::new(1).id(), deposit: Amount(5) };
    let leaf = storage_leaf(&entry);
    assert_eq!(rlp::decode_string(&leaf), Ok(&entry.encode()[..]));
}

#[test]
fn an_account_and_an_entry_are_provable_from_the_state_root() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    for index in 0..40u8 {
        world.run(&alice, invoke(contract, "set", entry(&[index], b"value")));
    }
    let state_root = world.parent.header().core.state_root;
    let path = contract.path();
    let proof = prove(&Nodes(&world, TrieId::Accounts), state_root, &path.0).expect("all nodes are there");
    let leaf = verify(state_root, &path.0, &proof).expect("sound proof").expect("the contract is there");
    let storage_root = world.state.trie_root(TrieId::Storage(contract)).expect("memory");
    assert_eq!(leaf, account_leaf(&world.state.accounts()[&contract], &storage_root));

    let storage_path = keccak256(&storage_key(CELL, &[7]));
    let reader = Nodes(&world, TrieId::Storage(contract));
    let proof = prove(&reader, storage_root, &storage_path.0).expect("all nodes are there");
    let leaf =
        verify(storage_root, &storage_path.0, &proof).expect("sound proof").expect("the entry is there");
    let stored = rlp::decode_string(&leaf).expect("a string");
    let entry: Entry = parity_scale_codec::DecodeAll::decode_all(&mut &*stored).expect("an entry");
    assert_eq!((entry.value, entry.payer), (b"value".to_vec(), alice.id()));
}

#[test]
fn deleting_the_last_entries_leaves_no_node_behind() {
    let mut world = World::new();
    let alice = Key::new(1);
    let contract = world.deploy(&alice, b"");
    let before = world.state.nodes().keys().filter(|key| key.trie == TrieId::Storage(contract)).count();
    for index in 0..10u8 {
        world.run(&alice, invoke(contract, "set", entry(&[index], b"value")));
    }
    for index in 0..10u8 {
        world.run(&alice, invoke(contract, "delete", vec![index]));
    }
    let after = world.state.nodes().keys().filter(|key| key.trie == TrieId::Storage(contract)).count();
    assert_eq!((before, after), (1, 1), "the contract's record is the one entry");
}

#[test]
fn entries_of_nobody_are_a_fault() {
    let world = World::new();
    let accounts = world.state.accounts().iter().map(|(id, account)| (*id, *account));
    let mut entries: Vec<_> = world.state.entries().clone().into_iter().collect();
    assert!(state_root_of(accounts.clone(), entries.clone()).is_ok());
    entries[0].0.contract.0 = [9; 32];
    assert!(state_root_of(accounts.clone(), entries.clone()).is_err());
    let twice = accounts.clone().chain(accounts.take(1));
    assert!(state_root_of(twice, []).is_err());
}
