//! Reading entries: there, absent, or of another type.

use std::panic::catch_unwind;

use chainstack_sdk::cell::{Map, Value};
use chainstack_sdk::{Bytes, Datum};

/// What is read as `T` where a `U` was written; `Err` if that traps.
fn read_as<T: Datum, U: Datum>(written: Option<&U>) -> Result<Option<Vec<u8>>, ()> {
    let map: Map<u32, U> = Map::new(1);
    map.delete(&7);
    if let Some(written) = written {
        map.set(&7, written);
    }
    let read: Map<u32, T> = Map::new(1);
    catch_unwind(|| read.get(&7).map(|found| found.with_bytes(<[u8]>::to_vec))).map_err(|_| ())
}

#[test]
fn an_entry_is_read_as_what_it_is() {
    let long = Bytes::<1000>::new(vec![5; 500].leak()).expect("within");
    assert_eq!(read_as::<u64, u64>(Some(&5)), Ok(Some(5_u64.to_le_bytes().to_vec())));
    assert_eq!(read_as::<u64, u64>(None), Ok(None));
    assert_eq!(read_as::<Bytes<1000>, u64>(None), Ok(None));
    let found = read_as::<Bytes<1000>, Bytes<1000>>(Some(&long)).expect("no trap").expect("there");
    assert_eq!(found.len(), 502);
}

#[test]
fn an_entry_longer_than_its_type_is_not_absent() {
    let long = Bytes::<1000>::new(vec![5; 500].leak()).expect("within");
    assert_eq!(read_as::<u64, u128>(Some(&5)), Err(()));
    assert_eq!(read_as::<u64, Bytes<1000>>(Some(&long)), Err(()));
    assert_eq!(read_as::<Bytes<200>, Bytes<1000>>(Some(&long)), Err(()));
    assert_eq!(read_as::<(), u8>(Some(&5)), Err(()));
    let (written, read) = (Value::<u32>::new(2), Value::<u16>::new(2));
    written.set(&5);
    assert!(catch_unwind(|| read.get()).is_err());
}
