//! Damaged bytes: a typed fault, never a panic and never other data.

use chainstack_primitives::{Block, Height, Receipt};
use chainstack_runtime::ports::{Fault, StateReader};
use parity_scale_codec::{DecodeAll, Encode};

use super::{
    cases,
    chain::{Script, Step},
};
use crate::{
    Backend, Batch, Column, Damage, MemoryDisk, OpenError, StorageFault, Store, StoreOptions, WarmLimits,
    keys,
};

fn options() -> StoreOptions {
    // No warm memory: every read goes to the damaged bytes.
    StoreOptions { warm: WarmLimits { flat_bytes: 0, node_bytes: 0 }, ..StoreOptions::default() }
}

fn filled(script: &Script) -> MemoryDisk {
    let disk = MemoryDisk::new();
    let store =
        Store::create(disk.open().expect("free"), &script.genesis.commit(), &options()).expect("created");
    for step in &script.steps {
        step.run(&store).expect("a step that fits");
    }
    disk
}

/// Opens, verifies, reads every height: the first fault, or nothing if every answer was right.
fn find_damage(script: &Script, disk: &MemoryDisk) -> Option<OpenError> {
    let store = match Store::open(disk.open().expect("free"), script.genesis.chain(), &options()) {
        Ok(store) => store,
        Err(error) => return Some(error),
    };
    if let Err(fault) = store.verify() {
        return Some(fault.into());
    }
    let states = &script.expected.last().expect("steps").states;
    for (height, state) in (0..).map(Height).zip(states) {
        let view = match store.view_at(height) {
            Ok(view) => view,
            Err(fault) => return Some(fault.into()),
        };
        for (id, account) in &state.accounts {
            match view.account_record(id) {
                Ok(record) => assert_eq!(record.map(|record| record.account), Some(*account)),
                Err(fault) => return Some(fault.into()),
            }
        }
        for key in &script.keys {
            match view.entry(&key.contract, key.cell, &key.key) {
                Ok(entry) => assert_eq!(entry.as_ref(), state.entries.get(key)),
                Err(fault) => return Some(OpenError::Fault(typed(&fault))),
            }
        }
        for hash in &script.codes {
            match view.code(hash) {
                Ok(code) => assert_eq!(code, state.codes.get(hash).cloned()),
                Err(fault) => return Some(OpenError::Fault(typed(&fault))),
            }
        }
    }
    None
}

fn typed(fault: &Fault) -> StorageFault {
    StorageFault::within(fault).expect("a storage fault").clone()
}

#[test]
fn a_flipped_bit_anywhere_is_a_typed_fault() {
    let script = Script::new(11, 10, 0, 6);
    let disk = filled(&script);
    assert_eq!(find_damage(&script, &disk), None);
    let bits_per_row = cases(2, 24);
    let mut flips = 0u64;
    for column in Column::ALL {
        let keys = disk.keys(column);
        assert!(!keys.is_empty(), "{column:?} is not exercised");
        let step = (keys.len() as u64 / cases(8, u64::MAX)).max(1) as usize;
        for key in keys.iter().step_by(step) {
            for bit in 0..bits_per_row {
                let place = |value: &Vec<u8>| (bit * 2_654_435_761 + flips) as usize % (value.len() * 8);
                let mut flipped = 0;
                disk.damage(column, key, |value| {
                    flipped = place(value);
                    value[flipped / 8] ^= 1 << (flipped % 8);
                });
                let found = find_damage(&script, &disk);
                // The history of nodes goes unread here; whatever was read was right.
                let must_be_seen = column != Column::History;
                assert!(found.is_some() || !must_be_seen, "{column:?} {key:02x?} bit {flipped}");
                assert!(!matches!(found, Some(OpenError::Empty)));
                disk.damage(column, key, |value| value[flipped / 8] ^= 1 << (flipped % 8));
                flips += 1;
            }
        }
    }
    println!("{flips} flips");
    assert_eq!(find_damage(&script, &disk), None, "everything was put back");
}

#[test]
fn cut_emptied_and_exchanged_values_are_faults() {
    let script = Script::new(12, 6, 0, 6);
    let disk = filled(&script);
    for column in [Column::Accounts, Column::Entries, Column::Blocks, Column::Headers, Column::Nodes] {
        let keys = disk.keys(column);
        let (first, last) = (&keys[0], keys.last().expect("rows"));
        let (mut one, mut other) = (Vec::new(), Vec::new());
        disk.damage(column, first, |value| one.clone_from(value));
        disk.damage(column, last, |value| other.clone_from(value));
        for damaged in [&one[..one.len() - 1], &[], &[1], &other] {
            disk.damage(column, first, |value| *value = damaged.to_vec());
            let found = find_damage(&script, &disk).expect("seen");
            let OpenError::Fault(StorageFault::Corrupt { column: at, damage, .. }) = found else {
                panic!("{found}");
            };
            assert!(at == column, "{at:?} {column:?}");
            assert!(matches!(damage, Damage::Checksum | Damage::Truncated), "{damage}");
        }
        disk.damage(column, first, |value| *value = one);
    }
    assert_eq!(find_damage(&script, &disk), None);
}

/// Writes another record in place of the one with this key and payload.
type Lie<'a> = dyn Fn(&mut crate::Batch, &[u8], &[u8]) + 'a;

/// Records that are well-formed and not what the chain says: only the comparison with each other finds them.
#[test]
fn well_formed_lies_are_found() {
    let script = Script::new(13, 8, 0, 6);
    let lie = |column: Column, change: &Lie<'_>| {
        let disk = filled(&script);
        let key = disk.keys(column).pop().expect("rows");
        let mut payload = Vec::new();
        disk.damage(column, &key, |value| payload = value.split_off(crate::record::ENVELOPE_SIZE));
        let mut batch = crate::Batch::default();
        change(&mut batch, &key, &payload);
        crate::Backend::write(&disk.open().expect("free"), &batch).expect("room");
        let found = find_damage(&script, &disk);
        assert!(
            matches!(found, Some(OpenError::Fault(StorageFault::Corrupt { .. }))),
            "{column:?}: {found:?}"
        );
    };
    for column in [Column::Accounts, Column::Entries, Column::Nodes, Column::Blocks, Column::Headers] {
        lie(column, &|batch, key, payload| {
            let mut payload = payload.to_vec();
            *payload.first_mut().expect("bytes") ^= 1;
            batch.put(column, key, &payload);
        });
    }
    for column in Column::ALL {
        if column != Column::History && column != Column::Codes {
            lie(column, &|batch, key, _| batch.delete(column, key));
        }
    }
}

/// Writes rows under a store as another program would: well sealed.
fn write(disk: &MemoryDisk, change: impl FnOnce(&mut Batch)) {
    let mut batch = Batch::default();
    change(&mut batch);
    disk.open().expect("free").write(&batch).expect("room");
}

fn payload_of(disk: &MemoryDisk, column: Column, key: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    disk.damage(column, key, |value| payload = value[crate::record::ENVELOPE_SIZE..].to_vec());
    payload
}

/// A script whose last block has at least two transactions.
fn busy(from: u64) -> (Script, Vec<Receipt>) {
    let scripts = (from..).map(|seed| Script::new(seed, 8, 0, 6));
    let busy = scripts.filter_map(|script| match script.steps.last() {
        Some(Step::Commit(last)) if last.receipts.len() > 1 => {
            let receipts = last.receipts.clone();
            Some((script, receipts))
        }
        _ => None,
    });
    busy.into_iter().next().expect("soon")
}

/// Opening checks the head's header, block, receipts, hash index and root node against each other, and says so
/// before anything else is asked of the store.
#[test]
fn opening_finds_lies_around_the_head() {
    let (script, receipts) = busy(300);
    let head = script.expected.last().expect("steps");
    let (at, hash) = (keys::height(head.height()), head.head().0);
    let chunk = keys::chunk(head.height(), 0);
    let refused = |expected: Column, change: &dyn Fn(&MemoryDisk, &mut Batch)| {
        let disk = filled(&script);
        write(&disk, |batch| change(&disk, batch));
        let opened = Store::open(disk.open().expect("free"), script.genesis.chain(), &options());
        match opened.err() {
            Some(OpenError::Fault(StorageFault::Corrupt { column, .. })) => assert_eq!(column, expected),
            other => panic!("{expected:?}: {other:?}"),
        }
    };
    refused(Column::Headers, &|_, batch| batch.delete(Column::Headers, &at));
    refused(Column::Hashes, &|_, batch| batch.delete(Column::Hashes, &hash));
    refused(Column::Hashes, &|_, batch| batch.put(Column::Hashes, &hash, &3u64.to_le_bytes()));
    refused(Column::Blocks, &|_, batch| batch.delete(Column::Blocks, &at));
    refused(Column::Blocks, &|disk, batch| {
        let mut block = Block::decode_all(&payload_of(disk, Column::Blocks, &at)).expect("ours");
        let mut transactions = block.transactions.to_vec();
        transactions.reverse();
        block.transactions = transactions.try_into().expect("as many");
        batch.put(Column::Blocks, &at, &block.encode());
    });
    refused(Column::Receipts, &|_, batch| batch.delete(Column::Receipts, &chunk));
    refused(Column::Receipts, &|disk, batch| {
        let stored = payload_of(disk, Column::Receipts, &chunk);
        assert_eq!(Vec::<Receipt>::decode_all(&mut stored.as_slice()).as_ref(), Ok(&receipts));
        let mut other = receipts.clone();
        other[0].gas.0 += 1;
        batch.put(Column::Receipts, &chunk, &other.encode());
    });
    let root = keys::FlatKey::node(&keys::ACCOUNT_TRIE, &chainstack_trie::Nibbles::EMPTY);
    refused(Column::Nodes, &|_, batch| batch.put(Column::Nodes, root.flat(), &[0x80]));
}

/// Code is what its hash says, or a fault: it would be run.
#[test]
fn other_code_under_a_hash_is_a_fault() {
    let script = Script::new(15, 8, 0, 6);
    for hash in &script.codes {
        let disk = filled(&script);
        let mut other = payload_of(&disk, Column::Codes, &hash.0);
        *other.last_mut().expect("bytes") ^= 1;
        write(&disk, |batch| batch.put(Column::Codes, &hash.0, &other));
        let store =
            Store::open(disk.open().expect("free"), script.genesis.chain(), &options()).expect("sound head");
        let fault = StorageFault::corrupt(Column::Codes, &hash.0, Damage::Contradiction);
        assert_eq!(store.view().code(hash).map_err(|fault| typed(&fault)), Err(fault.clone()));
        assert_eq!(store.verify(), Err(fault));
    }
    // Code that a contract has and that is not there.
    let disk = filled(&script);
    write(&disk, |batch| script.codes.iter().for_each(|hash| batch.delete(Column::Codes, &hash.0)));
    let store = Store::open(disk.open().expect("free"), script.genesis.chain(), &options()).expect("whole");
    let missing = store.verify().expect_err("a contract's code is gone");
    assert!(
        matches!(missing, StorageFault::Corrupt { column: Column::Codes, damage: Damage::Missing, .. }),
        "{missing}"
    );
}

/// Rows that no block demands: an index would answer with them.
#[test]
fn rows_beside_those_of_the_blocks_are_found() {
    let (script, _) = busy(310);
    let stray = |column: Column, key: &[u8], payload: &[u8]| {
        let disk = filled(&script);
        write(&disk, |batch| batch.put(column, key, payload));
        let store =
            Store::open(disk.open().expect("free"), script.genesis.chain(), &options()).expect("sound head");
        match store.verify() {
            Err(StorageFault::Corrupt { column: found, .. }) => assert_eq!(found, column),
            other => panic!("{column:?}: {other:?}"),
        }
    };
    let one = Height(1);
    stray(Column::Transactions, &keys::inclusion(&[7; 32], one, 0), &[]);
    stray(Column::Hashes, &[7; 32], &1u64.to_le_bytes());
    stray(Column::EventIndex, &keys::at_height(&[7; 32], one), &vec![(1u16, 0u32, 0u32)].encode());
    stray(Column::Receipts, &keys::chunk(one, 9), &Vec::<Receipt>::new().encode());
    // Events of a transaction that the block has not.
    let events: Vec<(u32, Vec<chainstack_primitives::Event>)> = vec![(900, Vec::new())];
    stray(Column::Events, &keys::chunk(one, 9), &events.encode());
}
