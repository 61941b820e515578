//! Approvals: calls that members of sets agreed to before they are made.
//!
//! | method | arguments | who | what |
//! | --- | --- | --- | --- |
//! | `$approve` | `(call hash)` | a member of any set | approves the call once |
//! | `$approve.revoke` | `(call hash)` | who approved it | takes the approval back |
//!
//! An approval is an entry of who gave it, who gets its deposit back when it goes. It counts for every set that its giver
//! is a member of, from the height at which he is, for as many blocks as the set says. The call that is made with
//! approvals uses all of them up, those too many and those that do not count any more among them.

use chainstack_primitives::{
    AccountId, Amount, Hash, codes,
    manifest::{APPROVE, APPROVE_REVOKE, approval_key, call_hash},
};
use chainstack_runtime::{
    block::BlockInfo,
    params::Schedule,
    ports::{ExecutionError, Failure, Fault},
    state::{Overlay, reserved, reserved::SetMember},
    transaction::Meter,
};

use super::{
    contract::Contract,
    hosted::HostCall,
    set::{Set, position},
};
use crate::budget::{GasLeft, entry_deposit};

/// Size of key and value of an approval's entry.
const APPROVAL_BYTES: u32 = 72;
/// Bytes of a call's hash besides method and arguments: tag, contract, value and the method's length.
const CALL_BYTES: usize = 57;

/// A host-owned method of approvals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ApprovalMethod {
    Approve,
    Revoke,
}

impl ApprovalMethod {
    /// The method called `name`.
    pub(crate) fn find(name: &str) -> Option<Self> {
        match name {
            APPROVE => Some(Self::Approve),
            APPROVE_REVOKE => Some(Self::Revoke),
            _ => None,
        }
    }
}

/// What a call is approved by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Call<'c> {
    pub(crate) address: &'c AccountId,
    pub(crate) method: &'c str,
    pub(crate) args: &'c [u8],
    pub(crate) value: Amount,
}

impl Call<'_> {
    /// What counting approvals of the call by `sets` costs: its hash, and of each set the list of members and one entry
    /// for each that it can have.
    ///
    /// `hash + hash_byte × (57 + method + arguments) + Σ (read + byte × 40 × members_max + read × members_max)`.
    pub(crate) fn count_gas<'s>(&self, schedule: &Schedule, sets: impl IntoIterator<Item = Set<'s>>) -> u64 {
        let prices = &schedule.host;
        let bytes = CALL_BYTES.saturating_add(self.method.len()).saturating_add(self.args.len());
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let hash = prices.hash.saturating_add(prices.hash_byte.saturating_mul(bytes));
        sets.into_iter().fold(hash, |gas, set| {
            let entries = prices.read.saturating_mul(set.members_max.into());
            gas.saturating_add(set.read_gas(schedule)).saturating_add(entries)
        })
    }
}

/// How a call stands with one set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Quorum {
    pub(crate) role: u16,
    /// Approvals that count.
    pub(crate) found: usize,
    pub(crate) needed: usize,
}

impl Quorum {
    pub(crate) const fn is_met(&self) -> bool {
        self.found >= self.needed
    }
}

/// Approvals of a call as it is made: counted once, before anything of it runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Approvals {
    pub(crate) call: Hash,
    pub(crate) quorums: Vec<Quorum>,
    /// Members who have approved it, whether that counts or not: what goes when the call is made.
    given: Vec<AccountId>,
}

impl Approvals {
    /// Counts the approvals of a call by each of `sets`. The caller has charged [`Call::count_gas`].
    pub(crate) fn count<'s>(
        state: &mut Overlay<'_>,
        block: &BlockInfo,
        call: Call<'_>,
        sets: impl IntoIterator<Item = Set<'s>>,
    ) -> Result<Self, ExecutionError> {
        let hash = call_hash(call.address, call.method.as_bytes(), call.args, call.value);
        let mut approvals = Self { call: hash, quorums: Vec::new(), given: Vec::new() };
        for set in sets {
            let mut found = 0_usize;
            for member in set.members(state, call.address)? {
                let Some(given) = given_at(state, call.address, &hash, &member.account)? else { continue };
                found = found.saturating_add(usize::from(counts(&set, &member, given, block.height.0)));
                if !approvals.given.contains(&member.account) {
                    approvals.given.push(member.account);
                }
            }
            let needed = usize::from(set.threshold);
            approvals.quorums.push(Quorum { role: set.role.id, found, needed });
        }
        Ok(approvals)
    }

    /// How the call stands with the set.
    pub(crate) fn quorum(&self, role: u16) -> Option<&Quorum> {
        self.quorums.iter().find(|quorum| quorum.role == role)
    }

    /// What is missing, in words: "call 0x… has 1 of 2 approvals of role `council`".
    pub(crate) fn missing(&self, contract: &Contract) -> String {
        let missing = self.quorums.iter().filter(|quorum| !quorum.is_met()).map(|quorum| {
            let name = contract.manifest.role(quorum.role).map_or("", |role| role.name.as_str());
            format!("{} of {} approvals of role `{name}`", quorum.found, quorum.needed)
        });
        format!("call {} has {}", self.call, missing.collect::<Vec<String>>().join(", and "))
    }

    /// What using the approvals up costs: of each, its entry and its payer's account, read and written.
    pub(crate) fn spend_gas(&self, schedule: &Schedule) -> u64 {
        let prices = &schedule.host;
        let each = prices.read.saturating_add(prices.write).saturating_mul(2);
        each.saturating_mul(u64::try_from(self.given.len()).unwrap_or(u64::MAX))
    }

    /// Uses all approvals of the call up: their deposits go back. The caller has charged [`Approvals::spend_gas`], and
    /// rolls back if the call fails.
    pub(crate) fn spend(&self, state: &mut Overlay<'_>, address: &AccountId) -> Result<(), ExecutionError> {
        for member in &self.given {
            state.delete_entry(address, reserved::APPROVALS, &approval_key(&self.call, member))?;
        }
        Ok(())
    }
}

/// Whether an approval of a member counts for his set.
fn counts(set: &Set<'_>, member: &SetMember, given: u64, height: u64) -> bool {
    given >= member.since && height <= given.saturating_add(set.approval_blocks.into())
}

/// Height at which `account` approved the call, if he did.
fn given_at(
    state: &mut Overlay<'_>,
    address: &AccountId,
    call: &Hash,
    account: &AccountId,
) -> Result<Option<u64>, ExecutionError> {
    let entry = state.entry(address, reserved::APPROVALS, &approval_key(call, account))?;
    let Some(entry) = entry else { return Ok(None) };
    let height = <[u8; 8]>::try_from(entry.value.as_slice()).map(u64::from_le_bytes);
    height.map(Some).map_err(|_| Fault::text("an approval in state has no height").into())
}

/// Runs a host-owned method of approvals. Charged before it is done; the caller rolls back on an error.
///
/// # Cost
/// `$approve`: `Σ (read + byte × 40 × members_max)` of all sets, `read + write + new` of the entry;
/// `$approve.revoke`: `2 × (read + write)`.
///
/// # Errors
/// - [`codes::BAD_ARGUMENTS`] if the argument is no hash.
/// - [`codes::NOT_A_MEMBER`] if the caller is in no set, or not before the next block.
/// - [`codes::ALREADY_APPROVED`] if an approval of his counts still in all of his sets; one that does not is renewed.
/// - [`codes::NO_APPROVAL`] if there is nothing to take back.
pub(crate) fn run_approval_method(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    block: &BlockInfo,
    gas: &mut GasLeft,
    contract: &Contract,
    HostCall { address, caller, args, .. }: HostCall<'_>,
    method: ApprovalMethod,
) -> Result<(), ExecutionError> {
    let prices = &meter.schedule().host;
    let update = prices.read.saturating_add(prices.write);
    let call = Hash(<[u8; 32]>::try_from(args).map_err(|_| {
        let text = format!("32 bytes expected, the hash of a call; {} found", args.len());
        Failure::new(codes::BAD_ARGUMENTS, text)
    })?);
    if method == ApprovalMethod::Revoke {
        gas.charge(update.saturating_mul(2))?;
        let gone = state.delete_entry(address, reserved::APPROVALS, &approval_key(&call, caller))?;
        if !gone {
            return Err(
                Failure::new(codes::NO_APPROVAL, format!("{caller} has not approved call {call}")).into()
            );
        }
        return Ok(());
    }
    let sets = || contract.manifest.roles.iter().filter_map(Set::of);
    let reads = sets().fold(0_u64, |gas, set| gas.saturating_add(set.read_gas(meter.schedule())));
    gas.charge(reads.saturating_add(update).saturating_add(prices.new))?;
    let height = block.height.0;
    let given = given_at(state, address, &call, caller)?;
    // Whether he has a voice, and whether an approval now would count where that of before does not.
    let (mut voice, mut anew, mut since) = (false, false, None);
    for set in sets() {
        let members = set.members(state, address)?;
        let found = position(&members, caller).ok().and_then(|index| members.get(index).copied());
        let Some(member) = found else { continue };
        since = Some(member.since);
        if height >= member.since {
            voice = true;
            anew |= given.is_none_or(|given| !counts(&set, &member, given, height));
        }
    }
    if !voice {
        let text = match since {
            Some(since) => format!("{caller} is a member whose approvals count from height {since} on"),
            None => format!("{caller} is a member of no set of the contract"),
        };
        return Err(Failure::new(codes::NOT_A_MEMBER, text).into());
    }
    if let Some(given) = given.filter(|_| !anew) {
        let text = format!("{caller} approved call {call} at height {given}, which counts still");
        return Err(Failure::new(codes::ALREADY_APPROVED, text).into());
    }
    let deposit = entry_deposit(meter.schedule(), APPROVAL_BYTES)?;
    let key = approval_key(&call, caller);
    state.write_entry(meter, (address, reserved::APPROVALS, &key), height.to_le_bytes().to_vec(), deposit)
}
