//! Account roles: who holds them, and the host-owned methods by which they change hands.
//!
//! | method | arguments | who | what |
//! | --- | --- | --- | --- |
//! | `$role.offer` | `(role u16, to account)` | the holder | offers the role; a later offer replaces it |
//! | `$role.accept` | `(role u16)` | who it was offered to | takes it over |
//! | `$role.renounce` | `(role u16)` | the holder | nobody holds it, for ever |

use chainstack_primitives::{
    AccountId, codes,
    manifest::{CallerRule, ItemField, ROLE_ACCEPT, ROLE_OFFER, ROLE_RENOUNCE, Role, RoleInitial, RoleKind},
};
use chainstack_runtime::{
    ports::{ExecutionError, Failure},
    state::{Overlay, reserved},
    transaction::Meter,
};

use super::{
    contract::Contract,
    facts::Place,
    frame::{Frame, Spans},
    item::account_of,
    set::{Set, open_set},
};
use crate::budget::entry_deposit;

/// Greatest size of key and value of a role's entry.
const ROLE_BYTES: u32 = 34;

/// A host-owned method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RoleMethod {
    Offer,
    Accept,
    Renounce,
}

impl RoleMethod {
    /// The host-owned method called `name`.
    pub(crate) fn find(name: &str) -> Option<Self> {
        match name {
            ROLE_OFFER => Some(Self::Offer),
            ROLE_ACCEPT => Some(Self::Accept),
            ROLE_RENOUNCE => Some(Self::Renounce),
            _ => None,
        }
    }
}

/// Who holds the role; nobody if it is vacant.
pub(crate) fn holder(
    state: &mut Overlay<'_>,
    contract: &AccountId,
    role: u16,
) -> Result<Option<AccountId>, ExecutionError> {
    account_under(state, contract, reserved::ROLES, role)
}

fn account_under(
    state: &mut Overlay<'_>,
    contract: &AccountId,
    cell: u16,
    role: u16,
) -> Result<Option<AccountId>, ExecutionError> {
    let entry = state.entry(contract, cell, &role.to_le_bytes())?;
    Ok(entry.and_then(|entry| <[u8; 32]>::try_from(entry.value.as_slice()).ok()).map(AccountId))
}

/// Who holds a role where an expression or caller rule asks: of the contract, or of the bound item.
pub(super) fn holder_at(
    state: &mut Overlay<'_>,
    at: Place<'_>,
    id: u16,
) -> Result<Option<AccountId>, ExecutionError> {
    match at.contract.manifest.role(id).map(|role| &role.kind) {
        Some(RoleKind::Item { field: ItemField::Head(field), .. }) => {
            let named = at.item.and_then(|(cell, item)| item.head_field(cell, *field));
            let named = named.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()).map(AccountId);
            Ok(named.filter(|account| !account.is_zero()))
        }
        Some(RoleKind::Item { field: ItemField::Owner, .. }) => {
            Ok(at.item.and_then(|(cell, item)| item.holder(cell)).and_then(account_of))
        }
        _ => holder(state, at.address, id),
    }
}

/// Whether `caller` holds a role where an expression asks: of the contract, of the bound item, or as a member of a set.
pub(super) fn holds(state: &mut Overlay<'_>, at: Place<'_>, id: u16) -> Result<bool, ExecutionError> {
    match Set::find(at.contract, id) {
        Some(set) => set.contains(state, at.address, at.caller),
        None => Ok(holder_at(state, at, id)? == Some(*at.caller)),
    }
}

/// Who is found where a caller is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Holder {
    Account(AccountId),
    Set,
    Nobody,
}

/// Checks that the caller may take a transition.
///
/// # Errors
/// [`codes::WRONG_CALLER`], or [`codes::ROLE_VACANT`] if nobody holds what is asked for.
pub(super) fn check_caller(
    state: &mut Overlay<'_>,
    at: Place<'_>,
    rule: &CallerRule,
    is_signer: bool,
) -> Result<(), ExecutionError> {
    let (contract, caller) = (at.contract, at.caller);
    let roles = match rule {
        CallerRule::Any => return Ok(()),
        CallerRule::Signer if is_signer => return Ok(()),
        CallerRule::Signer => {
            let text = format!("the signer of the transaction expected, contract {caller} found");
            return Err(Failure::new(codes::WRONG_CALLER, text).into());
        }
        CallerRule::Roles(roles) => roles,
    };
    let mut expected = Vec::new();
    for role in roles {
        if let Some(set) = Set::find(contract, *role) {
            if set.contains(state, at.address, caller)? {
                return Ok(());
            }
            expected.push((role_name(contract, *role), Holder::Set));
            continue;
        }
        match holder_at(state, at, *role)? {
            Some(holder) if holder == *caller => return Ok(()),
            Some(holder) => expected.push((role_name(contract, *role), Holder::Account(holder))),
            None => expected.push((role_name(contract, *role), Holder::Nobody)),
        }
    }
    if expected.iter().all(|(_, holder)| *holder == Holder::Nobody) {
        let names: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
        return Err(Failure::new(codes::ROLE_VACANT, format!("nobody holds {}", names.join(", "))).into());
    }
    let held = expected.iter().map(|(name, holder)| match holder {
        Holder::Account(holder) => format!("{name} held by {holder}"),
        Holder::Set => format!("a member of {name}"),
        Holder::Nobody => format!("{name} held by nobody"),
    });
    let text = format!("caller {caller} found, expected {}", held.collect::<Vec<String>>().join(" or "));
    Err(Failure::new(codes::WRONG_CALLER, text).into())
}

fn role_name(contract: &Contract, role: u16) -> String {
    contract
        .manifest
        .role(role)
        .map_or_else(|| format!("role {role}"), |role| format!("role `{}`", role.name))
}

/// Sets the first holders of those roles of a contract that are `wanted`.
///
/// # Errors
/// [`codes::ZERO_ADDRESS`] if a parameter names the all-zero key, and what [`open_set`] refuses.
pub(crate) fn set_initial_roles(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    contract: &Contract,
    address: &AccountId,
    creator: &AccountId,
    (params, spans): (&[u8], &Spans),
    wanted: impl Fn(u16) -> bool,
) -> Result<(), ExecutionError> {
    for role in contract.manifest.roles.iter().filter(|role| wanted(role.id)) {
        if let Some(set) = Set::of(role) {
            open_set(state, meter, contract, address, &set, (params, spans))?;
        }
        let RoleKind::Account { initial, .. } = role.kind else { continue };
        let first = match initial {
            RoleInitial::Signer => Some(*creator),
            RoleInitial::Param(index) => first_holder(spans.get(params, usize::from(index))),
        };
        let Some(first) = first else { continue };
        refuse_zero(&first)?;
        set(state, meter, address, reserved::ROLES, role.id, &first)?;
    }
    Ok(())
}

/// Forgets who held a role that is no more: the holder, an offer, the members of a set.
pub(super) fn close_role(
    state: &mut Overlay<'_>,
    address: &AccountId,
    role: u16,
) -> Result<(), ExecutionError> {
    for cell in [reserved::ROLES, reserved::ROLE_OFFERS, reserved::SETS] {
        state.delete_entry(address, cell, &role.to_le_bytes())?;
    }
    Ok(())
}

/// An account, or an optional one: admission of the manifest has checked the type.
fn first_holder(value: Option<&[u8]>) -> Option<AccountId> {
    let account = match value? {
        [1, account @ ..] if account.len() == 32 => account,
        plain => plain,
    };
    <[u8; 32]>::try_from(account).ok().map(AccountId)
}

fn refuse_zero(account: &AccountId) -> Result<(), Failure> {
    if account.is_zero() {
        return Err(Failure::new(codes::ZERO_ADDRESS, "the all-zero key cannot hold a role"));
    }
    Ok(())
}

fn set(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    address: &AccountId,
    cell: u16,
    role: u16,
    account: &AccountId,
) -> Result<(), ExecutionError> {
    let deposit = entry_deposit(meter.schedule(), ROLE_BYTES)?;
    state.write_entry(meter, (address, cell, &role.to_le_bytes()), account.0.to_vec(), deposit)
}

/// Runs a host-owned method. The caller has charged for it and rolls back on an error.
///
/// # Errors
/// - [`codes::BAD_ARGUMENTS`] if the arguments are not the declared types or name no account role.
/// - [`codes::UNKNOWN_METHOD`] if the role cannot be handed over.
/// - [`codes::ROLE_VACANT`], [`codes::WRONG_CALLER`], [`codes::NOT_OFFERED`], [`codes::ZERO_ADDRESS`].
pub(crate) fn run_role_method(
    state: &mut Overlay<'_>,
    meter: &Meter<'_>,
    contract: &Contract,
    address: &AccountId,
    caller: &AccountId,
    method: RoleMethod,
    args: &[u8],
) -> Result<(), ExecutionError> {
    let (id, to) = arguments(method, args)?;
    let role = contract.manifest.role(id);
    let Some((role, RoleKind::Account { transferable, .. })) = role.map(|role| (role, &role.kind)) else {
        return Err(Failure::new(codes::BAD_ARGUMENTS, format!("no account role has id {id}")).into());
    };
    match method {
        RoleMethod::Offer => {
            require_holder(state, address, role, caller)?;
            if !*transferable {
                let text = format!("role `{}` cannot be handed over", role.name);
                return Err(Failure::new(codes::UNKNOWN_METHOD, text).into());
            }
            refuse_zero(&to)?;
            set(state, meter, address, reserved::ROLE_OFFERS, id, &to)
        }
        RoleMethod::Accept => {
            let offered = account_under(state, address, reserved::ROLE_OFFERS, id)?;
            if offered != Some(*caller) {
                let found = offered.map_or_else(|| "nobody".to_owned(), |account| account.to_string());
                let text = format!("role `{}` is offered to {found}, caller is {caller}", role.name);
                return Err(Failure::new(codes::NOT_OFFERED, text).into());
            }
            state.delete_entry(address, reserved::ROLE_OFFERS, &id.to_le_bytes())?;
            set(state, meter, address, reserved::ROLES, id, caller)
        }
        RoleMethod::Renounce => {
            require_holder(state, address, role, caller)?;
            state.delete_entry(address, reserved::ROLE_OFFERS, &id.to_le_bytes())?;
            state.delete_entry(address, reserved::ROLES, &id.to_le_bytes())?;
            Ok(())
        }
    }
}

/// Refuses whoever does not hold an account role.
pub(super) fn require_holder(
    state: &mut Overlay<'_>,
    address: &AccountId,
    role: &Role,
    caller: &AccountId,
) -> Result<(), ExecutionError> {
    match holder(state, address, role.id)? {
        Some(holder) if holder == *caller => Ok(()),
        Some(holder) => {
            let text = format!("role `{}` is held by {holder}, caller is {caller}", role.name);
            Err(Failure::new(codes::WRONG_CALLER, text).into())
        }
        None => Err(Failure::new(codes::ROLE_VACANT, format!("nobody holds role `{}`", role.name)).into()),
    }
}

fn arguments(method: RoleMethod, args: &[u8]) -> Result<(u16, AccountId), Failure> {
    let expected = if method == RoleMethod::Offer { 34 } else { 2 };
    let id = args.first_chunk::<2>().filter(|_| args.len() == expected);
    let Some(id) = id else {
        let text = format!("{expected} bytes of arguments expected, {} found", args.len());
        return Err(Failure::new(codes::BAD_ARGUMENTS, text));
    };
    let to = args.get(2..).and_then(|rest| <[u8; 32]>::try_from(rest).ok()).map(AccountId);
    Ok((u16::from_le_bytes(*id), to.unwrap_or_default()))
}

/// The holder of an account role that the frame's contract declares.
///
/// # Errors
/// [`codes::BAD_HOST_ARGUMENT`] if there is no such role.
pub(crate) fn declared_holder(
    state: &mut Overlay<'_>,
    frame: &Frame,
    role: u32,
) -> Result<Option<AccountId>, ExecutionError> {
    let id = u16::try_from(role).ok().filter(|id| frame.contract.manifest.role(*id).is_some());
    match id {
        Some(id) => holder(state, &frame.address, id),
        None => Err(Failure::new(codes::BAD_HOST_ARGUMENT, format!("role id {role} is not declared")).into()),
    }
}
