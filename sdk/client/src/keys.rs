//! Key pairs: sr25519, made from seeds, phrases and secret URIs, and signing for a purpose.

#[cfg(test)]
mod tests;

use std::fmt;

use chainstack_primitives::{
    AccountId, ChainId,
    signature::{Purpose, SIGNING_CONTEXT, Signature, sign_bytes, wrapped_sign_bytes},
};
use rand_core::{CryptoRng, RngCore, impls};
use schnorrkel::{
    ExpansionMode, Keypair, MiniSecretKey, SecretKey,
    context::attach_rng,
    derive::{ChainCode, Derivation},
    signing_context,
};
use zeroize::Zeroizing;

use crate::{Junction, Phrase, SecretUri, UriError};

/// An sr25519 key pair. The secret is erased from memory when dropped; `Debug` shows the public key only.
#[derive(Clone)]
pub struct KeyPair(Keypair);

impl KeyPair {
    /// A new pair from the system's randomness. Nothing can bring it back: prefer [`Phrase::generate`] for
    /// keys that people keep.
    ///
    /// # Errors
    /// [`KeyError::Randomness`] if the system has none to give.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(|_| KeyError::Randomness)?;
        Ok(Self::from_seed(&seed))
    }

    /// The pair of a 32-byte seed, expanded in the manner of Ed25519 as all of Substrate does.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(expand(seed).to_keypair())
    }

    /// The pair of a phrase. `password` may be empty.
    #[must_use]
    pub fn from_phrase(phrase: &Phrase, password: &str) -> Self {
        Self::from_seed(&phrase.key_seed(password))
    }

    /// The pair that a secret URI names, such as `//Alice`.
    ///
    /// # Errors
    /// Those of [`SecretUri::parse`].
    pub fn from_uri(uri: &str) -> Result<Self, UriError> {
        Ok(SecretUri::parse(uri)?.pair())
    }

    /// The pair of an expanded secret: scalar, then nonce seed, as [`KeyPair::to_secret_bytes`] gives it.
    ///
    /// # Errors
    /// - [`KeyError::MalformedSecret`] if the scalar is not reduced;
    /// - [`KeyError::ZeroKey`] if it is zero, the secret of the all-zero public key.
    pub fn from_secret_bytes(bytes: &[u8; 64]) -> Result<Self, KeyError> {
        let secret = SecretKey::from_bytes(bytes).map_err(|_| KeyError::MalformedSecret)?;
        let pair = Self(secret.to_keypair());
        if pair.public().is_zero() { Err(KeyError::ZeroKey) } else { Ok(pair) }
    }

    /// The expanded secret. Whoever reads it has the key.
    #[must_use]
    pub fn to_secret_bytes(&self) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(self.0.secret.to_bytes())
    }

    /// The account of this pair: its public key.
    #[must_use]
    pub fn public(&self) -> AccountId {
        AccountId(self.0.public.to_bytes())
    }

    /// The pair one step of derivation away. The same step always gives the same pair.
    #[must_use]
    pub fn derive(&self, junction: &Junction) -> Self {
        match junction {
            Junction::Soft(code) => {
                // Only the child's nonce seed draws on the source, and it hashes the parent's secret too.
                let (child, _) = self.0.derived_key_simple_rng(ChainCode(*code), [], Extra([0; 32]));
                Self(child)
            }
            Junction::Hard(code) => {
                let (seed, _) = self.0.hard_derive_mini_secret_key(Some(ChainCode(*code)), []);
                Self(seed.expand_to_keypair(ExpansionMode::Ed25519))
            }
        }
    }

    /// Signs `payload` for `purpose`. Randomised: two signatures of the same payload differ.
    ///
    /// The nonce hashes secret, message and system randomness, so it is safe even where the system gives none.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, payload: &[u8]) -> Signature {
        self.sign_message(&sign_bytes(purpose, payload), fresh())
    }

    /// Signs `payload` for `purpose` without randomness: the same input, the same signature. For simulations,
    /// benchmarks and golden files that must give the same bytes again.
    #[must_use]
    pub fn sign_reproducibly(&self, purpose: Purpose, payload: &[u8]) -> Signature {
        self.sign_message(&sign_bytes(purpose, payload), Extra([0; 32]))
    }

    /// Signs a transaction body in the form that browser wallets sign: the wrapped text.
    #[must_use]
    pub fn sign_wrapped(&self, chain: &ChainId, body_bytes: &[u8]) -> Signature {
        self.sign_message(&wrapped_sign_bytes(chain, body_bytes), fresh())
    }

    fn sign_message(&self, message: &[u8], extra: Extra) -> Signature {
        let transcript = signing_context(SIGNING_CONTEXT).bytes(message);
        Signature(self.0.sign(attach_rng(transcript, extra)).to_bytes())
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KeyPair({}, secret hidden)", self.public())
    }
}

fn expand(seed: &[u8; 32]) -> SecretKey {
    let seed = MiniSecretKey::from_bytes(seed).expect("refused is only another length than 32 bytes");
    seed.expand(ExpansionMode::Ed25519)
}

fn fresh() -> Extra {
    let mut extra = [0; 32];
    // Without system randomness the nonce still hashes the secret and the message.
    let _ = getrandom::fill(&mut extra);
    Extra(extra)
}

/// What enters a nonce beside the secret and the message. Not a generator: gives the same bytes each time.
struct Extra([u8; 32]);

impl RngCore for Extra {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.iter_mut().zip(self.0.iter().cycle()).for_each(|(to, from)| *to = *from);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

/// Asked for by the signature of the library; the secret that it hashes along makes the nonce unpredictable.
impl CryptoRng for Extra {}

/// Why there is no key pair.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// The scalar is not reduced.
    MalformedSecret,
    /// The scalar is zero, the secret of the all-zero public key.
    ZeroKey,
    /// The system gave no randomness: a fault of this machine.
    Randomness,
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::MalformedSecret => "expected a reduced scalar, found another 32 bytes",
            Self::ZeroKey => "the all-zero key cannot sign",
            Self::Randomness => "the system gave no randomness",
        })
    }
}

impl std::error::Error for KeyError {}
