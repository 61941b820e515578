//! Methods that the host answers itself, for every contract: which there are, and who may act by a role in them.

use chainstack_primitives::{AccountId, Amount, codes, manifest::Role};
use chainstack_runtime::{
    block::BlockInfo,
    ports::{ExecutionError, Failure},
    state::Overlay,
    transaction::Meter,
};

use super::{
    approval::{ApprovalMethod, Approvals, Call},
    contract::Contract,
    role::{RoleMethod, require_holder},
    set::{Set, SetMethod, change_set, named_set},
    upgrade::UpgradeMethod,
};
use crate::budget::GasLeft;

/// A method that the host owns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum HostMethod {
    Role(RoleMethod),
    Set(SetMethod),
    Approval(ApprovalMethod),
    Upgrade(UpgradeMethod),
}

impl HostMethod {
    /// The method called `name`.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let role = RoleMethod::find(name).map(Self::Role);
        role.or_else(|| SetMethod::find(name).map(Self::Set))
            .or_else(|| ApprovalMethod::find(name).map(Self::Approval))
            .or_else(|| UpgradeMethod::find(name).map(Self::Upgrade))
    }
}

/// A call of a host-owned method, and who makes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct HostCall<'c> {
    pub(crate) address: &'c AccountId,
    pub(crate) caller: &'c AccountId,
    pub(crate) name: &'c str,
    pub(crate) args: &'c [u8],
}

/// Checks that a host-owned method is called by a role: its holder, or a member of a set whose threshold has approved
/// exactly this call. Charged before it is done; the approvals are used up.
///
/// # Cost
/// Of an account role, `read`. Of a set, [`Call::count_gas`] and [`Approvals::spend_gas`], and the list of members.
///
/// # Errors
/// - [`codes::WRONG_CALLER`], [`codes::ROLE_VACANT`] of an account role.
/// - [`codes::NOT_A_MEMBER`], [`codes::NOT_APPROVED`] of a set.
pub(crate) fn act_by_role(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    block: &BlockInfo,
    gas: &mut GasLeft,
    contract: &Contract,
    call: HostCall<'_>,
    role: &Role,
) -> Result<(), ExecutionError> {
    let schedule = meter.schedule();
    let Some(set) = Set::of(role) else {
        gas.charge(schedule.host.read)?;
        return require_holder(state, call.address, role, call.caller);
    };
    let wanted = Call { address: call.address, method: call.name, args: call.args, value: Amount::ZERO };
    gas.charge(set.read_gas(schedule).saturating_add(wanted.count_gas(schedule, [set])))?;
    if !set.contains(state, call.address, call.caller)? {
        let text = format!("{} is no member of role `{}`", call.caller, role.name);
        return Err(Failure::new(codes::NOT_A_MEMBER, text).into());
    }
    let approvals = Approvals::count(state, block, wanted, [set])?;
    if !approvals.quorums.iter().all(super::approval::Quorum::is_met) {
        return Err(Failure::new(codes::NOT_APPROVED, approvals.missing(contract)).into());
    }
    gas.charge(approvals.spend_gas(schedule))?;
    approvals.spend(state, call.address)
}

/// Runs a host-owned method that changes the members of a set. Charged before it is done; the caller rolls back on an
/// error.
///
/// # Cost
/// What [`act_by_role`] costs for the admin, and `read + write + (byte + write_byte) × 40 × members_max`.
///
/// # Errors
/// - [`codes::BAD_ARGUMENTS`] if the arguments name no set.
/// - [`codes::SET_FIXED`] if the set has no admin.
/// - What [`act_by_role`] and [`change_set`] refuse.
pub(crate) fn run_set_method(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    block: &BlockInfo,
    gas: &mut GasLeft,
    contract: &Contract,
    call: HostCall<'_>,
    method: SetMethod,
) -> Result<(), ExecutionError> {
    let (set, account) = named_set(contract, call.args)?;
    let Some(admin) = set.admin.and_then(|id| contract.manifest.role(id)) else {
        let text = format!("role `{}` has no admin", set.role.name);
        return Err(Failure::new(codes::SET_FIXED, text).into());
    };
    act_by_role(state, meter, block, gas, contract, call, admin)?;
    gas.charge(set.change_gas(meter.schedule()))?;
    change_set(state, meter, block, call.address, &set, method, account)
}
