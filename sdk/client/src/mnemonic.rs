//! Recovery phrases: BIP-39 in English, turned into seeds as the Substrate world does.
//!
//! BIP-39 stretches the *words* into a seed; Substrate stretches the *entropy* that they spell
//! (`PBKDF2-HMAC-SHA512(entropy, "mnemonic" | password, 2048)`) and takes the first 32 bytes. Wallets of that
//! world give the same account for the same phrase. Passwords are taken as they are, without Unicode
//! normalisation, as there.

#[cfg(test)]
mod tests;

use std::fmt;

use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

/// Most bytes a phrase may have: 24 words of 8 letters take 215.
pub const PHRASE_MAX_BYTES: usize = 512;

/// How many words a phrase has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PhraseLength {
    /// 128 bits of entropy.
    Words12,
    /// 160 bits of entropy.
    Words15,
    /// 192 bits of entropy.
    Words18,
    /// 224 bits of entropy.
    Words21,
    /// 256 bits of entropy.
    Words24,
}

impl PhraseLength {
    /// Every length, ascending.
    pub const ALL: [Self; 5] = [Self::Words12, Self::Words15, Self::Words18, Self::Words21, Self::Words24];

    /// The length of that many words.
    ///
    /// # Errors
    /// [`MnemonicError::WordCount`] unless 12, 15, 18, 21 or 24.
    pub fn of_words(count: usize) -> Result<Self, MnemonicError> {
        let fits = |length: &Self| length.words() == count;
        Self::ALL.into_iter().find(fits).ok_or(MnemonicError::WordCount { found: count })
    }

    /// The number of words.
    #[must_use]
    pub const fn words(self) -> usize {
        match self {
            Self::Words12 => 12,
            Self::Words15 => 15,
            Self::Words18 => 18,
            Self::Words21 => 21,
            Self::Words24 => 24,
        }
    }

    /// The bytes of entropy that the words spell, beside their checksum.
    #[must_use]
    pub const fn entropy_bytes(self) -> usize {
        match self {
            Self::Words12 => 16,
            Self::Words15 => 20,
            Self::Words18 => 24,
            Self::Words21 => 28,
            Self::Words24 => 32,
        }
    }
}

/// A recovery phrase with a good checksum. Erased from memory when dropped; never printed by `Debug`.
#[derive(Clone)]
pub struct Phrase(Mnemonic);

impl Phrase {
    /// A new phrase from the system's randomness.
    ///
    /// # Errors
    /// [`MnemonicError::Randomness`] if the system has none to give.
    pub fn generate(length: PhraseLength) -> Result<Self, MnemonicError> {
        let mut entropy = Zeroizing::new([0u8; 32]);
        let (used, _) = entropy.split_at_mut(length.entropy_bytes());
        getrandom::fill(used).map_err(|_| MnemonicError::Randomness)?;
        Self::from_entropy(used)
    }

    /// The phrase that spells `entropy`.
    ///
    /// # Errors
    /// [`MnemonicError::EntropyLength`] unless 16, 20, 24, 28 or 32 bytes.
    pub fn from_entropy(entropy: &[u8]) -> Result<Self, MnemonicError> {
        Mnemonic::from_entropy_in(Language::English, entropy)
            .map(Self)
            .map_err(|_| MnemonicError::EntropyLength { found: entropy.len() })
    }

    /// Reads a phrase: lower-case English words apart by white space.
    ///
    /// # Errors
    /// - [`MnemonicError::TooLong`] past [`PHRASE_MAX_BYTES`]; nothing was read;
    /// - [`MnemonicError::WordCount`] unless 12, 15, 18, 21 or 24 words;
    /// - [`MnemonicError::UnknownWord`] if a word is not of the list;
    /// - [`MnemonicError::Checksum`] if the words do not belong together.
    pub fn parse(text: &str) -> Result<Self, MnemonicError> {
        if text.len() > PHRASE_MAX_BYTES {
            return Err(MnemonicError::TooLong { found: text.len() });
        }
        Mnemonic::parse_in_normalized(Language::English, text).map(Self).map_err(|error| match error {
            bip39::Error::BadWordCount(found) => MnemonicError::WordCount { found },
            bip39::Error::UnknownWord(index) => {
                MnemonicError::UnknownWord { position: index.saturating_add(1) }
            }
            _ => MnemonicError::Checksum,
        })
    }

    /// The words with single spaces. Whoever reads them has the key.
    #[must_use]
    pub fn words(&self) -> Zeroizing<String> {
        // Room for the longest phrase, so that growing leaves no copies behind.
        let mut text = Zeroizing::new(String::with_capacity(PHRASE_MAX_BYTES));
        for word in self.0.words() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        text
    }

    /// The entropy that the words spell: 16 to 32 bytes.
    #[must_use]
    pub fn entropy(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.to_entropy())
    }

    /// The 64-byte seed of the Substrate world. `password` may be empty.
    ///
    /// # Cost
    /// 2048 rounds of HMAC-SHA-512: about a millisecond.
    #[must_use]
    pub fn seed(&self, password: &str) -> Zeroizing<[u8; 64]> {
        // Refused are only lengths of entropy that no phrase has.
        let seed = substrate_bip39::seed_from_entropy(&self.entropy(), password);
        Zeroizing::new(seed.unwrap_or_else(|_| unreachable!("a phrase spells 16 to 32 bytes")))
    }

    /// The 32-byte seed of the key pair: the first half of [`Phrase::seed`].
    #[must_use]
    pub fn key_seed(&self, password: &str) -> Zeroizing<[u8; 32]> {
        let mut half = Zeroizing::new([0; 32]);
        let seed = self.seed(password);
        half.iter_mut().zip(seed.iter()).for_each(|(to, from)| *to = *from);
        half
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Phrase({} words, hidden)", self.0.word_count())
    }
}

/// Why there is no phrase. Names no word of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MnemonicError {
    /// Longer than [`PHRASE_MAX_BYTES`].
    TooLong {
        /// Bytes found.
        found: usize,
    },
    /// Not 12, 15, 18, 21 or 24 words.
    WordCount {
        /// Words found.
        found: usize,
    },
    /// A word is not of the English list.
    UnknownWord {
        /// Which word, counted from 1.
        position: usize,
    },
    /// The words are known, but do not belong together.
    Checksum,
    /// Not 16, 20, 24, 28 or 32 bytes of entropy.
    EntropyLength {
        /// Bytes found.
        found: usize,
    },
    /// The system gave no randomness: a fault of this machine.
    Randomness,
}

impl fmt::Display for MnemonicError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { found } => {
                write!(formatter, "expected a phrase of at most {PHRASE_MAX_BYTES} bytes, found {found}")
            }
            Self::WordCount { found } => {
                write!(formatter, "expected 12, 15, 18, 21 or 24 words, found {found}")
            }
            Self::UnknownWord { position } => {
                write!(formatter, "word {position} of the phrase is not in the English list")
            }
            Self::Checksum => {
                formatter.write_str("the words do not belong together: is one misspelt or out of place?")
            }
            Self::EntropyLength { found } => {
                write!(formatter, "expected 16, 20, 24, 28 or 32 bytes of entropy, found {found}")
            }
            Self::Randomness => formatter.write_str("the system gave no randomness"),
        }
    }
}

impl std::error::Error for MnemonicError {}
