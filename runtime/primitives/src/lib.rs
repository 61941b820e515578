//! Types that cross the wire or the Wasm boundary, and their codec.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod account;
pub mod amount;
pub mod codec;
pub mod hash;
pub mod manifest;

pub use account::{Account, AccountId, ChainId, EMPTY_CODE_HASH};
pub use amount::{Amount, Gas, Height, Nonce, TimeMs, mul_div};
pub use codec::{BoundExceeded, BoundedText, BoundedVec, Bytes, DecodeError, decode_all};
pub use hash::{Hash, Tag, TaggedHasher, keccak256, sha3_256, tagged};
