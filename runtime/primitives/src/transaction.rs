//! Transactions: what an account signs, and the names the chain gives it.

use alloc::vec::Vec;

use parity_scale_codec::{Decode, Encode};

use crate::{
    AccountId, Amount, BoundedText, BoundedVec, Bytes, ChainId, DecodeError, Gas, Hash, Height, Nonce,
    Signature, Tag, TaggedHasher, codec, tagged,
};

/// Greatest size of uploaded code, in bytes: 512 KiB.
pub const CODE_SIZE_MAX: u32 = 512 * 1024;
/// Greatest size of the arguments of one call, in bytes: 16 KiB.
pub const ARGS_SIZE_MAX: u32 = 16 * 1024;
/// Greatest size of an instantiation salt, in bytes.
pub const SALT_SIZE_MAX: u32 = 32;
/// Greatest length of a method's name, in bytes.
pub const METHOD_NAME_MAX: u32 = 64;
/// Greatest length of a paradigm's name, in bytes.
pub const PARADIGM_NAME_MAX: u32 = 32;
/// Most calls in a [`Call::Batch`].
pub const BATCH_CALLS_MAX: u32 = 64;
/// Most assets an account may consent to send in one call.
pub const SENDS_MAX: u32 = 8;
/// Greatest size of an item key, in bytes.
pub const ITEM_SIZE_MAX: u32 = 256;
/// Greatest size of a whole transaction, in bytes: code, and 64 KiB for everything else.
pub const TRANSACTION_SIZE_MAX: usize = (CODE_SIZE_MAX as usize) + 64 * 1024;
/// Blocks ahead of the chain's height that `valid_until` may name.
pub const VALIDITY_MAX: u64 = 4096;
/// The transaction format of this protocol version.
pub const TRANSACTION_VERSION: u8 = 1;

/// Name of a contract's method.
pub type MethodName = BoundedText<METHOD_NAME_MAX>;

/// Something of value that an account can consent to send.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Encode, Decode)]
pub enum Asset {
    /// The chain's own coin.
    #[codec(index = 0)]
    Native,
    /// A cell of balances or owners of a contract.
    #[codec(index = 1)]
    Cell {
        /// The contract that keeps the balances.
        contract: AccountId,
        /// The cell's permanent id.
        cell: u16,
    },
}

/// Consent of the signer to send up to `max` of an asset during one call.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Send {
    /// What may leave.
    pub asset: Asset,
    /// The most that may leave, in the asset's base units.
    pub max: Amount,
}

/// Code that a contract is created from.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum CodeSource {
    /// Uploaded code, by hash.
    #[codec(index = 0)]
    Hash(Hash),
    /// A paradigm listed in genesis, by name.
    #[codec(index = 1)]
    Paradigm(BoundedText<PARADIGM_NAME_MAX>),
}

/// Creates a contract.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Instantiate {
    /// The code to run.
    pub code: CodeSource,
    /// Chosen by the creator so that one creator can make many contracts from one code.
    pub salt: Bytes<SALT_SIZE_MAX>,
    /// SCALE tuple of the manifest's parameters.
    pub args: Bytes<ARGS_SIZE_MAX>,
    /// Coins given to the new contract.
    pub value: Amount,
}

/// Runs a method of a contract.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Invoke {
    /// The contract.
    pub contract: AccountId,
    /// The declared method, or a host-owned one starting with `$`.
    pub method: MethodName,
    /// SCALE tuple of the method's declared arguments.
    pub args: Bytes<ARGS_SIZE_MAX>,
    /// Coins given to the contract.
    pub value: Amount,
    /// What the signer consents to send into escrows of the contract, each asset once. Coins come with `value` alone.
    pub sends: BoundedVec<Send, SENDS_MAX>,
}

/// Fires an exit of a contract's item; runs no Wasm.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Poke {
    /// The contract.
    pub contract: AccountId,
    /// The exit's permanent id.
    pub exit: u16,
    /// Key of the item; empty for the contract's own machine.
    pub item: Bytes<ITEM_SIZE_MAX>,
}

/// An operation that a transaction asks for.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
#[non_exhaustive]
pub enum Call {
    /// Moves coins from the signer to `to`.
    #[codec(index = 0)]
    Transfer {
        /// Who receives; never the all-zero key.
        to: AccountId,
        /// How much, in base units.
        amount: Amount,
    },
    /// Stores contract code.
    #[codec(index = 1)]
    Upload {
        /// A Wasm module with its manifest.
        code: Bytes<CODE_SIZE_MAX>,
    },
    /// Creates a contract.
    #[codec(index = 2)]
    Instantiate(Instantiate),
    /// Runs a method.
    #[codec(index = 3)]
    Invoke(Invoke),
    /// Fires an exit.
    #[codec(index = 4)]
    Poke(Poke),
    /// Several operations, all or none, in order.
    #[codec(index = 5)]
    Batch(BoundedVec<BatchCall, BATCH_CALLS_MAX>),
}

/// An operation inside [`Call::Batch`]. A type of its own, so that batches cannot nest; it encodes as
/// the [`Call`] of the same name.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub enum BatchCall {
    /// As [`Call::Transfer`].
    #[codec(index = 0)]
    Transfer {
        /// Who receives; never the all-zero key.
        to: AccountId,
        /// How much, in base units.
        amount: Amount,
    },
    /// As [`Call::Instantiate`].
    #[codec(index = 2)]
    Instantiate(Instantiate),
    /// As [`Call::Invoke`].
    #[codec(index = 3)]
    Invoke(Invoke),
    /// As [`Call::Poke`].
    #[codec(index = 4)]
    Poke(Poke),
}

/// What a signer signs.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Body {
    /// Format of the body: [`TRANSACTION_VERSION`].
    pub version: u8,
    /// The one chain this is meant for.
    pub chain: ChainId,
    /// The signer's nonce.
    pub nonce: Nonce,
    /// Last height at which it may be included; at most [`VALIDITY_MAX`] past the chain's height.
    pub valid_until: Height,
    /// Most gas it may use.
    pub gas_limit: Gas,
    /// Most base units paid per gas.
    pub max_fee_per_gas: Amount,
    /// Base units per gas offered to the proposer above the base fee.
    pub tip_per_gas: Amount,
    /// Most base units it may lock as storage deposits.
    pub max_deposit: Amount,
    /// What to do.
    pub call: Call,
}

/// A signed transaction whose signature has not been looked at.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Transaction {
    /// What was signed.
    pub body: Body,
    /// Who signed.
    pub signer: AccountId,
    /// Schnorr signatures are randomised: many are valid for one body, so nothing negative is ever
    /// remembered by [`Transaction::id`].
    pub signature: Signature,
}

impl Transaction {
    /// Decodes a transaction from outside.
    ///
    /// # Errors
    /// [`DecodeError::TooLong`] past [`TRANSACTION_SIZE_MAX`]; [`DecodeError::Malformed`] otherwise.
    pub fn decode_all(bytes: &[u8]) -> Result<Self, DecodeError> {
        codec::decode_all(bytes, TRANSACTION_SIZE_MAX)
    }

    /// The name users look up: `H("tx" | signer | body)`, the same for every signature of the body.
    #[must_use]
    pub fn id(&self) -> Hash {
        let hasher = TaggedHasher::new(Tag::TransactionId).part(&self.signer.0);
        self.body.using_encoded(|body| hasher.part(body).finish())
    }

    /// Hash of the full bytes, signature included: leaves of `tx_root`, caches, relay.
    #[must_use]
    pub fn full_hash(&self) -> Hash {
        self.using_encoded(|bytes| tagged(Tag::TransactionBytes, bytes))
    }

    /// The bytes of the body, as signed.
    #[must_use]
    pub fn body_bytes(&self) -> Vec<u8> {
        self.body.encode()
    }
}
