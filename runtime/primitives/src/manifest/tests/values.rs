//! Values of declared types: what is accepted is what `parity-scale-codec` writes, and nothing else.

use parity_scale_codec::{Compact, Encode};

use super::super::limits::TYPE_DEPTH_MAX;
use super::super::*;
use super::sample::{doc, everything, fields, list, name, token};
use super::{Random, rounds};
use crate::AccountId;

fn check(ty: Type, bytes: &[u8], expected: Result<(), ValueError>) {
    assert_eq!(everything().validate_whole(&ty, bytes), expected, "{ty} {bytes:02x?}");
}

#[test]
fn scalars() {
    check(Type::Bool, &[0], Ok(()));
    check(Type::Bool, &[1], Ok(()));
    check(Type::Bool, &[2], Err(ValueError::Flag { found: 2 }));
    check(Type::Bool, &[], Err(ValueError::Truncated));
    check(Type::Bool, &[1, 0], Err(ValueError::Trailing { count: 1 }));
    let sized = [
        (Type::U8, 1),
        (Type::U16, 2),
        (Type::U32, 4),
        (Type::U64, 8),
        (Type::U128, 16),
        (Type::I8, 1),
        (Type::I16, 2),
        (Type::I32, 4),
        (Type::I64, 8),
        (Type::I128, 16),
        (Type::Account, 32),
        (Type::Hash, 32),
        (Type::FixedBytes { size: 5 }, 5),
    ];
    for (ty, size) in sized {
        check(ty, &vec![0xff; size], Ok(()));
        check(ty, &vec![0xff; size - 1], Err(ValueError::Truncated));
        check(ty, &vec![0xff; size + 2], Err(ValueError::Trailing { count: 2 }));
        assert_eq!(everything().fixed_size(&ty), Some(size as u64));
    }
}

#[test]
fn lengths_at_each_mode_and_not_in_their_shortest_form() {
    let bytes = Type::Bytes { max: 20_000 };
    for length in [0usize, 1, 63, 64, 0x3fff, 0x4000, 20_000] {
        check(bytes, &vec![7u8; length].encode(), Ok(()));
    }
    check(bytes, &vec![7u8; 20_001].encode(), Err(ValueError::TooLong { found: 20_001, limit: 20_000 }));
    check(bytes, &[0x05, 0x00, 7], Err(ValueError::Length));
    check(bytes, &[0x06, 0x00, 0x00, 0x00, 7], Err(ValueError::Length));
    check(bytes, &[0x03, 1, 0, 0, 0, 7], Err(ValueError::Length));
    check(bytes, &[0x05], Err(ValueError::Truncated));
    check(bytes, &[0x08, 7], Err(ValueError::Truncated));
    let claim = Compact((1u32 << 30) - 1).encode();
    check(bytes, &claim, Err(ValueError::TooLong { found: (1 << 30) - 1, limit: 20_000 }));
    check(Type::Text { max: 4 }, &"añb".encode(), Ok(()));
    check(Type::Text { max: 4 }, &[0x04, 0xff], Err(ValueError::Text));
    check(Type::Text { max: 4 }, &"añbc".encode(), Err(ValueError::TooLong { found: 5, limit: 4 }));
}

/// The bytes of `types[0]`, the record with a field of each type.
fn record() -> Vec<u8> {
    let unsigned = (true, 1u8, 2u16, 3u32, 4u64, 5u128).encode();
    let signed = (-1i8, -2i16, -3i32, -4i64, -5i128).encode();
    let rest = (AccountId([6; 32]), [7u8; 32], vec![8u8; 64], "text", [9u8; 4]).encode();
    [unsigned, signed, rest].concat()
}

#[test]
fn defined_types() {
    check(Type::Defined(0), &record(), Ok(()));
    for end in 0..record().len() {
        check(Type::Defined(0), &record()[..end], Err(ValueError::Truncated));
    }
    check(Type::Defined(1), &[0], Ok(()));
    check(Type::Defined(1), &[&[1, 0, 0], record().as_slice()].concat(), Ok(()));
    check(Type::Defined(1), &[2], Err(ValueError::Variant { found: 2 }));
    check(Type::Defined(2), &vec![[1u8; 32]; 7].encode(), Ok(()));
    check(Type::Defined(2), &vec![[1u8; 32]; 8].encode(), Err(ValueError::TooLong { found: 8, limit: 7 }));
    check(Type::Defined(3), &[0], Ok(()));
    check(Type::Defined(3), &Some([1u8; 32]).encode(), Ok(()));
    check(Type::Defined(3), &[2], Err(ValueError::Flag { found: 2 }));
    check(Type::Defined(99), &[0], Err(ValueError::UndefinedType));
}

#[test]
fn sizes_are_those_of_the_greatest_and_least_values() {
    let manifest = everything();
    let record_max = record().len() as u64 - 5 + 2 + 300;
    let curve_max = record_max + 3;
    let expected = [
        (record().len() as u64 - 5 + 1 - 66 + 1, record_max, 1),
        (1, curve_max, 2),
        (1, 1 + 7 * 32, 1),
        (1, 33, 1),
        (1, 1 + 3 * curve_max, 3),
        (1, 1 + 8 * 8, 1),
        (9, 9 + 3 * curve_max, 4),
    ];
    for (index, (min_bytes, max_bytes, depth)) in expected.into_iter().enumerate() {
        let size = manifest.type_size(&Type::Defined(index as u16));
        assert_eq!(size, Some(TypeSize { min_bytes, max_bytes, depth }), "types[{index}]");
    }
    assert_eq!(manifest.max_size(&Type::Bytes { max: 63 }), Some(64));
    assert_eq!(manifest.max_size(&Type::Bytes { max: 64 }), Some(66));
    assert_eq!(manifest.fixed_size(&Type::Text { max: 3 }), None);
    assert_eq!(manifest.max_size(&Type::Defined(7)), None);
}

#[test]
fn changed_bytes_of_a_record_are_accepted_only_if_they_are_canonical() {
    let seed = 0x7661_6c75;
    let mut random = Random::new(seed);
    let manifest = everything();
    let mut accepted = 0;
    for _ in 0..rounds(500_000) {
        let mut bytes = [&[1, 0, 0], record().as_slice()].concat();
        let at = random.below(bytes.len());
        bytes[at] = random.next() as u8;
        let visited = manifest.visit_tuple([&Type::Defined(1)], &bytes, |index, value| {
            // A shorter length leaves a rest, which is refused after the value was seen.
            assert!(index == 0 && bytes.starts_with(value));
        });
        accepted += usize::from(visited.is_ok());
    }
    assert!(accepted > 100, "{accepted} accepted");
}

#[test]
fn tuples_are_split_and_leave_no_rest() {
    let manifest = everything();
    let args = &manifest.transition("bid").expect("declared").args;
    let bytes = (5u64, [1u8; 32], 6u64, vec![0u8, 0]).encode();
    assert_eq!(manifest.validate_tuple(args, &bytes), Ok(()));
    let mut seen = Vec::new();
    let types = args.iter().map(|arg| &arg.ty);
    manifest.visit_tuple(types, &bytes, |index, value| seen.push((index, value.len()))).expect("valid");
    assert_eq!(seen, [(0, 8), (1, 32), (2, 11)]);
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(manifest.validate_tuple(args, &longer), Err(ValueError::Trailing { count: 1 }));
    assert_eq!(manifest.validate_tuple(&[], &[]), Ok(()));
    assert_eq!(manifest.validate_tuple(&[], &[0]), Err(ValueError::Trailing { count: 1 }));
}

#[test]
fn params_meet_their_ranges_at_each_end() {
    let manifest = everything();
    let encode = |decimals: u8, offset: i32| {
        ("abc", decimals, offset, Some([1u8; 32]), vec![[2u8; 32]], [3u8; 32]).encode()
    };
    assert_eq!(manifest.validate_params(&encode(0, -5)), Ok(()));
    assert_eq!(manifest.validate_params(&encode(36, 5)), Ok(()));
    assert_eq!(manifest.validate_params(&encode(37, 0)), Err((1, ValueError::Range)));
    assert_eq!(manifest.validate_params(&encode(0, 6)), Err((2, ValueError::Range)));
    assert_eq!(manifest.validate_params(&encode(0, -6)), Err((2, ValueError::Range)));
    assert_eq!(manifest.validate_params(&encode(0, i32::MIN)), Err((2, ValueError::Range)));
    assert_eq!(manifest.validate_params(&[]), Err((0, ValueError::Truncated)));
    let longer = [encode(0, 0).as_slice(), &[9]].concat();
    assert_eq!(manifest.validate_params(&longer), Err((6, ValueError::Trailing { count: 1 })));
}

#[test]
fn every_integer_width_is_ranged() {
    let mut manifest = Manifest::empty(name("ranges"));
    let unsigned = [Type::U8, Type::U16, Type::U32, Type::U64, Type::U128];
    let signed = [Type::I8, Type::I16, Type::I32, Type::I64, Type::I128];
    let param = |ty: Type| ParamDef {
        name: name(&ty.to_string()),
        doc: doc(""),
        ty,
        range: Some(match ty.is_unsigned() {
            true => ParamRange::Unsigned { min: 3, max: 100 },
            false => ParamRange::Signed { min: -3, max: 100 },
        }),
        default: None,
    };
    manifest.params = list(unsigned.into_iter().chain(signed).map(param));
    assert_eq!(manifest.validate(), Ok(()));
    for param in &manifest.params {
        let size = param.ty.scalar_size().expect("an integer") as usize;
        let bytes = |value: i128| value.to_le_bytes()[..size].to_vec();
        let least = if param.ty.is_unsigned() { 3 } else { -3 };
        for (value, admitted) in [(least, true), (least - 1, false), (100, true), (101, false)] {
            assert_eq!(param.admits(&bytes(value)), admitted, "{} {value}", param.ty);
        }
    }
}

#[test]
fn keys_of_fungible_assets_carry_the_holder() {
    let manifest = token();
    let cell = manifest.cell(1).expect("declared");
    let account = AccountId([5; 32]);
    let stored = manifest.cell_key(cell, &[account.as_bytes()]).expect("an account");
    assert_eq!(stored, account_holder(&account));
    assert_eq!(manifest.key_fields(cell, &stored), Some(account.as_bytes().as_slice()));
    let escrow = escrow_holder(&account, 6, b"item");
    assert_eq!(escrow[0], HOLDER_ESCROW);
    assert_eq!(manifest.key_fields(cell, &escrow), None);
    assert_eq!(manifest.cell_key(cell, &[&[5; 31]]), Err(ValueError::Truncated));
    assert_eq!(manifest.cell_key(cell, &[&[5; 33]]), Err(ValueError::Trailing { count: 1 }));
    let everything = everything();
    let pairs = everything.cell(4).expect("declared");
    assert_eq!(everything.cell_key(pairs, &[&[1; 32], &[2; 32]]), Ok([[1; 32], [2; 32]].concat()));
}

#[test]
fn heads_lie_behind_state_and_owner() {
    let manifest = everything();
    let cell = |id| manifest.cell(id).expect("declared");
    // An auction: one state byte, then account, u128, u64, i64, hash.
    assert_eq!(manifest.head_size(cell(3)), Some(1 + 32 + 16 + 8 + 8 + 32));
    assert_eq!(manifest.head_span(cell(3), 0), Some((1, 32)));
    assert_eq!(manifest.head_span(cell(3), 2), Some((49, 8)));
    assert_eq!(manifest.head_span(cell(3), 5), None);
    // A unique asset: the owner's holder, then account and flag.
    assert_eq!(manifest.head_span(cell(2), 1), Some((65, 1)));
    assert_eq!(manifest.head_size(cell(5)), Some(16));
    assert_eq!(manifest.head_size(cell(1)), None);
}

#[test]
fn the_deepest_types_are_checked_and_no_deeper() {
    let mut manifest = Manifest::empty(name("deep"));
    let mut types = vec![TypeDef { name: None, kind: TypeKind::Option { of: Type::U8 } }];
    for index in 0..TYPE_DEPTH_MAX as u16 - 1 {
        let kind = TypeKind::Struct { fields: fields(&[("inner", Type::Defined(index))]) };
        types.push(TypeDef { name: Some(name(&format!("Level{index}"))), kind });
    }
    manifest.types = list(types.clone());
    assert_eq!(manifest.validate(), Ok(()));
    let deepest = Type::Defined(TYPE_DEPTH_MAX as u16 - 1);
    assert_eq!(manifest.validate_whole(&deepest, &[1, 9]), Ok(()));
    types.push(TypeDef { name: None, kind: TypeKind::Option { of: deepest } });
    manifest.types = list(types);
    assert!(matches!(manifest.validate(), Err(ManifestError::TypeDepth { found: 9, limit: 8, .. })));
    let beyond = Type::Defined(TYPE_DEPTH_MAX as u16);
    assert_eq!(manifest.validate_whole(&beyond, &[1, 1, 9]), Err(ValueError::UndefinedType));
}
