//! Transactions from outside: checked, verified, put into the pool.

use std::fmt;

use chainstack_consensus::{Input, Sealing};
use chainstack_primitives::{AccountId, Hash, Nonce};
use chainstack_runtime::{
    ports::{Fault, StateReader as _},
    transaction::{TransactionRefused, VerifiedTransaction, validate},
};

use super::Chain;
use crate::{
    mempool::{Facts, MempoolRefused, SignerView},
    telemetry::metrics::Outcome,
};

/// Why a transaction was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SubmitRefused {
    /// It cannot be included now.
    Transaction(TransactionRefused),
    /// The pool does not take it.
    Pool(MempoolRefused),
}

impl SubmitRefused {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Self::Transaction(refused) => refused.code(),
            Self::Pool(refused) => refused.code(),
        }
    }
}

impl fmt::Display for SubmitRefused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transaction(refused) => refused.fmt(formatter),
            Self::Pool(refused) => refused.fmt(formatter),
        }
    }
}

impl std::error::Error for SubmitRefused {}

impl From<TransactionRefused> for SubmitRefused {
    fn from(refused: TransactionRefused) -> Self {
        Self::Transaction(refused)
    }
}

impl From<MempoolRefused> for SubmitRefused {
    fn from(refused: MempoolRefused) -> Self {
        Self::Pool(refused)
    }
}

/// What the node knows of a transaction that is not in a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    /// It waits in the pool.
    Pending,
    /// It was never seen, or was dropped.
    Unknown,
}

impl Chain {
    /// Takes verified transactions into the pool, in order: the id of each, or why it was not taken. Seals
    /// nothing; see [`Chain::work`].
    ///
    /// # Errors
    /// [`Fault`] if this machine failed.
    pub fn submit(
        &mut self,
        transactions: Vec<VerifiedTransaction>,
    ) -> Result<Vec<Result<Hash, SubmitRefused>>, Fault> {
        let mut verdicts = Vec::with_capacity(transactions.len());
        for transaction in transactions {
            let verdict = self.take(transaction)?;
            if let Err(refused) = &verdict {
                let outcome = crate::cli::error::name_of(refused.code());
                self.parts.metrics.refused.get_or_create(&Outcome { outcome }).inc();
            }
            verdicts.push(verdict);
        }
        self.observe_head();
        Ok(verdicts)
    }

    /// Tells the engine that work waits, if any does; where blocks are made on demand, at most one is made. Says
    /// whether more work waits that another call would do at once.
    ///
    /// On demand, work that only waits for a lower base fee asks for a block as well: nothing but blocks lowers the
    /// fee.
    ///
    /// # Errors
    /// [`Fault`] if this machine failed.
    pub fn work(&mut self) -> Result<bool, Fault> {
        let Some(input) = self.waiting_input() else { return Ok(false) };
        let before = self.head().0;
        self.step(input)?;
        // What could not be put into a block now would not be a moment later either.
        Ok(self.head().0 > before && self.waiting_input().is_some())
    }

    /// What the engine is to hear of the pool.
    fn waiting_input(&self) -> Option<Input> {
        if self.mempool_has_work() {
            return Some(Input::WorkWaiting);
        }
        let least = self.parts.schedule.block.base_fee_min;
        let on_demand = self.parts.sealing == Sealing::OnDemand;
        (on_demand && self.base_fee() > least && self.mempool.has_ready(least)).then_some(Input::SealNow)
    }

    fn take(&mut self, transaction: VerifiedTransaction) -> Result<Result<Hash, SubmitRefused>, Fault> {
        let next = self.next_height()?;
        let base_fee = self.base_fee();
        let account = self.parts.store.view().account(&transaction.signer())?.unwrap_or_default();
        let schedule = &self.parts.schedule;
        let (body, size_bytes) = (transaction.body(), transaction.size_bytes());
        let checked = validate::stateless(schedule, &self.id(), transaction.transaction(), size_bytes)
            .and_then(|()| validate::window(body, next));
        if let Err(refused) = checked {
            return Ok(Err(refused.into()));
        }
        if account.is_contract() {
            return Ok(Err(TransactionRefused::SignerIsContract.into()));
        }
        if body.max_fee_per_gas < base_fee {
            let refused = TransactionRefused::FeeBelowBase { base_fee, max_fee: body.max_fee_per_gas };
            return Ok(Err(refused.into()));
        }
        let reservation = match validate::reservation(body) {
            Ok(reservation) => reservation.total,
            Err(refused) => return Ok(Err(refused.into())),
        };
        let id = transaction.id();
        let facts = Facts {
            id,
            full_hash: transaction.full_hash(),
            signer: transaction.signer(),
            nonce: body.nonce,
            max_fee: body.max_fee_per_gas,
            tip: body.tip_per_gas,
            reservation,
            size_bytes,
            valid_until: body.valid_until,
        };
        let signer = SignerView { nonce: account.nonce, balance: account.balance };
        let inserted = self.mempool.insert(facts, transaction, signer, next, base_fee);
        Ok(inserted.map(|()| id).map_err(SubmitRefused::from))
    }

    /// What the pool knows of the transaction `id`.
    #[must_use]
    pub fn known(&self, id: &Hash) -> Known {
        if self.mempool.get(id).is_some() { Known::Pending } else { Known::Unknown }
    }

    /// The nonce that `signer` uses next, waiting transactions counted.
    ///
    /// # Errors
    /// [`Fault`] if this machine cannot read.
    pub fn next_nonce(&self, signer: &AccountId) -> Result<Nonce, Fault> {
        let account = self.parts.store.view().account(signer)?.unwrap_or_default();
        Ok(self.mempool.next_nonce(signer, account.nonce))
    }
}
