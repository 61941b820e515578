//! Set roles: their members, which the host keeps, and the methods by which an admin changes them.
//!
//! | method | arguments | who | what |
//! | --- | --- | --- | --- |
//! | `$role.add` | `(role u16, member account)` | the set's admin | takes the account in |
//! | `$role.remove` | `(role u16, member account)` | the set's admin | puts the account out |
//!
//! A set has one entry, of all its members in ascending order; its deposit is that of the greatest number of them.

use chainstack_primitives::{
    AccountId, codes,
    manifest::{ROLE_ADD, ROLE_REMOVE, Role, RoleKind, Type, TypeKind},
};
use chainstack_runtime::{
    block::BlockInfo,
    params::Schedule,
    ports::{ExecutionError, Failure, Fault},
    state::{Overlay, reserved, reserved::SetMember},
    transaction::Meter,
};
use parity_scale_codec::{DecodeAll as _, Encode as _};

use super::{contract::Contract, frame::Spans};
use crate::budget::entry_deposit;

/// Size of one member in the entry.
const MEMBER_BYTES: u32 = 40;
/// Size of the key, and of the count before the members.
const SET_BYTES: u32 = 4;

/// A host-owned method of sets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SetMethod {
    Add,
    Remove,
}

impl SetMethod {
    /// The method called `name`.
    pub(crate) fn find(name: &str) -> Option<Self> {
        match name {
            ROLE_ADD => Some(Self::Add),
            ROLE_REMOVE => Some(Self::Remove),
            _ => None,
        }
    }
}

/// A set role as it is declared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Set<'m> {
    pub(crate) role: &'m Role,
    initial: u8,
    pub(crate) members_max: u8,
    pub(crate) threshold: u8,
    pub(crate) approval_blocks: u32,
    pub(crate) admin: Option<u16>,
}

impl<'m> Set<'m> {
    /// The declaration of a set; none of a role that is no set.
    pub(crate) const fn of(role: &'m Role) -> Option<Self> {
        match role.kind {
            RoleKind::Set { initial, members_max, threshold, approval_blocks, admin } => {
                Some(Self { role, initial, members_max, threshold, approval_blocks, admin })
            }
            _ => None,
        }
    }

    /// The set with this id.
    pub(crate) fn find(contract: &'m Contract, id: u16) -> Option<Self> {
        contract.manifest.role(id).and_then(Self::of)
    }

    /// Greatest size of its entry's value.
    pub(crate) fn bytes_max(&self) -> u32 {
        u32::from(self.members_max).saturating_mul(MEMBER_BYTES)
    }

    /// What reading the members costs.
    pub(crate) fn read_gas(&self, schedule: &Schedule) -> u64 {
        let prices = &schedule.host;
        prices.read.saturating_add(prices.byte.saturating_mul(self.bytes_max().into()))
    }

    /// What reading the members and writing them costs.
    pub(crate) fn change_gas(&self, schedule: &Schedule) -> u64 {
        let prices = &schedule.host;
        let written = prices.write_byte.saturating_mul(self.bytes_max().into());
        self.read_gas(schedule).saturating_add(prices.write).saturating_add(written)
    }

    /// Its members now, ascending.
    ///
    /// # Errors
    /// A fault if state has no such list: instantiation or an upgrade wrote it.
    pub(crate) fn members(
        &self,
        state: &mut Overlay<'_>,
        address: &AccountId,
    ) -> Result<Vec<SetMember>, ExecutionError> {
        let entry = state.entry(address, reserved::SETS, &self.role.id.to_le_bytes())?;
        let members = entry.and_then(|entry| Vec::decode_all(&mut entry.value.as_slice()).ok());
        members.ok_or_else(|| Fault::text("the members of a set are missing in state").into())
    }

    /// Whether `account` is a member now.
    pub(crate) fn contains(
        &self,
        state: &mut Overlay<'_>,
        address: &AccountId,
        account: &AccountId,
    ) -> Result<bool, ExecutionError> {
        Ok(position(&self.members(state, address)?, account).is_ok())
    }

    fn write(
        &self,
        state: &mut Overlay<'_>,
        meter: &Meter<'_>,
        address: &AccountId,
        members: &[SetMember],
    ) -> Result<(), ExecutionError> {
        let deposit = entry_deposit(meter.schedule(), self.bytes_max().saturating_add(SET_BYTES))?;
        let key = self.role.id.to_le_bytes();
        state.write_entry(meter, (address, reserved::SETS, &key), members.encode(), deposit)
    }
}

/// Where `account` stands among ascending members, or would.
pub(super) fn position(members: &[SetMember], account: &AccountId) -> Result<usize, usize> {
    members.binary_search_by(|member| member.account.cmp(account))
}

/// Opens a set with the members that its parameter names.
///
/// # Errors
/// - [`codes::ZERO_ADDRESS`] if one is the all-zero key.
/// - [`codes::BAD_MEMBERS`] if one stands there twice, or if they are fewer than the threshold or more than the set takes.
pub(crate) fn open_set(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    contract: &Contract,
    address: &AccountId,
    set: &Set<'_>,
    (params, spans): (&[u8], &Spans),
) -> Result<(), ExecutionError> {
    let bad = |text: String| Failure::new(codes::BAD_MEMBERS, format!("role `{}`: {text}", set.role.name));
    let declared = contract.manifest.params.get(usize::from(set.initial)).map(|param| param.ty);
    let list = declared.and_then(|ty| contract.manifest.definition(&ty)).map(|definition| &definition.kind);
    debug_assert!(matches!(list, Some(TypeKind::List { of: Type::Account, .. })), "admission has seen to it");
    let mut bytes = spans.get(params, usize::from(set.initial)).unwrap_or_default();
    let mut accounts = Vec::<AccountId>::decode_all(&mut bytes)
        .map_err(|_| Fault::text("a parameter is not of its declared type"))?;
    if accounts.iter().any(AccountId::is_zero) {
        let text = format!("role `{}`: the all-zero key cannot be a member", set.role.name);
        return Err(Failure::new(codes::ZERO_ADDRESS, text).into());
    }
    let (found, least, most) = (accounts.len(), set.threshold, set.members_max);
    if found < usize::from(least) || found > usize::from(most) {
        return Err(bad(format!("{found} members found, {least} to {most} expected")).into());
    }
    accounts.sort_unstable();
    if let Some([twice, _]) = accounts.array_windows().find(|[one, next]| one == next) {
        return Err(bad(format!("member {twice} stands there twice")).into());
    }
    let members: Vec<SetMember> =
        accounts.into_iter().map(|account| SetMember { account, since: 0 }).collect();
    set.write(state, meter, address, &members)
}

/// The set that the arguments of a method name, and the account.
///
/// # Errors
/// [`codes::BAD_ARGUMENTS`].
pub(super) fn named_set<'m>(contract: &'m Contract, args: &[u8]) -> Result<(Set<'m>, AccountId), Failure> {
    let bad = |text: String| Failure::new(codes::BAD_ARGUMENTS, text);
    let parts = args.split_first_chunk::<2>();
    let parts =
        parts.and_then(|(id, rest)| Some((u16::from_le_bytes(*id), <[u8; 32]>::try_from(rest).ok()?)));
    let (id, account) =
        parts.ok_or_else(|| bad(format!("34 bytes of arguments expected, {} found", args.len())))?;
    let set = Set::find(contract, id).ok_or_else(|| bad(format!("no set role has id {id}")))?;
    Ok((set, AccountId(account)))
}

/// Changes the members of a set for its admin, who has been asked for. The caller has charged
/// [`Set::change_gas`], and rolls back on an error.
///
/// # Errors
/// - [`codes::ALREADY_A_MEMBER`], [`codes::SET_FULL`], [`codes::ZERO_ADDRESS`] of who is to be taken in.
/// - [`codes::NOT_A_MEMBER`], [`codes::SET_AT_THRESHOLD`] of who is to be put out.
pub(super) fn change_set(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    block: &BlockInfo,
    address: &AccountId,
    set: &Set<'_>,
    method: SetMethod,
    account: AccountId,
) -> Result<(), ExecutionError> {
    let name = &set.role.name;
    let refuse = |code: u16, text: String| ExecutionError::from(Failure::new(code, text));
    let mut members = set.members(state, address)?;
    let found = position(&members, &account);
    match (method, found) {
        (SetMethod::Add, _) if account.is_zero() => {
            return Err(refuse(
                codes::ZERO_ADDRESS,
                format!("role `{name}`: the all-zero key cannot be a member"),
            ));
        }
        (SetMethod::Add, Ok(_)) => {
            return Err(refuse(codes::ALREADY_A_MEMBER, format!("{account} is a member of role `{name}`")));
        }
        (SetMethod::Add, Err(index)) => {
            if members.len() >= usize::from(set.members_max) {
                let text = format!("role `{name}` has {} members, its most", members.len());
                return Err(refuse(codes::SET_FULL, text));
            }
            members.insert(index, SetMember { account, since: block.height.0.saturating_add(1) });
        }
        (SetMethod::Remove, Err(_)) => {
            return Err(refuse(codes::NOT_A_MEMBER, format!("{account} is no member of role `{name}`")));
        }
        (SetMethod::Remove, Ok(index)) => {
            if members.len() <= usize::from(set.threshold) {
                let text = format!(
                    "role `{name}` has {} members, its threshold is {}",
                    members.len(),
                    set.threshold
                );
                return Err(refuse(codes::SET_AT_THRESHOLD, text));
            }
            members.remove(index);
        }
    }
    set.write(state, meter, address, &members)
}
