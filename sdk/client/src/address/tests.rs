//! Addresses at the door: known texts, every prefix, and texts that are nearly right.

use super::*;

const ALICE: AccountId = AccountId([
    0xd4, 0x35, 0x93, 0xc7, 0x15, 0xfd, 0xd3, 0x1c, 0x61, 0x14, 0x1a, 0xbd, 0x04, 0xa9, 0x9f, 0xd6, 0x82,
    0x2c, 0x85, 0x58, 0x85, 0x4c, 0xcd, 0xe3, 0x9a, 0x56, 0x84, 0xe7, 0xa5, 0x6d, 0xa2, 0x7d,
]);

fn prefix(number: u16) -> Ss58Prefix {
    Ss58Prefix::new(number).expect("not reserved")
}

/// Texts from `subkey` (0, 2, 42) and from a second, independent implementation (the others).
#[test]
fn known_addresses() {
    let cases = [
        (0, "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"),
        (2, "HNZata7iMYWmk5RvZRTiAsSDhV8366zq2YGb3tLH5Upf74F"),
        (42, "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
        (63, "7NPoMQbiA6trJKkjB35uk96MeJD4PGWkLQLH7k7hXEkZpiba"),
        (64, "cEaNSpz4PxFcZ7nT1VEKrKewH67rfx6MfcM6yKojyyPz7qaqp"),
        (255, "yGHXkYLYqxijLKKfd9Q2CB9shRVu8rPNBS53wvwGTutYg4zTg"),
        (256, "VByeGLMtP8r8BYQpNX1sb2VtAW8GYCbtFAeXJwsA2ur3MNRdq"),
        (1284, "VdvKmYJfD4VXA9fzz1SbmCo2eYHSzUFbaDCZSuaNKJAe8YNg6"),
        (16_383, "yNa8JpqfFB3q8A29rCwSgxvdU94ufJw2yKKxDgznS5m1PoFvn"),
    ];
    for (number, text) in cases {
        assert_eq!(format_address(&ALICE, prefix(number)), text);
        assert_eq!(parse_address(text, prefix(number)), Ok(ALICE));
        assert_eq!(parse_ss58(text), Ok((prefix(number), ALICE)));
    }
}

#[test]
fn every_prefix_comes_back() {
    for number in 0..=u16::MAX {
        match Ss58Prefix::new(number) {
            Ok(prefix) => {
                assert_eq!(parse_ss58(&format_address(&ALICE, prefix)), Ok((prefix, ALICE)), "{number}");
            }
            Err(error) => {
                assert_eq!(error, AddressError::ReservedPrefix { found: number });
                assert!(number == 46 || number == 47 || number > 16_383, "{number}");
            }
        }
    }
}

#[test]
fn hexadecimal_is_an_account_on_every_network() {
    let text = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
    assert_eq!(parse_address(text, prefix(7)), Ok(ALICE));
    assert_eq!(parse_address(&text.to_uppercase().replace('X', "x"), prefix(7)), Ok(ALICE));
    assert_eq!(parse_address(&format!("0x{}", "0".repeat(64)), prefix(42)), Ok(AccountId::ZERO));
    let long = format!("{text}00");
    for bad in ["0x", &text[..65], &text[..64], &long, &text.replace('7', "g"), &text.replace("0x", "0X0x")] {
        assert!(parse_address(bad, prefix(42)).is_err(), "{bad}");
    }
    assert_eq!(parse_address("0x00", prefix(42)), Err(AddressError::BadHex));
}

#[test]
fn a_wrong_network_is_named_with_the_right_one() {
    let error = parse_address("15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5", prefix(42));
    assert_eq!(error, Err(AddressError::WrongPrefix { expected: prefix(42), found: prefix(0) }));
    let text = error.expect_err("another network").to_string();
    assert_eq!(text, "expected an address of prefix 42, found one of prefix 0");
}

#[test]
fn only_the_canonical_text_is_accepted() {
    let good = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    let cases = [
        ("", AddressError::Length { found: 0 }),
        ("5", AddressError::Length { found: 1 }),
        // Prefix 42 in two bytes.
        ("Zp5wgt7iipcBBD8qrDbgQerUy6vWeg3np21675SE43SmZaPo9", AddressError::BadPrefix),
        // A first byte of 128.
        ("DrZg9tnv91k6T93t3eGTHiNyeqWAxBSabYLp7AvGcpQG7iU3", AddressError::BadPrefix),
        ("5g1axYPrdA2VeKsqmz8WKpa8f3n4T9ou8Qv3f8BaeheH3ApS", AddressError::ReservedPrefix { found: 46 }),
        ("5moFDXwG1SuDoPHJgX1XhiqZJXvMWLSRKMUBGopt7ZEmKmWa", AddressError::ReservedPrefix { found: 47 }),
        // 33 and 31 bytes with good checksums.
        ("Ks1TRTfTB2v19pD9G5yJ7QCuf8PT8EDE6ZPrHGo9DGneUGEXH", AddressError::Length { found: 49 }),
        ("yA3vprfzKUKan9P1eXE6iMGCMSMDZEnAtb6wEjTEf86ZXt", AddressError::Length { found: 46 }),
        (" 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", AddressError::NotBase58),
        ("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY\n", AddressError::NotBase58),
        ("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQ0", AddressError::NotBase58),
        ("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQé", AddressError::NotBase58),
        ("//Alice", AddressError::NotBase58),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_ss58(text), Err(expected), "{text}");
        assert!(parse_address(text, prefix(42)).is_err(), "{text}");
    }
    // A leading 1 is a leading zero byte, never a spelling of the same address.
    assert!(parse_ss58(&format!("1{good}")).is_err());
    // The limit and one past: refused by length before anything is decoded.
    assert_ne!(parse_ss58(&"z".repeat(66)), Err(AddressError::Length { found: 67 }));
    assert_eq!(parse_ss58(&"z".repeat(67)), Err(AddressError::Length { found: 67 }));
    assert_eq!(parse_ss58(&"z".repeat(1 << 20)), Err(AddressError::Length { found: 1 << 20 }));
}

#[test]
fn every_mistyped_character_is_refused() {
    let good = format_address(&ALICE, Ss58Prefix::DEFAULT);
    for at in 0..good.len() {
        for other in "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".chars() {
            let mut text = good.clone();
            text.replace_range(at..=at, &other.to_string());
            if text != good {
                // Two bytes of checksum let one text in 65,536 pass; none of these 2,736 does.
                assert!(parse_ss58(&text).is_err(), "{text}");
            }
        }
    }
}
