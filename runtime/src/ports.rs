//! What the runtime asks of the outside: state to read, contracts to run.

use std::{fmt, sync::Arc};

use chainstack_primitives::{Account, AccountId, Bytes, Gas, Hash, receipt::REVERT_PAYLOAD_MAX};

use crate::{
    block::BlockInfo,
    state::{Entry, Overlay},
    transaction::Meter,
};

/// Something this machine could not do or tell: a disk, a corrupt file. Never part of chain state, never a
/// verdict on a block.
#[derive(Debug)]
pub struct Fault(pub Box<dyn std::error::Error + Send + Sync>);

impl Fault {
    /// A fault described by a text.
    #[must_use]
    pub fn text(what: &str) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "fault of this machine: {}", self.0)
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

/// Committed state at one block boundary, read by plain keys.
pub trait StateReader: Sync {
    /// The account's record; `None` if it never existed.
    ///
    /// # Errors
    /// [`Fault`] if this machine cannot read.
    fn account(&self, id: &AccountId) -> Result<Option<Account>, Fault>;

    /// The entry of `contract` in `cell` under `key` (the cell id is not part of `key`).
    ///
    /// # Errors
    /// [`Fault`] if this machine cannot read.
    fn entry(&self, contract: &AccountId, cell: u16, key: &[u8]) -> Result<Option<Entry>, Fault>;

    /// Uploaded code by hash.
    ///
    /// # Errors
    /// [`Fault`] if this machine cannot read.
    fn code(&self, hash: &Hash) -> Result<Option<Arc<[u8]>>, Fault>;
}

/// Runs independent jobs, perhaps at the same time. The runtime's results never depend on the order.
pub trait Parallel: Sync {
    /// Calls `job` once for each index below `count`, in any order on any threads, and returns when all are
    /// done.
    fn for_each(&self, count: usize, job: &(dyn Fn(usize) + Sync));
}

/// Runs jobs one after the other on the calling thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Parallel for Serial {
    fn for_each(&self, count: usize, job: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(job);
    }
}

/// What a call that was carried out gives back.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Completed {
    /// SCALE value of the declared return type; empty if none. For an instantiation, the contract's address.
    pub output: Vec<u8>,
}

/// Why a call was not carried out. The same on every honest node; state is as before the call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Stable code, of [`chainstack_primitives::codes`] or of admission.
    pub code: u16,
    /// With [`chainstack_primitives::codes::REVERTED`]: u16 LE error id, then its SCALE fields. Else empty.
    pub revert: Bytes<REVERT_PAYLOAD_MAX>,
    /// What a person wants to know. Never hashed, never in state.
    pub diagnostics: Box<Diagnostics>,
}

/// Details of a failure, recomputed by replay and never part of chain state.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Diagnostics {
    /// Frames of the call stack at the failure, outermost first: contract and method.
    pub stack: Vec<(AccountId, String)>,
    /// What was expected and found, in words; at most a few hundred bytes.
    pub text: String,
}

impl Failure {
    /// A failure with an explanation.
    #[must_use]
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self {
            code,
            revert: Bytes::new(),
            diagnostics: Box::new(Diagnostics { stack: Vec::new(), text: text.into() }),
        }
    }
}

/// Why an operation inside a block did not complete.
#[derive(Debug)]
pub enum ExecutionError {
    /// The operation failed; every honest node says the same.
    Failed(Failure),
    /// This node could not tell.
    Fault(Fault),
}

impl From<Failure> for ExecutionError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Fault> for ExecutionError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A call as the executor gets it. `value` has not been moved yet: the executor moves it inside its frame.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Who signed the transaction, pays its gas and its deposits.
    pub origin: AccountId,
    /// Coins that go from the origin to the contract.
    pub value: chainstack_primitives::Amount,
    /// SCALE tuple of the declared arguments.
    pub args: &'a [u8],
    /// What the origin consents to send into escrows.
    pub sends: &'a [chainstack_primitives::Send],
}

/// Runs contract code. Implemented by the host; pure: equal inputs give equal effects on `state` and `meter`.
///
/// Every method charges `meter` before it works, also on the way to a failure, and leaves `state` as it found
/// it when it fails (the caller rolls back as well, so that a mistake here cannot leak).
pub trait ContractExecutor: Sync {
    /// Admits and stores code, and registers it under [`crate::state::reserved::CODES`]. The output is the
    /// 32-byte code hash.
    ///
    /// # Errors
    /// [`ExecutionError::Failed`] with an admission or manifest code if the code is refused.
    fn upload(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        block: &BlockInfo,
        origin: AccountId,
        code: &[u8],
    ) -> Result<Completed, ExecutionError>;

    /// Creates the contract at `address`, which holds no contract yet, from stored code: sets the account's
    /// code hash, writes its record ([`crate::state::reserved::CONTRACT`]), moves the value and runs its
    /// constructor if the manifest declares one. An account that already has coins keeps them.
    ///
    /// # Errors
    /// [`ExecutionError::Failed`] with the code of what went wrong.
    fn instantiate(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        block: &BlockInfo,
        address: AccountId,
        code: Hash,
        message: Message<'_>,
    ) -> Result<Completed, ExecutionError>;

    /// Runs `method` of `contract`.
    ///
    /// # Errors
    /// [`ExecutionError::Failed`] with the code of what went wrong.
    fn invoke(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        block: &BlockInfo,
        contract: AccountId,
        method: &str,
        message: Message<'_>,
    ) -> Result<Completed, ExecutionError>;

    /// Takes an exit of `contract`, for the item under `item` (for the contract itself, if that is empty), without
    /// running its code. `poker` pays; what the exit pays goes where its declaration says.
    ///
    /// # Errors
    /// [`ExecutionError::Failed`] with the code of what went wrong.
    fn poke(
        &self,
        state: &mut Overlay<'_>,
        meter: &mut Meter<'_>,
        block: &BlockInfo,
        contract: AccountId,
        exit: u16,
        item: &[u8],
    ) -> Result<Completed, ExecutionError>;

    /// Answers a view of `contract` without changing anything. Used off chain, under `gas_limit`.
    ///
    /// # Errors
    /// [`ExecutionError::Failed`] with the code of what went wrong.
    fn query(
        &self,
        state: &mut Overlay<'_>,
        block: &BlockInfo,
        contract: AccountId,
        method: &str,
        args: &[u8],
        gas_limit: Gas,
    ) -> Result<(Completed, Gas), ExecutionError>;
}
