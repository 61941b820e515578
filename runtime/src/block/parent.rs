//! What a block needs to know of the one before it.

use chainstack_primitives::{
    AccountId, Amount, ChainId, Hash, Header, Height, Tag, merkle, merkle::MountainRange, tagged,
};
use parity_scale_codec::Encode;

use super::{InvalidBlock, execution::Machine};
use crate::{genesis::Validator, params::Schedule, ports::Fault, state::reserved, transaction::fee};

/// The block that the next one builds on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parent {
    header: Header,
    hash: Hash,
    history: MountainRange,
}

impl Parent {
    /// The parent with this header, and the mountain range over the hashes of *its* ancestors; `None` if the
    /// range is not the one that the header commits to.
    #[must_use]
    pub fn new(header: Header, history: MountainRange) -> Option<Self> {
        let fits = history.count() == header.core.height.0 && history.root() == header.core.history_root;
        let hash = header.hash();
        fits.then_some(Self { header, hash, history })
    }

    /// The parent's header.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The parent's hash.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// The mountain range over the parent's ancestors.
    #[must_use]
    pub const fn history(&self) -> &MountainRange {
        &self.history
    }

    /// The mountain range over the ancestors of the parent's children: the parent and its ancestors.
    #[must_use]
    pub fn child_history(&self) -> MountainRange {
        self.history.clone().appended(self.hash)
    }

    /// The chain: the genesis header's hash.
    #[must_use]
    pub fn chain(&self) -> ChainId {
        if self.header.core.height == Height(0) { ChainId(self.hash) } else { self.header.core.chain }
    }

    /// Height of the parent's children; `None` past 64 bits.
    #[must_use]
    pub fn child_height(&self) -> Option<Height> {
        self.header.core.height.checked_add(1)
    }

    /// Base fee of the parent's children.
    #[must_use]
    pub fn child_base_fee(&self, schedule: &Schedule) -> Amount {
        let rest = &self.header.rest;
        if self.header.core.height == Height(0) {
            return rest.base_fee;
        }
        fee::next_base_fee(&schedule.block, rest.base_fee, rest.gas_used)
    }
}

/// Hash of a validator set as headers carry it.
#[must_use]
pub fn validators_hash(validators: &[Validator]) -> Hash {
    validators.using_encoded(|bytes| tagged(Tag::Validators, bytes))
}

/// Root over the mined shares that a block pays. None are mined in this version.
#[must_use]
pub fn shares_root() -> Hash {
    merkle::root(&[])
}

/// Hash of the evidence that the parent was decided, as headers carry it.
pub(super) fn commit_hash(last_commit: &[u8]) -> Hash {
    tagged(Tag::Commit, last_commit)
}

/// Checks the evidence that the parent was decided: under engine `solo`, the only one of this version, there is
/// none.
pub(super) fn check_commit(last_commit: &[u8]) -> Result<(), InvalidBlock> {
    if last_commit.is_empty() { Ok(()) } else { Err(InvalidBlock::LastCommit { found: last_commit.len() }) }
}

/// Whether `proposer` is of the validator set in state.
pub(super) fn may_propose(machine: &Machine<'_>, proposer: &AccountId) -> Result<bool, Fault> {
    let entry = machine.reader.entry(&reserved::VALIDATORS, reserved::VALIDATORS_CELL, &[])?;
    let validators = entry.and_then(|entry| crate::genesis::decode_validators(&entry.value));
    let validators = validators.ok_or_else(|| Fault::text("state holds no validator set"))?;
    Ok(validators.iter().any(|validator| validator.id == *proposer))
}
