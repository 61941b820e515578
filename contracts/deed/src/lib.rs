//! Unique deeds. The host keeps owners; the code says who may move what, and announces it.
#![no_std]

use chainstack_sdk::event::emit;
use chainstack_sdk::unique::{Owner, Unique};
use chainstack_sdk::{AccountId, env, errors, events, methods};

errors! {
    /// Why the code refuses; all else is refused by the declaration.
    pub enum DeedError {
        /// The caller neither owns the deed nor is approved for it.
        NotYours = 1,
        /// The deed does not move.
        Stays = 2,
    }
}

events! {
    /// A deed moved.
    pub struct Transfer = 1 {
        /// From whom; the all-zero account when it was minted.
        from: AccountId,
        /// To whom; the all-zero account when it was burnt.
        to: AccountId,
        /// Which.
        id: u64,
    }
}

/// Deeds by number: soulbound, frozen, approved.
pub const DEEDS: Unique<u64, (bool, bool, AccountId)> = Unique::new(1);

methods! {
    /// Mints a deed.
    fn mint(id: u64, to: AccountId, soulbound: bool) = mint_deed;
    /// Gives a deed away.
    fn transfer(id: u64, to: AccountId) = give;
    /// Lets somebody else move a deed.
    fn approve(id: u64, spender: AccountId) = approve_spender;
    /// Freezes a deed.
    fn freeze(id: u64) = set_frozen;
    /// Lets a deed move again.
    fn unfreeze(id: u64) = set_thawed;
    /// Destroys a deed.
    fn burn(id: u64) = destroy;
    /// Stops all deeds: the host moves the machine.
    fn pause() = nothing_to_do;
    /// Lets deeds move again: as `pause`.
    fn unpause() = nothing_to_do;
    /// Who owns a deed.
    fn owner_of(id: u64) -> Option<AccountId> = owner;
    /// How many deeds an account owns.
    fn balance_of(owner: AccountId) -> u64 = owned;
}

type Result<T> = core::result::Result<T, DeedError>;

fn mint_deed(id: u64, to: AccountId, soulbound: bool) -> Result<()> {
    DEEDS.mint(&id, &to, &(soulbound, false, AccountId::ZERO)).map_err(|_| DeedError::Stays)?;
    emit(&Transfer { from: AccountId::ZERO, to, id });
    Ok(())
}

fn give(id: u64, to: AccountId) -> Result<()> {
    let caller = env::caller();
    let Owner::Account(from) = DEEDS.owner(&id) else { return Err(DeedError::Stays) };
    let approved = DEEDS.get(&id).is_some_and(|(_, _, approved)| approved == caller);
    if from != caller && !approved {
        return Err(DeedError::NotYours);
    }
    DEEDS.give(&id, &to).map_err(|_| DeedError::Stays)?;
    emit(&Transfer { from, to, id });
    Ok(())
}

fn approve_spender(id: u64, spender: AccountId) -> Result<()> {
    change(id, |(soulbound, frozen, _)| (soulbound, frozen, spender))
}

fn set_frozen(id: u64) -> Result<()> {
    change(id, |(soulbound, _, approved)| (soulbound, true, approved))
}

fn set_thawed(id: u64) -> Result<()> {
    change(id, |(soulbound, _, approved)| (soulbound, false, approved))
}

fn change(id: u64, with: impl FnOnce((bool, bool, AccountId)) -> (bool, bool, AccountId)) -> Result<()> {
    if let Some(deed) = DEEDS.get(&id) {
        DEEDS.set(&id, &with(deed));
    }
    Ok(())
}

fn destroy(id: u64) -> Result<()> {
    DEEDS.burn(&id);
    emit(&Transfer { from: env::caller(), to: AccountId::ZERO, id });
    Ok(())
}

fn nothing_to_do() -> Result<()> {
    Ok(())
}

fn owner(id: u64) -> Result<Option<AccountId>> {
    match DEEDS.owner(&id) {
        Owner::Account(owner) => Ok(Some(owner)),
        Owner::None | Owner::Escrowed => Ok(None),
    }
}

fn owned(owner: AccountId) -> Result<u64> {
    Ok(DEEDS.owned(&owner))
}
