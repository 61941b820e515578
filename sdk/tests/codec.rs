//! Our encoding is the chain's: compared with `parity-scale-codec`, both ways.

use std::fmt::Debug;

use chainstack_sdk::codec::{Datum, decode_all};
use chainstack_sdk::{AccountId, Amount, Bytes, Hash, Text};
use parity_scale_codec::Encode;

fn check<T: Datum + PartialEq + Debug>(value: &T, chain: &impl Encode) {
    let ours = value.with_bytes(<[u8]>::to_vec);
    assert_eq!(ours, chain.encode(), "{value:?}");
    assert_eq!(ours.len(), value.size(), "{value:?}");
    assert!(ours.len() <= T::SIZE_MAX, "{value:?}");
    assert_eq!(decode_all::<T>(ours.leak()), *value);
}

#[test]
fn the_same_bytes_as_the_chain() {
    check(&(), &());
    check(&true, &true);
    check(&false, &false);
    check(&0u8, &0u8);
    check(&0x1234u16, &0x1234u16);
    check(&u32::MAX, &u32::MAX);
    check(&(1u64 << 40), &(1u64 << 40));
    check(&u128::MAX, &u128::MAX);
    check(&-1i8, &-1i8);
    check(&i128::MIN, &i128::MIN);
    check(&[7u8; 5], &[7u8; 5]);
    check(&AccountId([3; 32]), &[3u8; 32]);
    check(&Hash([4; 32]), &[4u8; 32]);
    check(&Amount(1 << 100), &(1u128 << 100));
    check(&None::<u64>, &None::<u64>);
    check(&Some(Amount(5)), &Some(5u128));
    check(&(AccountId([1; 32]), 2u8, true), &([1u8; 32], 2u8, true));
}

#[test]
fn lengths_at_every_size() {
    for length in [0usize, 1, 63, 64, 65, 16_383, 16_384, 16_385] {
        let bytes = vec![0x61u8; length];
        check(&Bytes::<20_000>::new(bytes.clone().leak()).expect("within"), &bytes);
        check(&(Text::<20_000>::new(bytes.clone().leak()).expect("within"), 9u8), &(bytes, 9u8));
    }
    assert_eq!(Text::<4>::new(b"five!"), None);
}

fn traps<T: Datum + Debug>(bytes: &'static [u8]) {
    let outcome = std::panic::catch_unwind(|| decode_all::<T>(bytes));
    assert!(outcome.is_err(), "{bytes:?} decoded as {outcome:?}");
}

#[test]
fn what_does_not_fit_traps() {
    traps::<u32>(&[1, 2, 3]);
    traps::<u8>(&[1, 2]);
    traps::<bool>(&[2]);
    traps::<Option<u8>>(&[1]);
    traps::<Bytes<4>>(&[5 << 2, 1, 2, 3, 4, 5]);
    traps::<Bytes<4>>(&[4 << 2, 1, 2, 3]);
    traps::<Bytes<4>>(&[3]);
    traps::<AccountId>(&[0; 31]);
}
