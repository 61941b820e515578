//! In place of the host where there is none: a native build without the feature `testing` compiles, and panics
//! when a contract is run.

macro_rules! absent {
    ($(fn $name:ident($($arg:ty),*) $(-> $returns:ty)?;)*) => {
        $(pub(crate) fn $name($(_: $arg),*) $(-> $returns)? {
            panic!("host functions exist on chain only: enable the feature `testing` to run contracts natively")
        })*
    };
}

absent! {
    fn input(&mut [u8]) -> i32;
    fn output(&[u8]);
    fn result(&mut [u8]) -> i32;
    fn caller() -> [u8; 32];
    fn origin() -> [u8; 32];
    fn self_address() -> [u8; 32];
    fn value() -> [u8; 16];
    fn balance() -> [u8; 16];
    fn height() -> u64;
    fn time_ms() -> u64;
    fn gas_left() -> u64;
    fn chain() -> [u8; 32];
    fn param(u8, &mut [u8]) -> i32;
    fn role(u16) -> Option<[u8; 32]>;
    fn cell_get(u16, &[u8], &mut [u8]) -> i32;
    fn cell_set(u16, &[u8], &[u8]);
    fn cell_delete(u16, &[u8]) -> bool;
    fn cell_count(u16) -> u64;
    fn cell_sum(u16, u8) -> u128;
    fn ledger_get(u16, &[u8]) -> u128;
    fn ledger_add(u16, &[u8], u128) -> u32;
    fn ledger_sub(u16, &[u8], u128) -> u32;
    fn ledger_move(u16, &[u8], &[u8], u128) -> u32;
    fn state(u16, &[u8]) -> i32;
    fn transition(u16, u8);
    fn escrow_in(u16, &[u8], u128) -> u32;
    fn escrow_asset_in(u16, &[u8], &[u8; 32], u32, &[u8]) -> u32;
    fn escrow_out(u16, &[u8], &[u8; 32], u128) -> u32;
    fn unique_mint(u16, &[u8], &[u8; 32], &[u8]) -> u32;
    fn unique_move(u16, &[u8], &[u8; 32]) -> u32;
    fn unique_owner(u16, &[u8]) -> (u32, [u8; 32]);
    fn unique_count(u16, &[u8; 32]) -> u64;
    fn escrowed(u16, &[u8]) -> u128;
    fn emit(u16, &[u8]);
    fn transfer(&[u8; 32], u128) -> u32;
    fn invoke(&[u8; 32], &str, &[u8], u128, u64) -> u32;
    fn notify(&[u8; 32], &str, &[u8], &[u8]);
    fn keccak256(&[u8]) -> [u8; 32];
    fn sha3_256(&[u8]) -> [u8; 32];
    fn blake2b_256(&[u8]) -> [u8; 32];
    fn sr25519_verify(&[u8; 32], &[u8; 64], &[u8]) -> bool;
    fn ed25519_verify(&[u8; 32], &[u8; 64], &[u8]) -> bool;
    fn ecdsa_recover(&[u8; 32], &[u8; 65]) -> Option<[u8; 64]>;
}

pub(crate) fn revert(_: u16, _: &[u8]) -> ! {
    panic!("host functions exist on chain only: enable the feature `testing` to run contracts natively")
}
