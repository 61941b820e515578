//! Secret URIs at the door: known accounts, how texts are split, and what is refused.

use super::*;
use crate::{Ss58Prefix, format_address};

fn address(uri: &str) -> String {
    let pair = KeyPair::from_uri(uri).unwrap_or_else(|error| panic!("{uri}: {error}"));
    format_address(&pair.public(), Ss58Prefix::DEFAULT)
}

/// Addresses as `subkey inspect` prints them.
#[test]
fn well_known_accounts() {
    let cases = [
        ("//Alice", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
        ("//Alice//stash", "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY"),
        ("//Bob", "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"),
        ("//Charlie", "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y"),
        ("//Dave", "5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy"),
        ("//Eve", "5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw"),
        ("//Ferdie", "5CiPPseXPECbkjWCa6MnjNokrgYjMqmKndv2rSnekmSK2DjL"),
        (DEV_PHRASE, "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV"),
        (
            "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e",
            "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV",
        ),
        (
            "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e//Alice",
            "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        ),
        ("bottom drive obey lake curtain smoke basket hold race lonely fit walk//Alice", ALICE),
        ("///", "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV"),
    ];
    for (uri, expected) in cases {
        assert_eq!(address(uri), expected, "{uri}");
    }
    // The soft child of the development phrase, from sp-core's own tests.
    let soft = KeyPair::from_uri("/Alice").expect("good").public();
    assert_eq!(soft.to_string(), "0xd6c71059dbbe9ad2b0ed3f289738b800836eb425544ce694825285b958ca755e");
}

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

#[test]
fn junctions_are_encoded_as_in_substrate() {
    let padded = |bytes: &[u8]| {
        let mut code = [0; 32];
        code[..bytes.len()].copy_from_slice(bytes);
        code
    };
    let hashed = |digits: &str| <[u8; 32]>::try_from(hex::decode(digits).expect("hex")).expect("32 bytes");
    let cases = [
        ("Alice", padded(b"\x14Alice")),
        ("foo", padded(b"\x0cfoo")),
        ("0", padded(&[])),
        ("1", padded(&[1])),
        ("42", padded(&[42])),
        // As Rust reads numbers, which is how the Substrate world does.
        ("007", padded(&[7])),
        ("+7", padded(&[7])),
        ("256", padded(&[0, 1])),
        ("18446744073709551615", padded(&[0xff; 8])),
        ("18446744073709551616", padded(b"\x5018446744073709551616")),
        ("-1", padded(b"\x08-1")),
        ("0x1", padded(b"\x0c0x1")),
        ("é", padded(&[8, 0xc3, 0xa9])),
        // 31 characters fill 32 bytes; 32 and more are hashed. Digests from an independent Blake2b.
        (&"x".repeat(31), padded(&[&[31 << 2][..], &[b'x'; 31]].concat())),
        (&"x".repeat(32), hashed("0fc385f05c9193d62e98dec8d55e8a4f7a4bb08173b78be83dfceadf41a15238")),
        (
            "a code that is much longer than thirty-two bytes",
            hashed("fc11fb6523ccb2cc3a585bf4b3eed6c0a4beae1dddb51878df80b219a692a231"),
        ),
        (&"y".repeat(70), hashed("8b143c7b298ded1f4860d7618e541f5f4f1d061b03cf6ceb442a02560091b8a1")),
    ];
    for (code, expected) in cases {
        assert!(Junction::soft(code) == Junction::Soft(expected), "{code}");
        assert!(Junction::hard(code) == Junction::Hard(expected), "{code}");
    }
}

/// How sp-core's own tests split texts, with a good phrase for theirs.
#[test]
fn texts_are_split_as_in_substrate() {
    let cases: [(&str, &[Junction], Option<&str>); 12] = [
        ("", &[], None),
        ("///", &[], Some("")),
        ("////////", &[], Some("/////")),
        ("///asda", &[], Some("asda")),
        ("//asda", &[Junction::hard("asda")], None),
        ("/xx//asda", &[Junction::soft("xx"), Junction::hard("asda")], None),
        (
            "/xx//a/b//c///pass",
            &[Junction::soft("xx"), Junction::hard("a"), Junction::soft("b"), Junction::hard("c")],
            Some("pass"),
        ),
        ("/asda//x", &[Junction::soft("asda"), Junction::hard("x")], None),
        ("/asd.a", &[Junction::soft("asd.a")], None),
        ("//asd a", &[Junction::hard("asd a")], None),
        ("//a///p//q/r", &[Junction::hard("a")], Some("p//q/r")),
        ("//a////p", &[Junction::hard("a")], Some("/p")),
    ];
    for (rest, junctions, password) in cases {
        for phrase in ["", DEV_PHRASE] {
            let text = format!("{phrase}{rest}");
            let parts = Parts::split(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(parts.phrase, phrase, "{text}");
            assert!(parts.junctions == junctions, "{text}");
            assert_eq!(parts.password, password, "{text}");
            // Where it can, the whole agrees with its parts.
            let expected = junctions.iter().fold(
                KeyPair::from_phrase(&Phrase::parse(DEV_PHRASE).expect("good"), password.unwrap_or("")),
                |pair, junction| pair.derive(junction),
            );
            assert_eq!(KeyPair::from_uri(&text).expect("good").public(), expected.public(), "{text}");
        }
    }
}

#[test]
fn refusals_say_what_is_wrong() {
    let seed = "fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";
    let cases = [
        ("//".to_owned(), UriError::EmptyJunction { index: 0 }),
        ("/".to_owned(), UriError::EmptyJunction { index: 0 }),
        ("//a/b//".to_owned(), UriError::EmptyJunction { index: 2 }),
        ("//a/".to_owned(), UriError::EmptyJunction { index: 1 }),
        ("sd.asd//a".to_owned(), UriError::PhraseCharacter { at: 2 }),
        (format!("{DEV_PHRASE}\n"), UriError::PhraseCharacter { at: DEV_PHRASE.len() }),
        ("é//a".to_owned(), UriError::PhraseCharacter { at: 0 }),
        ("///a\n".to_owned(), UriError::PasswordCharacter),
        ("Alice".to_owned(), UriError::Phrase(MnemonicError::WordCount { found: 1 })),
        (" //Alice".to_owned(), UriError::Phrase(MnemonicError::WordCount { found: 0 })),
        (ALICE.to_owned(), UriError::Phrase(MnemonicError::WordCount { found: 1 })),
        ("0x".to_owned(), UriError::Seed { found: 0 }),
        (format!("0x{}", &seed[1..]), UriError::Seed { found: 63 }),
        (format!("0x{seed}0"), UriError::Seed { found: 65 }),
        (format!("0x{}g", &seed[1..]), UriError::Seed { found: 64 }),
        (format!("0x{seed}{seed}"), UriError::Seed { found: 128 }),
        (format!("0x{seed}///password"), UriError::PasswordWithSeed),
        (format!("0x{seed}//a///"), UriError::PasswordWithSeed),
        (format!("//{}", "a".repeat(1023)), UriError::TooLong { found: 1025 }),
    ];
    for (text, expected) in cases {
        assert_eq!(SecretUri::parse(&text).map(|_| ()), Err(expected), "{text}");
    }
    assert!(SecretUri::parse(&format!("//{}", "a".repeat(1022))).is_ok());
    assert!(SecretUri::parse(&"/a".repeat(512)).is_ok());
}

#[test]
fn a_password_makes_another_key() {
    let plain = KeyPair::from_uri("//Alice").expect("good").public();
    let with = KeyPair::from_uri("//Alice///secret").expect("good").public();
    assert_ne!(plain, with);
    assert_eq!(KeyPair::from_uri("//Alice///").expect("good").public(), plain);
}

#[test]
fn nothing_of_a_uri_is_printed() {
    let uri: SecretUri = "//Alice/soft///secret".parse().expect("good");
    assert_eq!(format!("{uri:?}"), "SecretUri(2 junctions, hidden)");
}

#[test]
fn what_may_hold_a_secret_is_told_from_names() {
    let seed = "0xfac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";
    let derived = format!("{seed}//Alice");
    for secret in [DEV_PHRASE, seed, &seed[2..], &derived, "//Alice///password", "two words"] {
        assert!(may_be_secret(secret), "{secret}");
    }
    for name in
        ["//Alice", "//Alice//stash", "gold", "", "0x", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"]
    {
        assert!(!may_be_secret(name), "{name}");
    }
}
