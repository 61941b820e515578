//! The host's functions over the [`World`] of the thread, with the signatures of `raw.rs`.

use std::panic::resume_unwind;

use super::World;
use super::world::Reverted;
use crate::status::{BALANCE_OVERFLOW, INSUFFICIENT_BALANCE, OK};

pub(super) fn run(method: extern "C-unwind" fn()) {
    method();
}

fn copy(bytes: &[u8], out: &mut [u8]) -> i32 {
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    i32::try_from(bytes.len()).unwrap_or(i32::MAX)
}

pub(crate) fn input(out: &mut [u8]) -> i32 {
    World::with(|world| copy(&world.input, out))
}

pub(crate) fn output(bytes: &[u8]) {
    World::with(|world| world.output = bytes.to_vec());
}

pub(crate) fn result(_: &mut [u8]) -> i32 {
    absent("result")
}

pub(crate) fn revert(code: u16, fields: &[u8]) -> ! {
    resume_unwind(std::boxed::Box::new(Reverted(code, fields.to_vec())))
}

pub(crate) fn caller() -> [u8; 32] {
    World::with(|world| world.caller.0)
}

pub(crate) fn origin() -> [u8; 32] {
    caller()
}

pub(crate) fn self_address() -> [u8; 32] {
    World::with(|world| world.contract.0)
}

pub(crate) fn value() -> [u8; 16] {
    World::with(|world| world.value.0.to_le_bytes())
}

pub(crate) fn balance() -> [u8; 16] {
    World::with(|world| world.balance.0.to_le_bytes())
}

pub(crate) fn height() -> u64 {
    World::with(|world| world.height)
}

pub(crate) fn time_ms() -> u64 {
    World::with(|world| world.time_ms)
}

pub(crate) fn gas_left() -> u64 {
    absent("gas_left")
}

pub(crate) fn chain() -> [u8; 32] {
    [0xca; 32]
}

pub(crate) fn param(index: u8, out: &mut [u8]) -> i32 {
    World::with(|world| match world.params.get(usize::from(index)) {
        Some(param) => copy(param, out),
        None => panic!("the world has no parameter {index}"),
    })
}

pub(crate) fn role(role: u16) -> Option<[u8; 32]> {
    World::with(|world| world.roles.get(&role).map(|holder| holder.0))
}

pub(crate) fn cell_get(cell: u16, key: &[u8], out: &mut [u8]) -> i32 {
    World::with(|world| world.entries.get(&(cell, key.to_vec())).map_or(-1, |entry| copy(entry, out)))
}

pub(crate) fn cell_set(cell: u16, key: &[u8], value: &[u8]) {
    World::with(|world| world.entries.insert((cell, key.to_vec()), value.to_vec()));
}

pub(crate) fn cell_delete(cell: u16, key: &[u8]) -> bool {
    World::with(|world| world.entries.remove(&(cell, key.to_vec())).is_some())
}

pub(crate) fn cell_count(cell: u16) -> u64 {
    World::with(|world| {
        let entries = world.entries.keys().chain(world.balances.keys());
        entries.filter(|(id, _)| *id == cell).count() as u64
    })
}

pub(crate) fn cell_sum(cell: u16, _: u8) -> u128 {
    World::with(|world| {
        let of_cell = world.balances.iter().filter(|((id, _), _)| *id == cell);
        of_cell.fold(0u128, |sum, (_, balance)| match sum.checked_add(*balance) {
            Some(sum) => sum,
            None => panic!("SumOverflow"),
        })
    })
}

pub(crate) fn ledger_get(cell: u16, key: &[u8]) -> u128 {
    World::with(|world| balance_of(world, cell, key))
}

fn balance_of(world: &World, cell: u16, key: &[u8]) -> u128 {
    world.balances.get(&(cell, key.to_vec())).copied().unwrap_or(0)
}

fn put(world: &mut World, cell: u16, key: &[u8], balance: u128) {
    if balance == 0 {
        world.balances.remove(&(cell, key.to_vec()));
    } else {
        world.balances.insert((cell, key.to_vec()), balance);
    }
}

pub(crate) fn ledger_add(cell: u16, key: &[u8], amount: u128) -> u32 {
    World::with(|world| match balance_of(world, cell, key).checked_add(amount) {
        None => BALANCE_OVERFLOW,
        Some(balance) => {
            put(world, cell, key, balance);
            OK
        }
    })
}

pub(crate) fn ledger_sub(cell: u16, key: &[u8], amount: u128) -> u32 {
    World::with(|world| match balance_of(world, cell, key).checked_sub(amount) {
        None => INSUFFICIENT_BALANCE,
        Some(balance) => {
            put(world, cell, key, balance);
            OK
        }
    })
}

pub(crate) fn ledger_move(cell: u16, from: &[u8], to: &[u8], amount: u128) -> u32 {
    World::with(|world| {
        let Some(left) = balance_of(world, cell, from).checked_sub(amount) else {
            return INSUFFICIENT_BALANCE;
        };
        if from == to {
            return OK;
        }
        let Some(credited) = balance_of(world, cell, to).checked_add(amount) else {
            return BALANCE_OVERFLOW;
        };
        put(world, cell, from, left);
        put(world, cell, to, credited);
        OK
    })
}

pub(crate) fn state(machine: u16, key: &[u8]) -> i32 {
    World::with(|world| world.states.get(&(machine, key.to_vec())).map_or(-1, |state| i32::from(*state)))
}

pub(crate) fn emit(event: u16, fields: &[u8]) {
    World::with(|world| world.events.push((event, fields.to_vec())));
}

fn absent(what: &str) -> ! {
    panic!("the host in memory has no `{what}`: write a scenario")
}

macro_rules! absent {
    ($(fn $name:ident($($arg:ty),*) -> $returns:ty;)*) => {
        $(pub(crate) fn $name($(_: $arg),*) -> $returns {
            absent(stringify!($name))
        })*
    };
}

absent! {
    fn transition(u16, u8) -> ();
    fn escrow_in(u16, &[u8], u128) -> u32;
    fn escrow_asset_in(u16, &[u8], &[u8; 32], u32, &[u8]) -> u32;
    fn escrow_out(u16, &[u8], &[u8; 32], u128) -> u32;
    fn unique_mint(u16, &[u8], &[u8; 32], &[u8]) -> u32;
    fn unique_move(u16, &[u8], &[u8; 32]) -> u32;
    fn unique_owner(u16, &[u8]) -> (u32, [u8; 32]);
    fn unique_count(u16, &[u8; 32]) -> u64;
    fn escrowed(u16, &[u8]) -> u128;
    fn transfer(&[u8; 32], u128) -> u32;
    fn invoke(&[u8; 32], &str, &[u8], u128, u64) -> u32;
    fn notify(&[u8; 32], &str, &[u8], &[u8]) -> ();
    fn keccak256(&[u8]) -> [u8; 32];
    fn sha3_256(&[u8]) -> [u8; 32];
    fn blake2b_256(&[u8]) -> [u8; 32];
    fn sr25519_verify(&[u8; 32], &[u8; 64], &[u8]) -> bool;
    fn ed25519_verify(&[u8; 32], &[u8; 64], &[u8]) -> bool;
    fn ecdsa_recover(&[u8; 32], &[u8; 65]) -> Option<[u8; 64]>;
}
