//! Damaged bytes: a typed fault, never a panic and never other data.

use chainstack_primitives::Height;
use chainstack_runtime::ports::{Fault, StateReader};

use super::{cases, chain::Script};
use crate::{Column, Damage, MemoryDisk, OpenError, StorageFault, Store, StoreOptions, WarmLimits};

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
