//! Phrases at the door; the public vectors are in `keys/tests.rs`.

use super::*;
use crate::uri::DEV_PHRASE;

#[test]
fn generates_every_length() {
    for length in PhraseLength::ALL {
        let phrase = Phrase::generate(length).expect("randomness");
        assert_eq!(phrase.words().split(' ').count(), length.words());
        assert_eq!(phrase.entropy().len(), length.entropy_bytes());
        let again = Phrase::parse(&phrase.words()).expect("reads what it wrote");
        assert_eq!(again.entropy(), phrase.entropy());
        assert_ne!(Phrase::generate(length).expect("randomness").entropy(), phrase.entropy());
        assert_eq!(PhraseLength::of_words(length.words()), Ok(length));
    }
    for count in [0, 1, 11, 13, 23, 25, usize::MAX] {
        assert_eq!(PhraseLength::of_words(count), Err(MnemonicError::WordCount { found: count }));
    }
}

#[test]
fn entropy_of_other_lengths_is_refused() {
    for length in 0..=40 {
        let found = Phrase::from_entropy(&vec![0x5a; length]).map(|phrase| phrase.entropy().len());
        let expected = if [16, 20, 24, 28, 32].contains(&length) {
            Ok(length)
        } else {
            Err(MnemonicError::EntropyLength { found: length })
        };
        assert_eq!(found, expected);
    }
}

#[test]
fn refusals_say_what_is_wrong() {
    let words = |count: usize| vec!["abandon"; count].join(" ");
    let cases = [
        (String::new(), MnemonicError::WordCount { found: 0 }),
        (words(11), MnemonicError::WordCount { found: 11 }),
        (words(13), MnemonicError::WordCount { found: 13 }),
        (words(27), MnemonicError::WordCount { found: 27 }),
        (words(12), MnemonicError::Checksum),
        (DEV_PHRASE.replace("drive", "drives"), MnemonicError::UnknownWord { position: 2 }),
        (DEV_PHRASE.replace("walk", "Walk"), MnemonicError::UnknownWord { position: 12 }),
        (DEV_PHRASE.replace("bottom drive", "drive bottom"), MnemonicError::Checksum),
        (" ".repeat(512), MnemonicError::WordCount { found: 0 }),
        (" ".repeat(513), MnemonicError::TooLong { found: 513 }),
        (words(1 << 16), MnemonicError::TooLong { found: (1 << 16) * 8 - 1 }),
    ];
    for (text, expected) in cases {
        assert_eq!(Phrase::parse(&text).map(|_| ()), Err(expected), "{}", &text[..text.len().min(80)]);
    }
    // White space between words may be any.
    let spaced = Phrase::parse(&format!("\t{}\n", DEV_PHRASE.replace(' ', "  "))).expect("the same words");
    assert_eq!(spaced.words().as_str(), DEV_PHRASE);
}

#[test]
fn nothing_of_a_phrase_is_printed() {
    let phrase = Phrase::parse(DEV_PHRASE).expect("good");
    assert_eq!(format!("{phrase:?}"), "Phrase(12 words, hidden)");
}
