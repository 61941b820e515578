//! Signatures at the door: both forms, every purpose, hostile keys, and batches that must agree with single checks.

use std::fmt::Write as _;

use curve25519_dalek::Scalar;
use merlin::Transcript;
use parity_scale_codec::{DecodeAll, Encode};
use rand_core::{CryptoRng, Error, RngCore};
use schnorrkel::{
    ExpansionMode, Keypair, MiniSecretKey,
    context::{SigningTranscript, attach_rng},
    signing_context, verify_batch_deterministic,
};

use super::{batch::HashStream, *};
use crate::{Hash, keccak256};

fn keypair(seed: u8) -> Keypair {
    MiniSecretKey::from_bytes(&[seed; 32]).expect("32 bytes").expand_to_keypair(ExpansionMode::Ed25519)
}

fn account(keypair: &Keypair) -> AccountId {
    AccountId(keypair.public.to_bytes())
}

/// Signs exactly `message`, with a nonce that depends on the message only.
fn sign_raw(keypair: &Keypair, message: &[u8]) -> Signature {
    let stream = HashStream::new(keccak256(message).0);
    Signature(keypair.sign(attach_rng(signing_context(SIGNING_CONTEXT).bytes(message), stream)).to_bytes())
}

fn chain() -> ChainId {
    ChainId(Hash([0xc5; 32]))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex")).collect()
}

#[test]
fn tags_are_distinct_and_cannot_be_taken_for_a_wrapped_text() {
    for (index, purpose) in Purpose::ALL.iter().enumerate() {
        let tag = purpose.tag();
        assert!(tag.is_ascii() && tag.len() < usize::from(b'<'), "{tag}");
        assert!(Purpose::ALL[index + 1..].iter().all(|other| other.tag() != tag), "{tag}");
        // Wallets leave bytes that begin like this unwrapped.
        assert!(!sign_bytes(*purpose, b"").starts_with(b"\x19Ethereum Signed Message:\n"));
    }
}

#[test]
fn codes_are_stable() {
    let codes: Vec<u16> = SignatureError::ALL.iter().map(|error| error.code()).collect();
    assert_eq!(codes, [1010, 1011, 1012, 1013]);
}

#[test]
fn codec_is_the_bare_64_bytes() {
    let signature = Signature(core::array::from_fn(|index| u8::try_from(index).expect("small")));
    assert_eq!(signature.encode(), signature.0);
    assert_eq!(Signature::decode_all(&mut &signature.0[..]), Ok(signature));
    assert!(Signature::decode_all(&mut &signature.0[..63]).is_err());
    assert!(Signature::decode_all(&mut &[signature.0.as_slice(), &[0]].concat()[..]).is_err());
    assert!(signature.to_string().starts_with("0x000102") && signature.to_string().len() == 130);
}

/// Every line of the golden file, as this code writes it: signed bytes, and one signature by the seed 01….
fn golden_lines() -> String {
    let pair = keypair(1);
    let mut lines = String::new();
    for payload in [&b""[..], b"\x00", b"ChainStack", &[0x5a; 300]] {
        for purpose in Purpose::ALL {
            let bytes = sign_bytes(purpose, payload);
            let signature = sign_raw(&pair, &bytes);
            let fields = [purpose.tag(), &hex(payload), &hex(&bytes), &hex(&signature.0)].join("|");
            writeln!(lines, "{fields}").expect("a string takes all");
        }
        let bytes = wrapped_sign_bytes(&chain(), payload);
        let signature = sign_raw(&pair, &bytes);
        let fields = ["wrapped", &hex(payload), &hex(&bytes), &hex(&signature.0)].join("|");
        writeln!(lines, "{fields}").expect("a string takes all");
    }
    lines
}

#[test]
fn golden_sign_bytes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/sign_bytes.txt");
    let head = "# purpose|payload|signed bytes|signature by the account of seed 01 (32 times); chain c5 (32 times)\n";
    let found = format!("{head}{}", golden_lines());
    if std::env::var_os("CHAINSTACK_UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &found).expect("golden file is writable");
    }
    let expected = std::fs::read_to_string(path).expect("golden file is there");
    assert_eq!(found, expected, "a change of signed bytes breaks every wallet and every stored signature");

    let signer = account(&keypair(1));
    let mut count = 0;
    for line in expected.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('|').collect();
        let [tag, payload, _, signature] = fields[..] else { panic!("four fields in {line}") };
        let payload = unhex(payload);
        let signature = Signature(unhex(signature).try_into().expect("64 bytes"));
        match Purpose::ALL.iter().find(|purpose| purpose.tag() == tag) {
            Some(purpose) => assert_eq!(verify(*purpose, &payload, &signer, &signature), Ok(()), "{tag}"),
            None => assert_eq!(verify_transaction(&chain(), &payload, &signer, &signature), Ok(()), "{tag}"),
        }
        count += 1;
    }
    assert_eq!(count, 24);
}

#[test]
fn wrapped_text_is_readable_and_fixed() {
    let text = wrapped_text(&chain(), b"body");
    let hash = tagged(Tag::TransactionSigning, b"body").to_string();
    let digits = "c5".repeat(32);
    assert_eq!(text, format!("ChainStack transaction v1\nchain {digits}\nhash {}", &hash[2..]));
    assert_eq!(text.len(), 166);
}

#[test]
fn no_signature_serves_two_purposes() {
    let pair = keypair(2);
    let signer = account(&pair);
    for signed_for in Purpose::ALL {
        let signature = sign_raw(&pair, &sign_bytes(signed_for, b"payload"));
        for asked_for in Purpose::ALL {
            let expected = if signed_for == asked_for { Ok(()) } else { Err(SignatureError::BadSignature) };
            assert_eq!(verify(asked_for, b"payload", &signer, &signature), expected);
        }
    }
}

#[test]
fn transaction_takes_two_forms_and_nothing_else() {
    let pair = keypair(3);
    let signer = account(&pair);
    let body = b"transaction body";
    let hash = tagged(Tag::TransactionSigning, body);
    let text = wrapped_text(&chain(), body);
    let other_chain = ChainId(Hash([0xc6; 32]));
    let wrap = |inside: &str| format!("<Bytes>{inside}</Bytes>").into_bytes();
    let (good, refused) = (Ok(()), Err(SignatureError::BadSignature));
    let cases: [(&str, Vec<u8>, Result<(), SignatureError>); 19] = [
        ("direct", sign_bytes(Purpose::Transaction, body), good),
        ("wrapped", wrapped_sign_bytes(&chain(), body), good),
        ("bare body", body.to_vec(), refused),
        ("bare text", text.clone().into_bytes(), refused),
        ("bare hash", hash.0.to_vec(), refused),
        ("wrapped body", [&b"<Bytes>"[..], body, b"</Bytes>"].concat(), refused),
        (
            "wrapped direct form",
            [b"<Bytes>".to_vec(), sign_bytes(Purpose::Transaction, body), b"</Bytes>".to_vec()].concat(),
            refused,
        ),
        ("wrapped twice", wrap(&format!("<Bytes>{text}</Bytes>")), refused),
        ("other chain", wrapped_sign_bytes(&other_chain, body), refused),
        ("other body", wrapped_sign_bytes(&chain(), b"transaction bodz"), refused),
        ("upper case", wrap(&text.to_uppercase()), refused),
        ("0x before the hash", wrap(&text.replace("hash ", "hash 0x")), refused),
        ("carriage returns", wrap(&text.replace('\n', "\r\n")), refused),
        ("newline at the end", wrap(&format!("{text}\n")), refused),
        ("space at the end", wrap(&format!("{text} ")), refused),
        ("text before", wrap(&format!("Sign in to our page\n{text}")), refused),
        ("other version", wrap(&text.replace("v1", "v2")), refused),
        ("permit", sign_bytes(Purpose::Permit, body), refused),
        ("lower-case wrapper", format!("<bytes>{text}</bytes>").into_bytes(), refused),
    ];
    for (name, message, expected) in cases {
        let signature = sign_raw(&pair, &message);
        assert_eq!(verify_transaction(&chain(), body, &signer, &signature), expected, "{name}");
        // The bare primitive shows that the signature itself is good each time.
        assert_eq!(verify_message(&message, &signer, &signature), good, "{name}");
    }
    // A wrapped signature serves transactions only.
    for purpose in Purpose::ALL {
        let payload = b"payload";
        let signature = sign_raw(&pair, &wrapped_sign_bytes(&chain(), payload));
        assert_eq!(verify(purpose, payload, &signer, &signature), refused);
    }
}

/// The group order: the least scalar that is not reduced.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Hostile (signer, signature) pairs over the body `b"body"`, with the one verdict for each.
fn hostile() -> Vec<(&'static str, AccountId, Signature, Result<(), SignatureError>)> {
    let pair = keypair(4);
    let signer = account(&pair);
    let good = sign_raw(&pair, &sign_bytes(Purpose::Transaction, b"body"));
    let with = |change: &dyn Fn(&mut [u8; 64])| {
        let mut bytes = good.0;
        change(&mut bytes);
        Signature(bytes)
    };
    // R = identity, s = 0: holds for the all-zero key on every message.
    let universal = with(&|bytes| {
        *bytes = [0; 64];
        bytes[63] = 0x80;
    });
    let mut scalar_is_order = good.0;
    scalar_is_order[32..].copy_from_slice(&ORDER);
    scalar_is_order[63] |= 0x80;
    let mut flipped_key = signer;
    flipped_key.0[31] |= 0x80;
    // s + order: the same equation, another spelling.
    let mut malleated = good.0;
    let mut carry = 0u16;
    for (byte, order) in malleated[32..].iter_mut().zip(ORDER) {
        let low = if order == 0x10 { *byte & 0x7f } else { *byte };
        let sum = u16::from(low) + u16::from(order) + carry;
        *byte = u8::try_from(sum & 0xff).expect("one byte");
        carry = sum >> 8;
    }
    malleated[63] |= 0x80;
    vec![
        ("good", signer, good, Ok(())),
        ("zero key", AccountId::ZERO, universal, Err(SignatureError::ZeroKey)),
        ("zero key, malformed signature", AccountId::ZERO, Signature([0; 64]), Err(SignatureError::ZeroKey)),
        ("universal signature, real key", signer, universal, Err(SignatureError::BadSignature)),
        ("key is no point", AccountId([0xff; 32]), good, Err(SignatureError::MalformedKey)),
        ("key is negative", AccountId([1; 32]), good, Err(SignatureError::MalformedKey)),
        ("key with high bit", flipped_key, good, Err(SignatureError::MalformedKey)),
        ("mark unset", signer, with(&|bytes| bytes[63] &= 0x7f), Err(SignatureError::MalformedSignature)),
        ("all zero", signer, Signature([0; 64]), Err(SignatureError::MalformedSignature)),
        ("all ones", signer, Signature([0xff; 64]), Err(SignatureError::MalformedSignature)),
        ("scalar is the order", signer, Signature(scalar_is_order), Err(SignatureError::MalformedSignature)),
        ("scalar plus order", signer, Signature(malleated), Err(SignatureError::MalformedSignature)),
        ("R is no point", signer, with(&|bytes| bytes[..32].fill(0xff)), Err(SignatureError::BadSignature)),
        ("R changed", signer, with(&|bytes| bytes[0] ^= 2), Err(SignatureError::BadSignature)),
        ("s changed", signer, with(&|bytes| bytes[32] ^= 1), Err(SignatureError::BadSignature)),
        ("another's key", account(&keypair(5)), good, Err(SignatureError::BadSignature)),
    ]
}

#[test]
fn hostile_keys_and_signatures_have_their_own_errors() {
    for (name, signer, signature, expected) in hostile() {
        assert_eq!(verify(Purpose::Transaction, b"body", &signer, &signature), expected, "{name}");
        assert_eq!(verify_transaction(&chain(), b"body", &signer, &signature), expected, "{name}");
        let item = SignedBody { chain: chain(), body_bytes: b"body", signer, signature };
        assert_eq!(verify_transactions(&[item]), [expected], "{name}");
        assert_eq!(verify_transactions(&[item; 3]), [expected; 3], "{name}");
    }
    assert_eq!(validate_key(&AccountId::ZERO), Err(SignatureError::ZeroKey));
    assert_eq!(validate_key(&AccountId([0xff; 32])), Err(SignatureError::MalformedKey));
    assert_eq!(validate_key(&account(&keypair(1))), Ok(()));
}

#[test]
fn every_changed_byte_is_refused() {
    let pair = keypair(6);
    let signer = account(&pair);
    let good = sign_raw(&pair, &sign_bytes(Purpose::Vote, b"vote"));
    for at in 0..64 {
        let mut changed = good;
        changed.0[at] ^= 1 << (at % 8);
        assert!(verify(Purpose::Vote, b"vote", &signer, &changed).is_err(), "byte {at}");
    }
}

#[test]
fn batch_verdicts_equal_single_ones() {
    assert_eq!(verify_transactions(&[]), []);
    let rounds = if std::env::var_os("CHAINSTACK_CAMPAIGN").is_some() { 500 } else { 10 };
    let seed = [7u8; 32];
    let mut stream = HashStream::new(seed);
    let bodies: Vec<[u8; 8]> = (0..300u64).map(u64::to_le_bytes).collect();
    let pairs: Vec<Keypair> = (1..9).map(keypair).collect();
    let hostile = hostile();
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..rounds {
        // Lengths at and beside the sizes of parts and batches; from all good to mostly bad.
        let length = [1, 2, 15, 16, 17, 33, 255, 256, 257, 300][round % 10];
        let one_bad_in = [u32::MAX, 300, 20, 2][round / 3 % 4];
        let items: Vec<SignedBody<'_>> = bodies[..length]
            .iter()
            .map(|body| {
                let pair = &pairs[stream.next_u32() as usize % pairs.len()];
                let wrapped = stream.next_u32() % one_bad_in == 1;
                let bad = stream.next_u32() % one_bad_in == 1;
                let message = if wrapped {
                    wrapped_sign_bytes(&chain(), body)
                } else {
                    sign_bytes(Purpose::Transaction, body)
                };
                let (signer, signature) = if bad {
                    let (_, signer, signature, _) = hostile[stream.next_u32() as usize % hostile.len()];
                    (signer, signature)
                } else {
                    (account(pair), sign_raw(pair, &message))
                };
                SignedBody { chain: chain(), body_bytes: body, signer, signature }
            })
            .collect();
        let batch = verify_transactions(&items);
        assert_eq!(batch.len(), items.len());
        for (item, found) in items.iter().zip(batch) {
            let expected = verify_transaction(&item.chain, item.body_bytes, &item.signer, &item.signature);
            assert_eq!(found, expected, "seed {}, round {round}: {item:?}", hex(&seed));
            if found.is_ok() { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(accepted > 0 && refused > 0, "{accepted} accepted, {refused} refused");
}

/// Answers every request with zeros, as the deterministic batch of schnorrkel does.
struct Zeros;

impl RngCore for Zeros {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        bytes.fill(0);
        Ok(())
    }
}

impl CryptoRng for Zeros {}

/// The coefficients that schnorrkel's deterministic batch draws: they do not depend on any `s`.
fn known_coefficients(members: &[(Vec<u8>, AccountId, Signature)]) -> Vec<Scalar> {
    let mut transcript = Transcript::new(b"V-RNG");
    for (_, signer, _) in members {
        transcript.append_message(b"", &signer.0);
    }
    for (_, _, signature) in members {
        transcript.append_message(b"", &signature.0[..32]);
    }
    for (message, _, _) in members {
        let mut digest = [0u8; 16];
        signing_context(SIGNING_CONTEXT).bytes(message).witness_bytes_rng(b"", &mut digest, &[&[]], Zeros);
        transcript.append_message(b"", &digest);
    }
    let mut stream = transcript.build_rng().finalize(&mut Zeros);
    let draw = |_| {
        let mut bytes = [0u8; 16];
        stream.fill_bytes(&mut bytes);
        Scalar::from(u128::from_le_bytes(bytes))
    };
    members.iter().map(draw).collect()
}

fn shift(signature: &Signature, by: Scalar) -> Signature {
    let mut scalar: [u8; 32] = signature.0[32..].try_into().expect("32 bytes");
    scalar[31] &= 0x7f;
    let shifted = Scalar::from_canonical_bytes(scalar).expect("reduced") + by;
    let mut bytes = signature.0;
    bytes[32..].copy_from_slice(shifted.as_bytes());
    bytes[63] |= 0x80;
    Signature(bytes)
}

#[test]
fn two_bad_signatures_that_cancel_out_are_refused() {
    let bodies = [b"first", b"other"];
    let mut members: Vec<(Vec<u8>, AccountId, Signature)> = bodies
        .iter()
        .zip([keypair(8), keypair(9)])
        .map(|(body, pair)| {
            let message = sign_bytes(Purpose::Transaction, &body[..]);
            let signature = sign_raw(&pair, &message);
            (message, account(&pair), signature)
        })
        .collect();
    let coefficients = known_coefficients(&members);
    members[0].2 = shift(&members[0].2, coefficients[1]);
    members[1].2 = shift(&members[1].2, -coefficients[0]);

    // The attack is real: coefficients that do not depend on `s` let the pair through.
    let context = signing_context(SIGNING_CONTEXT);
    let keys: Vec<PublicKey> =
        members.iter().map(|member| PublicKey::from_bytes(&member.1.0).expect("a point")).collect();
    let signatures: Vec<schnorrkel::Signature> = members
        .iter()
        .map(|member| schnorrkel::Signature::from_bytes(&member.2.0).expect("marked"))
        .collect();
    let transcripts = members.iter().map(|member| context.bytes(&member.0));
    assert!(verify_batch_deterministic(transcripts, &signatures, &keys, false).is_ok());

    // Ours, which takes the batch path for two members as well, refuses both.
    let items: Vec<SignedBody<'_>> = members
        .iter()
        .zip(bodies)
        .map(|(member, body)| SignedBody {
            chain: chain(),
            body_bytes: body,
            signer: member.1,
            signature: member.2,
        })
        .collect();
    assert_eq!(verify_transactions(&items), [Err(SignatureError::BadSignature); 2]);
}
