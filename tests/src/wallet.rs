//! A signer of transactions outside the program: what a stranger's client would send.

use chainstack_client::{
    KeyPair, Ss58Prefix, format_address,
    transaction::{Terms, sign},
};
use chainstack_primitives::{AccountId, Amount, Call, ChainId, Gas, Hash, Height, Nonce, Transaction};
use parity_scale_codec::Encode as _;
use serde_json::{Value, json};

use crate::node::TestNode;

/// Gas that covers a transfer of coins, and a call of a token.
pub const CALL_GAS: u64 = 1_000_000;

/// A key and what it needs to know of the chain.
pub struct Wallet {
    /// Signs.
    pub key: KeyPair,
    /// The chain it signs for.
    pub chain: ChainId,
    /// The nonce of the next transaction.
    pub nonce: u64,
    /// Last height of the next transaction.
    pub valid_until: Height,
    /// Most base units per gas of the next transaction.
    pub max_fee: u128,
}

impl Wallet {
    /// The key of a secret URI such as `//Alice`, as `node` knows its account now.
    ///
    /// # Panics
    /// If the URI is none, or the node's answers are not as documented.
    #[must_use]
    pub fn of(node: &TestNode, uri: &str) -> Self {
        let key = KeyPair::from_uri(uri).expect("a secret URI");
        let status = node.rpc("chain_status", &[]);
        let account = node.rpc("state_account", &[json!(key.public().to_string())]);
        let base_fee: u128 =
            status["base_fee"].as_str().and_then(|fee| fee.parse().ok()).expect("a base fee");
        Self {
            key,
            chain: ChainId(hash(&status["chain"])),
            nonce: account["next_nonce"].as_u64().expect("a nonce"),
            valid_until: Terms::furthest(Height(status["height"].as_u64().expect("a height"))),
            max_fee: base_fee * 4,
        }
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.key.public()
    }

    /// The account's address.
    #[must_use]
    pub fn address(&self) -> String {
        format_address(&self.account(), Ss58Prefix::DEFAULT)
    }

    /// The terms of the next transaction; the nonce does not move.
    #[must_use]
    pub const fn terms(&self) -> Terms {
        Terms {
            chain: self.chain,
            nonce: Nonce(self.nonce),
            valid_until: self.valid_until,
            gas_limit: Gas(CALL_GAS),
            max_fee_per_gas: Amount(self.max_fee),
            tip_per_gas: Amount::ZERO,
            max_deposit: Amount::ZERO,
        }
    }

    /// Signs `call` with the next nonce.
    #[must_use]
    pub fn sign(&mut self, call: Call) -> Transaction {
        let transaction = sign(self.terms().body(call), &self.key);
        self.nonce += 1;
        transaction
    }

    /// Signs `call` with the next nonce, and `max_deposit` for the entries it makes.
    #[must_use]
    pub fn sign_for(&mut self, call: Call, max_deposit: Amount) -> Transaction {
        let terms = Terms { max_deposit, ..self.terms() };
        self.nonce += 1;
        sign(terms.body(call), &self.key)
    }

    /// Signs a transfer of `units` to `to` with the next nonce.
    #[must_use]
    pub fn transfer(&mut self, to: AccountId, units: u128) -> Transaction {
        self.sign(Call::Transfer { to, amount: Amount(units) })
    }
}

/// The transaction as the RPC takes it.
#[must_use]
pub fn hex_of(transaction: &Transaction) -> Value {
    json!(format!("0x{}", hex::encode(transaction.encode())))
}

/// A hash out of an answer.
///
/// # Panics
/// If it is none.
#[must_use]
pub fn hash(value: &Value) -> Hash {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x")).expect("0x hex");
    Hash(hex::decode(digits).expect("hex").try_into().expect("32 bytes"))
}
