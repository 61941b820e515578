//! The imports of module `chainstack`, and one safe function over each.
//!
//! Signatures, limits and costs: `host/docs/host-functions.md`, which a test compares with this file. Slices carry
//! their own range, so the host can never be given one outside memory; fixed sizes are array types.

#![expect(unsafe_code, reason = "calls of imported functions; each block states why its pointers are valid")]

mod import {
    #[link(wasm_import_module = "chainstack")]
    unsafe extern "C" {
        pub(super) fn input(out: *mut u8, cap: u32) -> i32;
        pub(super) fn output(ptr: *const u8, len: u32);
        pub(super) fn result(out: *mut u8, cap: u32) -> i32;
        pub(super) fn revert(code: u32, ptr: *const u8, len: u32) -> !;
        pub(super) fn caller(out: *mut u8);
        pub(super) fn origin(out: *mut u8);
        #[link_name = "self"]
        pub(super) fn self_address(out: *mut u8);
        pub(super) fn value(out: *mut u8);
        pub(super) fn balance(out: *mut u8);
        pub(super) safe fn height() -> u64;
        pub(super) safe fn time_ms() -> u64;
        pub(super) safe fn gas_left() -> u64;
        pub(super) fn chain(out: *mut u8);
        pub(super) fn param(index: u32, out: *mut u8, cap: u32) -> i32;
        pub(super) fn role(role: u32, out: *mut u8) -> i32;
        pub(super) fn cell_get(cell: u32, key_ptr: *const u8, key_len: u32, out: *mut u8, cap: u32) -> i32;
        pub(super) fn cell_set(cell: u32, key_ptr: *const u8, key_len: u32, ptr: *const u8, len: u32);
        pub(super) fn cell_delete(cell: u32, key_ptr: *const u8, key_len: u32) -> i32;
        pub(super) safe fn cell_count(cell: u32) -> u64;
        pub(super) fn cell_sum(cell: u32, field: u32, out: *mut u8);
        pub(super) fn ledger_get(cell: u32, key_ptr: *const u8, key_len: u32, out: *mut u8);
        pub(super) fn ledger_add(cell: u32, key_ptr: *const u8, key_len: u32, amount: *const u8) -> u32;
        pub(super) fn ledger_sub(cell: u32, key_ptr: *const u8, key_len: u32, amount: *const u8) -> u32;
        pub(super) fn ledger_move(
            cell: u32,
            from_ptr: *const u8,
            from_len: u32,
            to_ptr: *const u8,
            to_len: u32,
            amount: *const u8,
        ) -> u32;
        pub(super) fn state(machine: u32, key_ptr: *const u8, key_len: u32) -> i32;
        pub(super) safe fn transition(machine: u32, state: u32);
        pub(super) fn escrow_in(cell: u32, item_ptr: *const u8, item_len: u32, amount: *const u8) -> u32;
        pub(super) fn escrow_asset_in(
            cell: u32,
            item_ptr: *const u8,
            item_len: u32,
            asset: *const u8,
            from: u32,
            ptr: *const u8,
            len: u32,
        ) -> u32;
        pub(super) fn escrow_out(
            cell: u32,
            item_ptr: *const u8,
            item_len: u32,
            to: *const u8,
            amount: *const u8,
        ) -> u32;
        pub(super) fn unique_mint(
            cell: u32,
            key_ptr: *const u8,
            key_len: u32,
            owner: *const u8,
            ptr: *const u8,
            len: u32,
        ) -> u32;
        pub(super) fn unique_move(cell: u32, key_ptr: *const u8, key_len: u32, to: *const u8) -> u32;
        pub(super) fn unique_owner(cell: u32, key_ptr: *const u8, key_len: u32, out: *mut u8) -> u32;
        pub(super) fn unique_count(cell: u32, account: *const u8) -> u64;
        pub(super) fn escrowed(cell: u32, item_ptr: *const u8, item_len: u32, out: *mut u8);
        pub(super) fn emit(event: u32, ptr: *const u8, len: u32);
        pub(super) fn transfer(to: *const u8, amount: *const u8) -> u32;
        pub(super) fn invoke(
            contract: *const u8,
            method_ptr: *const u8,
            method_len: u32,
            args_ptr: *const u8,
            args_len: u32,
            value: *const u8,
            gas: u64,
        ) -> u32;
        pub(super) fn notify(
            contract: *const u8,
            method_ptr: *const u8,
            method_len: u32,
            args_ptr: *const u8,
            args_len: u32,
            expected_ptr: *const u8,
            expected_len: u32,
        );
        pub(super) fn keccak256(ptr: *const u8, len: u32, out: *mut u8);
        pub(super) fn sha3_256(ptr: *const u8, len: u32, out: *mut u8);
        pub(super) fn blake2b_256(ptr: *const u8, len: u32, out: *mut u8);
        pub(super) fn sr25519_verify(
            public: *const u8,
            signature: *const u8,
            ptr: *const u8,
            len: u32,
        ) -> u32;
        pub(super) fn ed25519_verify(
            public: *const u8,
            signature: *const u8,
            ptr: *const u8,
            len: u32,
        ) -> u32;
        pub(super) fn ecdsa_recover(digest: *const u8, signature: *const u8, out: *mut u8) -> u32;
    }
}

/// Length of a slice: memory has less than 2^32 bytes.
const fn length(bytes: &[u8]) -> u32 {
    bytes.len() as u32
}

pub(crate) fn input(out: &mut [u8]) -> i32 {
    // SAFETY: pointer and capacity are those of a live slice; the host writes at most so much.
    unsafe { import::input(out.as_mut_ptr(), length(out)) }
}

pub(crate) fn output(bytes: &[u8]) {
    // SAFETY: pointer and length are those of a live slice; the host only reads.
    unsafe { import::output(bytes.as_ptr(), length(bytes)) }
}

pub(crate) fn result(out: &mut [u8]) -> i32 {
    // SAFETY: pointer and capacity are those of a live slice; the host writes at most so much.
    unsafe { import::result(out.as_mut_ptr(), length(out)) }
}

pub(crate) fn revert(code: u16, fields: &[u8]) -> ! {
    // SAFETY: pointer and length are those of a live slice; the host only reads, and does not return.
    unsafe { import::revert(u32::from(code), fields.as_ptr(), length(fields)) }
}

macro_rules! writers {
    ($($name:ident: $size:literal;)*) => {
        $(pub(crate) fn $name() -> [u8; $size] {
            let mut out = [0; $size];
            // SAFETY: the host writes exactly so many bytes.
            unsafe { import::$name(out.as_mut_ptr()) };
            out
        })*
    };
}

writers! {
    caller: 32;
    origin: 32;
    self_address: 32;
    value: 16;
    balance: 16;
    chain: 32;
}

pub(crate) fn height() -> u64 {
    import::height()
}

pub(crate) fn time_ms() -> u64 {
    import::time_ms()
}

pub(crate) fn gas_left() -> u64 {
    import::gas_left()
}

pub(crate) fn param(index: u8, out: &mut [u8]) -> i32 {
    // SAFETY: pointer and capacity are those of a live slice; the host writes at most so much.
    unsafe { import::param(u32::from(index), out.as_mut_ptr(), length(out)) }
}

pub(crate) fn role(role: u16) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    // SAFETY: the host writes exactly 32 bytes.
    let held = unsafe { import::role(u32::from(role), out.as_mut_ptr()) };
    (held != 0).then_some(out)
}

pub(crate) fn cell_get(cell: u16, key: &[u8], out: &mut [u8]) -> i32 {
    // SAFETY: the key is a live slice that the host only reads; pointer and capacity are those of a live slice.
    unsafe { import::cell_get(u32::from(cell), key.as_ptr(), length(key), out.as_mut_ptr(), length(out)) }
}

pub(crate) fn cell_set(cell: u16, key: &[u8], value: &[u8]) {
    // SAFETY: pointers and lengths are those of live slices; the host only reads.
    unsafe {
        import::cell_set(u32::from(cell), key.as_ptr(), length(key), value.as_ptr(), length(value));
    }
}

pub(crate) fn cell_delete(cell: u16, key: &[u8]) -> bool {
    // SAFETY: pointer and length are those of a live slice; the host only reads.
    unsafe { import::cell_delete(u32::from(cell), key.as_ptr(), length(key)) != 0 }
}

pub(crate) fn cell_count(cell: u16) -> u64 {
    import::cell_count(u32::from(cell))
}

pub(crate) fn cell_sum(cell: u16, field: u8) -> u128 {
    let mut out = [0; 16];
    // SAFETY: the host writes exactly 16 bytes.
    unsafe { import::cell_sum(u32::from(cell), u32::from(field), out.as_mut_ptr()) };
    u128::from_le_bytes(out)
}

pub(crate) fn ledger_get(cell: u16, key: &[u8]) -> u128 {
    let mut out = [0; 16];
    // SAFETY: the key is a live slice that the host only reads; it writes exactly 16 bytes.
    unsafe { import::ledger_get(u32::from(cell), key.as_ptr(), length(key), out.as_mut_ptr()) };
    u128::from_le_bytes(out)
}

pub(crate) fn ledger_add(cell: u16, key: &[u8], amount: u128) -> u32 {
    let amount = amount.to_le_bytes();
    // SAFETY: the key is a live slice and the amount a live array of 16 bytes; the host only reads.
    unsafe { import::ledger_add(u32::from(cell), key.as_ptr(), length(key), amount.as_ptr()) }
}

pub(crate) fn ledger_sub(cell: u16, key: &[u8], amount: u128) -> u32 {
    let amount = amount.to_le_bytes();
    // SAFETY: the key is a live slice and the amount a live array of 16 bytes; the host only reads.
    unsafe { import::ledger_sub(u32::from(cell), key.as_ptr(), length(key), amount.as_ptr()) }
}

pub(crate) fn ledger_move(cell: u16, from: &[u8], to: &[u8], amount: u128) -> u32 {
    let amount = amount.to_le_bytes();
    // SAFETY: the keys are live slices and the amount a live array of 16 bytes; the host only reads.
    unsafe {
        import::ledger_move(
            u32::from(cell),
            from.as_ptr(),
            length(from),
            to.as_ptr(),
            length(to),
            amount.as_ptr(),
        )
    }
}

pub(crate) fn state(machine: u16, key: &[u8]) -> i32 {
    // SAFETY: pointer and length are those of a live slice; the host only reads.
    unsafe { import::state(u32::from(machine), key.as_ptr(), length(key)) }
}

pub(crate) fn transition(machine: u16, state: u8) {
    import::transition(u32::from(machine), u32::from(state));
}

pub(crate) fn escrow_in(cell: u16, item: &[u8], amount: u128) -> u32 {
    let amount = amount.to_le_bytes();
    // SAFETY: the key is a live slice and the amount a live array of 16 bytes; the host only reads.
    unsafe { import::escrow_in(u32::from(cell), item.as_ptr(), length(item), amount.as_ptr()) }
}

pub(crate) fn escrow_asset_in(cell: u16, item: &[u8], asset: &[u8; 32], from: u32, what: &[u8]) -> u32 {
    // SAFETY: live slices and a live array of 32 bytes; the host only reads.
    unsafe {
        import::escrow_asset_in(
            u32::from(cell),
            item.as_ptr(),
            length(item),
            asset.as_ptr(),
            from,
            what.as_ptr(),
            length(what),
        )
    }
}

pub(crate) fn unique_mint(cell: u16, key: &[u8], owner: &[u8; 32], value: &[u8]) -> u32 {
    // SAFETY: live slices and a live array of 32 bytes; the host only reads.
    unsafe {
        import::unique_mint(
            u32::from(cell),
            key.as_ptr(),
            length(key),
            owner.as_ptr(),
            value.as_ptr(),
            length(value),
        )
    }
}

pub(crate) fn unique_move(cell: u16, key: &[u8], to: &[u8; 32]) -> u32 {
    // SAFETY: the key is a live slice and the account a live array of 32 bytes; the host only reads.
    unsafe { import::unique_move(u32::from(cell), key.as_ptr(), length(key), to.as_ptr()) }
}

pub(crate) fn unique_owner(cell: u16, key: &[u8]) -> (u32, [u8; 32]) {
    let mut out = [0; 32];
    // SAFETY: the key is a live slice that the host only reads; it writes exactly 32 bytes.
    let status =
        unsafe { import::unique_owner(u32::from(cell), key.as_ptr(), length(key), out.as_mut_ptr()) };
    (status, out)
}

pub(crate) fn unique_count(cell: u16, account: &[u8; 32]) -> u64 {
    // SAFETY: the account is a live array of 32 bytes; the host only reads.
    unsafe { import::unique_count(u32::from(cell), account.as_ptr()) }
}

pub(crate) fn escrow_out(cell: u16, item: &[u8], to: &[u8; 32], amount: u128) -> u32 {
    let amount = amount.to_le_bytes();
    // SAFETY: the key is a live slice, account and amount are live arrays of 32 and 16 bytes; the host only reads.
    unsafe { import::escrow_out(u32::from(cell), item.as_ptr(), length(item), to.as_ptr(), amount.as_ptr()) }
}

pub(crate) fn escrowed(cell: u16, item: &[u8]) -> u128 {
    let mut out = [0; 16];
    // SAFETY: the key is a live slice that the host only reads; it writes exactly 16 bytes.
    unsafe { import::escrowed(u32::from(cell), item.as_ptr(), length(item), out.as_mut_ptr()) };
    u128::from_le_bytes(out)
}

pub(crate) fn emit(event: u16, fields: &[u8]) {
    // SAFETY: pointer and length are those of a live slice; the host only reads.
    unsafe { import::emit(u32::from(event), fields.as_ptr(), length(fields)) }
}

pub(crate) fn transfer(to: &[u8; 32], amount: u128) -> u32 {
    let amount = amount.to_le_bytes();
    // SAFETY: both pointers are those of live arrays of the declared size; the host only reads.
    unsafe { import::transfer(to.as_ptr(), amount.as_ptr()) }
}

pub(crate) fn invoke(contract: &[u8; 32], method: &str, args: &[u8], value: u128, gas: u64) -> u32 {
    let value = value.to_le_bytes();
    // SAFETY: arrays of the declared sizes and live slices; the host only reads.
    unsafe {
        import::invoke(
            contract.as_ptr(),
            method.as_ptr(),
            length(method.as_bytes()),
            args.as_ptr(),
            length(args),
            value.as_ptr(),
            gas,
        )
    }
}

pub(crate) fn notify(contract: &[u8; 32], method: &str, args: &[u8], expected: &[u8]) {
    // SAFETY: an array of the declared size and live slices; the host only reads.
    unsafe {
        import::notify(
            contract.as_ptr(),
            method.as_ptr(),
            length(method.as_bytes()),
            args.as_ptr(),
            length(args),
            expected.as_ptr(),
            length(expected),
        );
    }
}

macro_rules! hashes {
    ($($name:ident)*) => {
        $(pub(crate) fn $name(message: &[u8]) -> [u8; 32] {
            let mut out = [0; 32];
            // SAFETY: the message is a live slice that the host only reads; it writes exactly 32 bytes.
            unsafe { import::$name(message.as_ptr(), length(message), out.as_mut_ptr()) };
            out
        })*
    };
}

hashes!(keccak256 sha3_256 blake2b_256);

pub(crate) fn sr25519_verify(public: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    // SAFETY: arrays of the declared sizes and a live slice; the host only reads.
    unsafe {
        import::sr25519_verify(public.as_ptr(), signature.as_ptr(), message.as_ptr(), length(message)) != 0
    }
}

pub(crate) fn ed25519_verify(public: &[u8; 32], signature: &[u8; 64], message: &[u8]) -> bool {
    // SAFETY: arrays of the declared sizes and a live slice; the host only reads.
    unsafe {
        import::ed25519_verify(public.as_ptr(), signature.as_ptr(), message.as_ptr(), length(message)) != 0
    }
}

pub(crate) fn ecdsa_recover(digest: &[u8; 32], signature: &[u8; 65]) -> Option<[u8; 64]> {
    let mut out = [0; 64];
    // SAFETY: arrays of the declared sizes; the host writes 64 bytes or none.
    let found = unsafe { import::ecdsa_recover(digest.as_ptr(), signature.as_ptr(), out.as_mut_ptr()) };
    (found != 0).then_some(out)
}
