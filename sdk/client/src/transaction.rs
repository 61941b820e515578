//! Building and signing transactions.

use chainstack_primitives::{
    AccountId, Amount, Body, Call, ChainId, Gas, Height, Nonce, Transaction,
    signature::Purpose,
    transaction::{TRANSACTION_VERSION, VALIDITY_MAX},
};
use parity_scale_codec::Encode;

use crate::KeyPair;

/// What a transaction may cost, and where and until when it is meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    /// The one chain it is meant for.
    pub chain: ChainId,
    /// The signer's nonce.
    pub nonce: Nonce,
    /// Last height at which it may be included.
    pub valid_until: Height,
    /// Most gas it may use.
    pub gas_limit: Gas,
    /// Most base units paid per gas.
    pub max_fee_per_gas: Amount,
    /// Base units per gas offered to the proposer above the base fee.
    pub tip_per_gas: Amount,
    /// Most base units it may lock as storage deposits.
    pub max_deposit: Amount,
}

impl Terms {
    /// The furthest `valid_until` that a chain at `height` accepts, with some blocks to spare so that a
    /// transaction is not refused by a node a little behind.
    #[must_use]
    pub const fn furthest(height: Height) -> Height {
        const SPARE: u64 = 96;
        Height(height.0.saturating_add(VALIDITY_MAX - SPARE))
    }

    /// The body that asks for `call` on these terms.
    #[must_use]
    pub const fn body(self, call: Call) -> Body {
        Body {
            version: TRANSACTION_VERSION,
            chain: self.chain,
            nonce: self.nonce,
            valid_until: self.valid_until,
            gas_limit: self.gas_limit,
            max_fee_per_gas: self.max_fee_per_gas,
            tip_per_gas: self.tip_per_gas,
            max_deposit: self.max_deposit,
            call,
        }
    }
}

/// Signs `body` with `key`.
#[must_use]
pub fn sign(body: Body, key: &KeyPair) -> Transaction {
    let signature = key.sign(Purpose::Transaction, &body.encode());
    Transaction { signer: key.public(), signature, body }
}

/// As [`sign`], with the same signature every time: for tests and benchmarks, where equal seeds must give equal
/// bytes.
#[must_use]
pub fn sign_reproducibly(body: Body, key: &KeyPair) -> Transaction {
    let signature = key.sign_reproducibly(Purpose::Transaction, &body.encode());
    Transaction { signer: key.public(), signature, body }
}

/// A body and who is to sign it: what `--unsigned` prints and `tx sign` takes, so that a key can stay on another
/// machine.
#[derive(Clone, PartialEq, Eq, Debug, Encode, parity_scale_codec::Decode)]
pub struct Unsigned {
    /// Who is to sign.
    pub signer: AccountId,
    /// What is to be signed.
    pub body: Body,
}
