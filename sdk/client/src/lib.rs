//! What a program outside the chain sees: keys, transactions, RPC, proofs.
//!
//! Terms: a [`KeyPair`] signs for an `AccountId`, whose human-readable text is its *address* (SS58 with a
//! network's [`Ss58Prefix`]). A [`Phrase`] is what people write down, a [`SecretUri`] what they type: a phrase
//! or seed with a path of [`Junction`]s. A [`Keystore`] is a folder of encrypted keys.
//!
//! | module | holds |
//! | --- | --- |
//! | [`address`] | SS58 addresses, strict both ways |
//! | [`mnemonic`] | BIP-39 phrases, stretched as in the Substrate world |
//! | [`uri`] | `//Alice` and its like |
//! | [`keys`] | key pairs, derivation, signing for a purpose |
//! | [`keystore`] | keys on disk, encrypted |
//! | [`code`] | the code of a contract, believed only by its hash |
//! | [`module`] | the manifest inside a `.wasm` |
//! | [`transaction`] | building and signing transactions |
//! | [`limits`] | rows of the page of limits |
//! | [`rpc`] | a blocking JSON-RPC client |
//! | [`proof`] | proofs of state, made and checked |
//! | [`manifest`] | the manifest as people write it: TOML and JSON |
//! | [`inspect`] | what a manifest means, as rows and pages: methods, machines, bounds, power, trust |
//! | [`value`] | values of declared types, as text and JSON |
//!
//! Invariants: secrets are erased from memory when dropped and never printed by `Debug` or an error; every
//! text and file from outside meets a stated limit first; the same phrase or URI names the same account as in
//! any wallet of the Substrate world.
//!
//! ```
//! use chainstack_client::{KeyPair, Ss58Prefix, format_address};
//! use chainstack_primitives::signature::{Purpose, verify};
//!
//! let alice = KeyPair::from_uri("//Alice")?;
//! let signature = alice.sign(Purpose::Permit, b"what is permitted");
//! assert_eq!(verify(Purpose::Permit, b"what is permitted", &alice.public(), &signature), Ok(()));
//! assert!(format_address(&alice.public(), Ss58Prefix::DEFAULT).starts_with("5Grw"));
//! # Ok::<(), chainstack_client::UriError>(())
//! ```

pub mod address;
pub mod code;
pub mod inspect;
pub mod keys;
pub mod keystore;
pub mod limits;
pub mod manifest;
pub mod mnemonic;
pub mod module;
pub mod proof;
pub mod rpc;
pub mod transaction;
pub mod uri;
pub mod value;

pub use address::{AddressError, Ss58Prefix, format_address, parse_address};
pub use keys::{KeyError, KeyPair};
pub use keystore::{KdfParams, KeyInfo, KeyName, Keystore, KeystoreError};
pub use mnemonic::{MnemonicError, Phrase, PhraseLength};
pub use uri::{Junction, SecretUri, UriError, may_be_secret};
