//! Types that cross the wire or the Wasm boundary, and their codec.
//!
//! Terms are those of the house: an `Account` is a record and [`AccountId`] its key, a [`Transaction`] is
//! a request signed by an account, a [`Receipt`] its outcome, a manifest the declaration of a contract.
//!
//! | module | holds |
//! | --- | --- |
//! | [`account`] | keys and records of accounts, chain ids |
//! | [`amount`] | quantities as newtypes with checked arithmetic |
//! | [`block`], [`header`], [`receipt`], [`transaction`] | what a chain is made of |
//! | [`codec`] | bounded, canonical SCALE |
//! | [`codes`] | the one table of stable numeric codes |
//! | [`limits`] | rows of the page of limits, and those of what crosses the wire |
//! | [`hash`], [`merkle`] | tagged hashes, Merkle trees, the mountain range over history |
//! | [`manifest`] | the declaration of a contract |
//! | [`signature`] | what is signed, and its verification |
//!
//! Invariants: every length from outside meets its limit before allocation; decoding is total and accepts
//! only the canonical encoding; no arithmetic here can overflow unseen.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod account;
pub mod amount;
pub mod block;
pub mod codec;
pub mod codes;
pub mod hash;
pub mod header;
pub mod limits;
pub mod manifest;
pub mod merkle;
pub mod receipt;
pub mod signature;
pub mod transaction;

pub use account::{Account, AccountId, ChainId, EMPTY_CODE_HASH};
pub use amount::{Amount, Gas, Height, Nonce, TimeMs, mul_div};
pub use block::{Block, transaction_root};
pub use codec::{BoundExceeded, BoundedText, BoundedVec, Bytes, DecodeError, decode_all};
pub use hash::{Hash, HashBatch, Tag, TaggedHasher, keccak256, sha3_256, tagged};
pub use header::{Header, HeaderCore, HeaderRest};
pub use receipt::{DepositDelta, Event, Receipt, events_root, output_hash, receipt_root};
pub use signature::Signature;
pub use transaction::{
    Asset, BatchCall, Body, Call, CodeSource, Instantiate, Invoke, MethodName, Poke, Send, Transaction,
};
