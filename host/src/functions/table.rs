//! The one declared table of host functions: linker, admission, dispatcher, documentation and SDK stubs read it.
//!
//! The order of rows is not part of any format: code imports by name, and numbers live inside one process.

use chainstack_engine::{HostFunctionSignature, HostFunctions, ValueKind};
use chainstack_primitives::codes;
use chainstack_runtime::params::Schedule;

/// Module name of every import.
pub const MODULE: &str = "chainstack";

/// What a parameter means. Pointers, lengths, ids and indices are `i32`, read as unsigned; gas is `i64`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParamKind {
    /// Pointer to exactly so many bytes that the host reads.
    Read(u32),
    /// Pointer to exactly so many bytes that the host writes.
    Write(u32),
    /// Pointer to bytes that the host reads; the next parameter is their count.
    ReadRange,
    /// Count of bytes the host reads at the pointer before; at most so many.
    Length(u32),
    /// Pointer to where the host writes; the next parameter is how much room there is.
    WriteRange,
    /// Room in bytes at the pointer before.
    Capacity,
    /// A permanent id of the manifest (`u16`).
    Id,
    /// A zero-based index.
    Index,
    /// An amount of gas, unsigned 64 bits.
    Gas,
}

impl ParamKind {
    /// Type at the Wasm boundary.
    #[must_use]
    pub const fn value(self) -> ValueKind {
        match self {
            Self::Gas => ValueKind::I64,
            _ => ValueKind::I32,
        }
    }

    fn describe(self) -> String {
        match self {
            Self::Read(bytes) => format!("pointer, reads {bytes} bytes"),
            Self::Write(bytes) => format!("pointer, writes {bytes} bytes"),
            Self::ReadRange => "pointer to bytes read".into(),
            Self::Length(max) => format!("their count, at most {max}"),
            Self::WriteRange => "pointer to room for bytes written".into(),
            Self::Capacity => "how much room".into(),
            Self::Id => "permanent id (u16)".into(),
            Self::Index => "index".into(),
            Self::Gas => "gas (u64)".into(),
        }
    }
}

/// A parameter of a host function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Param {
    /// Its name in documents and stubs.
    pub name: &'static str,
    /// Its meaning.
    pub kind: ParamKind,
}

/// What a result means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Nothing.
    None,
    /// The function does not return.
    Never,
    /// `i32`: full length of the bytes, also where less was copied.
    Length,
    /// `i32`: full length of the bytes, or −1 if there is no entry.
    LengthOrAbsent,
    /// `i32`: id of a state, or −1 if there is no item.
    StateOrAbsent,
    /// `i32`: 0, or a stable code of `chainstack_primitives::codes`.
    Status,
    /// `i32`: 1 yes, 0 no.
    Flag,
    /// `i64`: an unsigned number.
    Number,
}

impl Answer {
    /// Type at the Wasm boundary.
    #[must_use]
    pub const fn value(self) -> Option<ValueKind> {
        match self {
            Self::None | Self::Never => None,
            Self::Number => Some(ValueKind::I64),
            Self::Length | Self::LengthOrAbsent | Self::StateOrAbsent | Self::Status | Self::Flag => {
                Some(ValueKind::I32)
            }
        }
    }

    const fn describe(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Never => "does not return",
            Self::Length => "full length",
            Self::LengthOrAbsent => "full length, or -1 if absent",
            Self::StateOrAbsent => "state id, or -1 if absent",
            Self::Status => "status",
            Self::Flag => "1 yes, 0 no",
            Self::Number => "u64",
        }
    }
}

/// A price of the schedule, of section `[host]` unless it says otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Price {
    /// Crossing the boundary.
    Call,
    /// Moving one byte across the boundary, checking it where it has a declared type.
    Byte,
    /// Reading one entry of state.
    Read,
    /// Writing or deleting one entry of state.
    Write,
    /// One byte of an entry written.
    WriteByte,
    /// Creating one entry of state, besides writing it.
    New,
    /// Creating an account by crediting it. Section `[intrinsic]`.
    Account,
    /// One event.
    Event,
    /// One byte of an event.
    EventByte,
    /// Starting a frame: reading the contract, an instance, a native stack.
    Frame,
    /// Making one uploaded code ready.
    Load,
    /// One byte of code made ready.
    CodeByte,
    /// One page of memory that a frame starts with.
    Page,
    /// One hash.
    Hash,
    /// One byte hashed.
    HashByte,
    /// One signature verification.
    Verify,
    /// One key recovered from an ECDSA signature.
    Recover,
}

impl Price {
    /// Its name in the schedule.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Byte => "byte",
            Self::Read => "read",
            Self::Write => "write",
            Self::WriteByte => "write_byte",
            Self::New => "new",
            Self::Account => "account_new",
            Self::Event => "event",
            Self::EventByte => "event_byte",
            Self::Frame => "frame",
            Self::Load => "load",
            Self::CodeByte => "code_byte",
            Self::Page => "memory_page",
            Self::Hash => "hash",
            Self::HashByte => "hash_byte",
            Self::Verify => "verify",
            Self::Recover => "recover",
        }
    }

    /// Gas for one.
    #[must_use]
    pub const fn gas(self, schedule: &Schedule) -> u64 {
        let host = &schedule.host;
        match self {
            Self::Call => host.call,
            Self::Byte => host.byte,
            Self::Read => host.read,
            Self::Write => host.write,
            Self::WriteByte => host.write_byte,
            Self::New => host.new,
            Self::Account => schedule.intrinsic.account_new,
            Self::Event => host.event,
            Self::EventByte => host.event_byte,
            Self::Frame => host.frame,
            Self::Load => host.load,
            Self::CodeByte => host.code_byte,
            Self::Page => host.memory_page,
            Self::Hash => host.hash,
            Self::HashByte => host.hash_byte,
            Self::Verify => host.verify,
            Self::Recover => host.recover,
        }
    }
}

/// How often a price is charged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Times {
    /// So many times, before anything else happens.
    Fixed(u8),
    /// For each byte that the parameter with this index asks for, before anything else happens.
    Argument(u8),
    /// For each byte that will be copied, before it is: the lesser of length and capacity.
    Copied,
    /// For each byte of the value found, before any of it is copied.
    Found,
    /// For each entry or account that the call creates, before it does.
    Created,
    /// For each entry that the call deletes, before it does: the account of who paid the deposit.
    Released,
    /// For each sum or count that the call is the first to change since they were merged into state, before anything
    /// changes: merging it.
    Merged,
    /// For each machine that moves, before any does: that of the contract, or of each bound item.
    Moved,
    /// For each byte of each bound item whose machine moves, as long as it can be: its entry is written again.
    Rewritten,
    /// Once in a call of a method: the first time.
    First,
    /// Once, the first time that a call from outside needs the called contract's code, before it is made ready.
    Loaded,
    /// For each byte of that code, the same first time.
    Code,
    /// For each page of memory that the called contract starts with, before it runs.
    Pages,
    /// For a move of an asset of a contract, before it is made: 8 reads and writes, 2 new entries; its `on_move` event
    /// and its own condition, if it declares them, come on top.
    Asset,
}

/// One term of a cost: `price × times`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Term {
    /// What.
    pub price: Price,
    /// How often.
    pub times: Times,
}

/// Whether code may import a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// In transitions and views.
    Everywhere,
    /// In transitions; a view that calls it is refused with `ReadOnly`.
    Transitions,
}

/// One row of [`TABLE`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostFunction {
    /// Field name of the import.
    pub name: &'static str,
    /// Parameters in order.
    pub params: &'static [Param],
    /// Result.
    pub answer: Answer,
    /// Codes that a status can be besides 0; of `invoke`, whose status is what ended the called contract, none is
    /// listed. A failure with any other code ends the call.
    pub statuses: &'static [u16],
    /// Cost in gas: the sum of the terms.
    pub cost: &'static [Term],
    /// Who may import it.
    pub status: Status,
    /// What it does.
    pub doc: &'static str,
}

macro_rules! functions {
    ($($variant:ident = $name:literal ($($param:ident: $kind:expr),*) -> $answer:ident $({$($code:ident),*})?, $status:ident,
        [$($price:ident * $times:expr),*], $doc:literal;)*) => {
        /// A host function by name.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u32)]
        pub enum Function {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Function {
            /// Every function, in the order of [`TABLE`].
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
        }

        /// Every host function.
        pub static TABLE: &[HostFunction] = {
            use ParamKind::*;
            use Times::*;
            &[$(HostFunction {
                name: $name,
                params: &[$(Param { name: stringify!($param), kind: $kind }),*],
                answer: Answer::$answer,
                statuses: &[$($(codes::$code),*)?],
                cost: &[$(Term { price: Price::$price, times: $times }),*],
                status: Status::$status,
                doc: $doc,
            }),*]
        };

        static SIGNATURES: &[HostFunctionSignature] = {
            use ParamKind::*;
            &[$(HostFunctionSignature {
                name: $name,
                params: &[$($kind.value()),*],
                result: Answer::$answer.value(),
            }),*]
        };
    };
}

/// Greatest size in bytes of arguments, outputs and results.
pub const DATA_BYTES_MAX: u32 = 16 * 1024;
/// Greatest size in bytes of a key.
pub const KEY_BYTES_MAX: u32 = 256;
/// Greatest size in bytes of a stored value.
pub const VALUE_BYTES_MAX: u32 = 16 * 1024;
/// Greatest size in bytes of an event's fields.
pub const EVENT_BYTES_MAX: u32 = chainstack_primitives::receipt::EVENT_SIZE_MAX;
/// Greatest size in bytes of an error's fields; with the id before them, what a receipt keeps.
pub const ERROR_BYTES_MAX: u32 = chainstack_primitives::receipt::REVERT_PAYLOAD_MAX - 2;
/// Greatest length in bytes of a method's name.
pub const METHOD_BYTES_MAX: u32 = chainstack_primitives::transaction::METHOD_NAME_MAX;
/// Greatest size in bytes of a message that is hashed or verified in one call.
pub const MESSAGE_BYTES_MAX: u32 = 1024 * 1024;

functions! {
    Input = "input"(out: WriteRange, cap: Capacity) -> Length, Everywhere, [Call * Fixed(1), Byte * Copied],
        "Copies the call's input: the SCALE tuple of the declared arguments (of the parameters, in the constructor), already checked by the host.";
    Output = "output"(ptr: ReadRange, len: Length(DATA_BYTES_MAX)) -> None, Everywhere, [Call * Fixed(1), Byte * Argument(1)],
        "Sets what the call returns: one SCALE value of the declared return type, checked when the method ends; the last call of `output` counts. Without a declared type it must stay empty.";
    Result = "result"(out: WriteRange, cap: Capacity) -> Length, Everywhere, [Call * Fixed(1), Byte * Copied],
        "Copies what the last `invoke` brought: the output if its status was 0; `error id u16 LE | fields` if it was 1 (Reverted); else nothing.";
    Revert = "revert"(code: Id, ptr: ReadRange, len: Length(ERROR_BYTES_MAX)) -> Never, Everywhere, [Call * Fixed(1), Byte * Argument(2)],
        "Ends the call with a declared error of the method; the bytes are the SCALE tuple of its fields. Everything the call did is undone.";
    Caller = "caller"(out: Write(32)) -> None, Everywhere, [Call * Fixed(1)],
        "Writes the account that called: the signer, or the calling contract. In a query without a caller, all zeros.";
    Origin = "origin"(out: Write(32)) -> None, Everywhere, [Call * Fixed(1)],
        "Writes the account that signed the transaction. Not who called: never use it to decide what is allowed.";
    SelfAddress = "self"(out: Write(32)) -> None, Everywhere, [Call * Fixed(1)],
        "Writes the contract's own address.";
    Value = "value"(out: Write(16)) -> None, Everywhere, [Call * Fixed(1)],
        "Writes the native amount that came with the call. It is in the contract's balance already.";
    Balance = "balance"(out: Write(16)) -> None, Everywhere, [Call * Fixed(1), Read * Fixed(1)],
        "Writes the contract's native balance that is not in escrow.";
    Height = "height"() -> Number, Everywhere, [Call * Fixed(1)],
        "Height of the block.";
    TimeMs = "time_ms"() -> Number, Everywhere, [Call * Fixed(1)],
        "Time of the block in milliseconds since the Unix epoch. ASSUMED: the chain agreed on it, nothing proves it.";
    GasLeft = "gas_left"() -> Number, Everywhere, [Call * Fixed(1)],
        "Gas left to this call, after the charge for this function.";
    Chain = "chain"(out: Write(32)) -> None, Everywhere, [Call * Fixed(1)],
        "Writes the chain's id: the hash of its genesis header.";
    Param = "param"(index: Index, out: WriteRange, cap: Capacity) -> Length, Everywhere, [Call * Fixed(1), Read * First, Byte * Copied],
        "Copies a parameter of the contract, frozen at instantiation: the SCALE value of its declared type.";
    Role = "role"(role: Id, out: Write(32)) -> Flag, Everywhere, [Call * Fixed(1), Read * Fixed(1)],
        "Writes the holder of an account role. 0, and 32 zero bytes, if nobody holds it.";
    CellGet = "cell_get"(cell: Id, key_ptr: ReadRange, key_len: Length(KEY_BYTES_MAX), out: WriteRange, cap: Capacity) -> LengthOrAbsent, Everywhere,
        [Call * Fixed(1), Read * Fixed(1), Byte * Argument(2), Byte * Found],
        "Copies the value of an entry of a map or value cell: head fields one after the other, then the tail. Needs `read`.";
    CellSet = "cell_set"(cell: Id, key_ptr: ReadRange, key_len: Length(KEY_BYTES_MAX), ptr: ReadRange, len: Length(VALUE_BYTES_MAX)) -> None, Transitions,
        [Call * Fixed(1), Read * Fixed(1), Write * Fixed(1), WriteByte * Argument(2), WriteByte * Argument(4), Byte * Found, New * Created, Read * Merged, Write * Merged],
        "Creates or overwrites an entry of a map or value cell. Needs `set`; a new entry locks its deposit at the origin's expense; in an existing one only those head fields may change that the touch lists.";
    CellDelete = "cell_delete"(cell: Id, key_ptr: ReadRange, key_len: Length(KEY_BYTES_MAX)) -> Flag, Transitions,
        [Call * Fixed(1), Read * Fixed(1), Write * Fixed(1), Byte * Argument(2), Byte * Found, Read * Released, Write * Released, Read * Merged, Write * Merged],
        "Deletes an entry of a map or value cell and returns its deposit to who paid it. Needs `delete`. Whether there was one.";
    CellCount = "cell_count"(cell: Id) -> Number, Everywhere, [Call * Fixed(1), Read * Fixed(1)],
        "Count of entries of a cell with `count`. Needs `read` under `*`.";
    CellSum = "cell_sum"(cell: Id, field: Index, out: Write(16)) -> None, Everywhere, [Call * Fixed(1), Read * Fixed(1)],
        "Writes a sum that the host keeps: of a ledger with `sum` (field 0), or of a head field with `sum` over its map. Needs `read` under `*`.";
    LedgerGet = "ledger_get"(cell: Id, key_ptr: ReadRange, key_len: Length(KEY_BYTES_MAX), out: Write(16)) -> None, Everywhere,
        [Call * Fixed(1), Read * Fixed(1), Byte * Argument(2)],
        "Writes a balance; zero if there is no entry. Needs `read`.";
    LedgerAdd = "ledger_add"(cell: Id, key_ptr: ReadRange, key_len: Length(KEY_BYTES_MAX), amount: Read(16)) -> Status{BALANCE_OVERFLOW}, Transitions,
        [Call * Fixed(1), Read * Fixed(1), Write * Fixed(1), Byte * Argument(2), New * Created, Read * Merged, Write * Merged],
        "Adds to a balance. Needs `add`. If the status is not 0, nothing changed; a sum that would overflow ends the call with SumOverflow.";
    LedgerSub = "ledger_sub"(cell: Id, key_ptr: ReadRange, key_len: Length(KEY_BYTES_MAX), amount: Read(16)) -> Status{INSUFFICIENT_BALANCE}, Transitions,
        [Call * Fixed(1), Read * Fixed(1), Write * Fixed(1), Byte * Argument(2), Read * Released, Write * Released, Read * Merged, Write * Merged],
        "Takes from a balance. Needs `sub`. If the status is not 0, nothing changed; an entry that reaches zero is deleted and its deposit returned.";
    LedgerMove = "ledger_move"(cell: Id, from_ptr: ReadRange, from_len: Length(KEY_BYTES_MAX), to_ptr: ReadRange, to_len: Length(KEY_BYTES_MAX), amount: Read(16)) -> Status{INSUFFICIENT_BALANCE, BALANCE_OVERFLOW}, Transitions,
        [Call * Fixed(1), Read * Fixed(2), Write * Fixed(2), Byte * Argument(2), Byte * Argument(4), New * Created, Read * Released, Write * Released, Read * Merged, Write * Merged],
        "Moves between two balances of one ledger; the sum does not change. Needs `sub` on the one and `add` on the other. If the status is not 0, nothing changed; a move to itself checks the balance and changes nothing. If it empties the one entry and creates the other, the deposit is carried over. Announces nothing: an asset's `on_move` is for moves that the host makes itself.";
    Emit = "emit"(event: Id, ptr: ReadRange, len: Length(EVENT_BYTES_MAX)) -> None, Transitions,
        [Call * Fixed(1), Event * Fixed(1), EventByte * Argument(2)],
        "Announces a declared event of the method; the bytes are the SCALE tuple of its fields.";
    Transfer = "transfer"(to: Read(32), amount: Read(16)) -> Status{INSUFFICIENT_BALANCE, BALANCE_OVERFLOW, ZERO_ADDRESS, PROTOCOL_ADDRESS}, Transitions,
        [Call * Fixed(1), Read * Fixed(2), Write * Fixed(2), Account * Created],
        "Pays native coins out of the contract's balance, inside the method's `sends`: what it pays and what it sends with `invoke` together. Runs no code of the receiver. If the status is not 0, nothing changed.";
    Invoke = "invoke"(contract: Read(32), method_ptr: ReadRange, method_len: Length(METHOD_BYTES_MAX), args_ptr: ReadRange, args_len: Length(DATA_BYTES_MAX), value: Read(16), gas: Gas) -> Status, Everywhere,
        [Call * Fixed(1), Byte * Argument(2), Byte * Argument(4), Frame * Fixed(1), Load * Loaded, CodeByte * Code, Page * Pages],
        "Calls a method of another contract, inside the method's `calls`, with the value inside its `sends` as `transfer` counts it, with at most `gas` and at most 63/64 of what is left. A view may call views only, without value. A callee whose code traps, or ends with a longer memory, costs `trap` more, or all that is left if that is less; one that reverts does not. Code of genesis is always kept ready: its `load` is free. If the status is not 0, everything the callee did is undone. Read what it brought with `result`.";
    State = "state"(machine: Id, key_ptr: ReadRange, key_len: Length(KEY_BYTES_MAX)) -> StateOrAbsent, Everywhere,
        [Call * Fixed(1), Read * Fixed(1), Byte * Argument(2)],
        "State of a machine of the contract (then the key is empty), or of the machine of the item under the key, which needs `read` there.";
    Transition = "transition"(machine: Id, state: Id) -> None, Transitions, [Call * Fixed(1), Read * Moved, Write * Moved, Byte * Rewritten, WriteByte * Rewritten],
        "Moves a machine of the contract, or that of every item the call is bound to, to a state that the method's `to` lists; once for each machine in a call. Where `to` lists one state only, the host moves the machine itself when the method ends. An item that the call creates begins there.";
    Notify = "notify"(contract: Read(32), method_ptr: ReadRange, method_len: Length(METHOD_BYTES_MAX), args_ptr: ReadRange, args_len: Length(DATA_BYTES_MAX), expected_ptr: ReadRange, expected_len: Length(DATA_BYTES_MAX)) -> None, Transitions,
        [Call * Fixed(1), Byte * Argument(2), Byte * Argument(4), Byte * Argument(6)],
        "Queues a call, inside the method's `notifies`, that runs without value after this method has ended and the contract may be entered again; what `invoke` costs is charged then. If it fails, or its output is not exactly the expected bytes, this call ends with NotifyFailed and is undone.";
    EscrowIn = "escrow_in"(cell: Id, item_ptr: ReadRange, item_len: Length(KEY_BYTES_MAX), amount: Read(16)) -> Status{INSUFFICIENT_BALANCE}, Transitions,
        [Call * Fixed(1), Read * Fixed(2), Write * Fixed(2), Byte * Argument(2), New * Created],
        "Moves coins of the contract's own balance into an escrow that the method's `escrows` may pay into: that of an item the call is bound to, or of the contract (then the key is empty). Out of reach of `transfer` from then on. A new escrow locks its deposit at the origin's expense. If the status is not 0, nothing changed.";
    EscrowAssetIn = "escrow_asset_in"(cell: Id, item_ptr: ReadRange, item_len: Length(KEY_BYTES_MAX), asset: Read(32), from: Index, ptr: ReadRange, len: Length(KEY_BYTES_MAX)) -> Status{INSUFFICIENT_BALANCE, ITEM_NOT_FOUND, NOT_OWNER}, Transitions,
        [Call * Fixed(1), Byte * Argument(2), Byte * Argument(6), Read * Fixed(1), Load * Loaded, CodeByte * Code, Read * Asset, Write * Asset, New * Asset],
        "Moves an asset that the contract at `asset` keeps into an escrow that the method's `escrows` may pay into, as `escrow_in` does coins: an amount of 16 bytes, or the key of a unique asset. It is taken from the contract itself (`from` 0), inside the method's `sends`, or from its caller (`from` 1), who consents by the transaction's `sends`, or, a contract, by those of its running transition. Refused with NotConsented, with AssetInFlight while a method of the asset's contract is running, with AssetRefused if the asset's `escrow_when` does not hold. Runs no code. A new escrow locks its deposit, and those of entries that letting it out can create, at the origin's expense. If the status is not 0, nothing changed.";
    EscrowOut = "escrow_out"(cell: Id, item_ptr: ReadRange, item_len: Length(KEY_BYTES_MAX), to: Read(32), amount: Read(16)) -> Status{INSUFFICIENT_BALANCE, ZERO_ADDRESS, PROTOCOL_ADDRESS}, Transitions,
        [Call * Fixed(1), Read * Fixed(2), Write * Fixed(2), Byte * Argument(2), Account * Created, Read * Released, Write * Released, Load * Loaded, CodeByte * Code, Read * Asset, Write * Asset, New * Asset],
        "Pays out of an escrow that the method's `escrows` may pay out of, inside its `sends`: coins as `transfer` counts them, an asset of a contract as its own entry there (1 of a unique asset). An escrow that is empty then is deleted, and its deposit returned to who paid it. Of an asset: refused with AssetInFlight while a method of its contract is running, with AssetRefused if its `release_when` does not hold. If the status is not 0, nothing changed.";
    UniqueMint = "unique_mint"(cell: Id, key_ptr: ReadRange, key_len: Length(KEY_BYTES_MAX), owner: Read(32), ptr: ReadRange, len: Length(VALUE_BYTES_MAX)) -> Status{ZERO_ADDRESS, PROTOCOL_ADDRESS}, Transitions,
        [Call * Fixed(1), Read * Fixed(2), Write * Fixed(2), WriteByte * Argument(2), WriteByte * Argument(5), New * Created, Read * Merged, Write * Merged],
        "Creates an entry of a map of unique assets, as `cell_set` does in other maps, and gives it to an owner. Needs `set`. Refused with ItemExists if it is there. Announces nothing. If the status is not 0, nothing changed.";
    UniqueMove = "unique_move"(cell: Id, key_ptr: ReadRange, key_len: Length(KEY_BYTES_MAX), to: Read(32)) -> Status{ITEM_NOT_FOUND, ESCROWED, ZERO_ADDRESS, PROTOCOL_ADDRESS}, Transitions,
        [Call * Fixed(1), Read * Fixed(3), Write * Fixed(3), Byte * Argument(2), Byte * Found, WriteByte * Found, New * Created, Read * Released, Write * Released, Read * Merged, Write * Merged],
        "Gives a unique asset to another owner and clears the head fields that a move clears. Needs `move`; whether the caller may is for the method to say. Out of an escrow nothing moves so. Announces nothing: an asset's `on_move` is for moves that the host makes itself. If the status is not 0, nothing changed; a move to who owns it checks and changes nothing.";
    UniqueOwner = "unique_owner"(cell: Id, key_ptr: ReadRange, key_len: Length(KEY_BYTES_MAX), out: Write(32)) -> Status{ITEM_NOT_FOUND, ESCROWED}, Everywhere,
        [Call * Fixed(1), Read * Fixed(1), Byte * Argument(2)],
        "Writes the owner of a unique asset. Needs `read`. Where the status is not 0, 32 zero bytes: there is none, or an escrow holds it.";
    UniqueCount = "unique_count"(cell: Id, account: Read(32)) -> Number, Everywhere, [Call * Fixed(1), Read * Fixed(1)],
        "How many unique assets of a cell an account owns; what escrows hold is not among them. Needs `read` under `*`.";
    Escrowed = "escrowed"(cell: Id, item_ptr: ReadRange, item_len: Length(KEY_BYTES_MAX), out: Write(16)) -> None, Everywhere,
        [Call * Fixed(1), Read * Fixed(1), Byte * Argument(2)],
        "Writes what an escrow of the contract holds for the item under the key (for the contract, if that is empty): an amount, or 1 for a unique asset.";
    Keccak256 = "keccak256"(ptr: ReadRange, len: Length(MESSAGE_BYTES_MAX), out: Write(32)) -> None, Everywhere, [Call * Fixed(1), Hash * Fixed(1), HashByte * Argument(1)],
        "Keccak-256, as Ethereum's.";
    Sha3_256 = "sha3_256"(ptr: ReadRange, len: Length(MESSAGE_BYTES_MAX), out: Write(32)) -> None, Everywhere, [Call * Fixed(1), Hash * Fixed(1), HashByte * Argument(1)],
        "SHA3-256 (FIPS 202).";
    Blake2b256 = "blake2b_256"(ptr: ReadRange, len: Length(MESSAGE_BYTES_MAX), out: Write(32)) -> None, Everywhere, [Call * Fixed(1), Hash * Fixed(1), HashByte * Argument(1)],
        "BLAKE2b with a 32-byte digest, without key (RFC 7693).";
    Sr25519Verify = "sr25519_verify"(public: Read(32), signature: Read(64), ptr: ReadRange, len: Length(MESSAGE_BYTES_MAX)) -> Flag, Everywhere, [Call * Fixed(1), Verify * Fixed(1), HashByte * Argument(3)],
        "Whether an sr25519 signature of the message verifies, signing context `substrate`. Never for the all-zero key.";
    Ed25519Verify = "ed25519_verify"(public: Read(32), signature: Read(64), ptr: ReadRange, len: Length(MESSAGE_BYTES_MAX)) -> Flag, Everywhere, [Call * Fixed(1), Verify * Fixed(1), HashByte * Argument(3)],
        "Whether an Ed25519 signature of the message verifies, strictly (RFC 8032, no small-order keys, canonical scalars).";
    EcdsaRecover = "ecdsa_recover"(digest: Read(32), signature: Read(65), out: Write(64)) -> Flag, Everywhere, [Call * Fixed(1), Recover * Fixed(1)],
        "Recovers the secp256k1 public key `x | y` from `r | s | v`, v being 0, 1, 27 or 28 and s in the lower half. 0, and nothing written, if there is none.";
}

/// The table as code may import it and the engine links it.
pub static HOST_FUNCTIONS: HostFunctions = HostFunctions { module: MODULE, functions: SIGNATURES };

impl Function {
    /// The function with this number.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(usize::try_from(number).ok()?).copied()
    }

    /// Its row.
    ///
    /// # Panics
    /// Never: each function has one row.
    #[must_use]
    pub fn row(self) -> &'static HostFunction {
        &TABLE[self as usize]
    }
}

/// The row of the function called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static HostFunction> {
    TABLE.iter().find(|row| row.name == name)
}

impl HostFunction {
    /// The import's signature in words: `name(param: i32, …) -> i32`.
    #[must_use]
    pub fn signature(&self) -> String {
        let word = |kind| if kind == ValueKind::I64 { "i64" } else { "i32" };
        let params: Vec<String> =
            self.params.iter().map(|param| format!("{}: {}", param.name, word(param.kind.value()))).collect();
        let result = self.answer.value().map(|kind| format!(" -> {}", word(kind))).unwrap_or_default();
        format!("{}({}){result}", self.name, params.join(", "))
    }

    /// What it answers, in words.
    #[must_use]
    pub fn result(&self) -> String {
        let mut text = String::from(self.answer.describe());
        if !self.statuses.is_empty() {
            text.push_str(": 0");
        }
        for code in self.statuses {
            let name = codes::describe(*code).map_or("?", |row| row.name);
            text.push_str(&format!(", {code} {name}"));
        }
        text
    }

    /// The cost as a formula over the prices of the schedule.
    #[must_use]
    pub fn formula(&self) -> String {
        let term = |term: &Term| {
            let price = term.price.name();
            match term.times {
                Times::Fixed(1) => price.into(),
                Times::Fixed(count) => format!("{count} × {price}"),
                Times::Argument(index) => {
                    format!(
                        "{price} × {}",
                        self.params.get(usize::from(index)).map_or("?", |param| param.name)
                    )
                }
                Times::Copied => format!("{price} × bytes copied"),
                Times::Found => format!("{price} × length found"),
                Times::Created => format!("{price} if created"),
                Times::Released => format!("{price} if deleted"),
                Times::Merged => format!("{price} × sums and counts first changed"),
                Times::Moved => format!("{price} × machines moved"),
                Times::Rewritten => format!("{price} × greatest size of the items moved"),
                Times::First => format!("{price} the first time in a call"),
                Times::Loaded => format!("{price} the first time"),
                Times::Code => format!("{price} × code length the first time"),
                Times::Pages => format!("{price} × initial pages"),
                Times::Asset => format!("{price} × those of a move of an asset"),
            }
        };
        self.cost.iter().map(term).collect::<Vec<String>>().join(" + ")
    }
}

const PREAMBLE: &str = include_str!("reference.md");

/// The reference of the host interface, in Markdown.
#[must_use]
pub fn reference() -> String {
    let mut page = String::from(PREAMBLE);
    for (title, status) in [
        ("In transitions and views", Status::Everywhere),
        ("In transitions only (`ReadOnly` in a view)", Status::Transitions),
    ] {
        page.push_str(&format!("\n## {title}\n"));
        for row in TABLE.iter().filter(|row| row.status == status) {
            page.push_str(&format!("\n### `{}`\n\n{}\n\n", row.signature(), row.doc));
            for param in row.params {
                page.push_str(&format!("- `{}`: {}\n", param.name, param.kind.describe()));
            }
            if !row.result().is_empty() {
                page.push_str(&format!("- result: {}\n", row.result()));
            }
            page.push_str(&format!("- cost: {}\n", row.formula()));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_well_formed() {
        assert_eq!(TABLE.len(), Function::ALL.len());
        for (index, row) in TABLE.iter().enumerate() {
            assert!(row.params.len() <= 7, "{} does not fit every processor", row.name);
            assert!(TABLE.iter().skip(index + 1).all(|other| other.name != row.name), "{} twice", row.name);
            for (at, param) in row.params.iter().enumerate() {
                let next = row.params.get(at + 1).map(|param| param.kind);
                match param.kind {
                    ParamKind::ReadRange => {
                        assert!(matches!(next, Some(ParamKind::Length(_))), "{}", row.name)
                    }
                    ParamKind::WriteRange => assert_eq!(next, Some(ParamKind::Capacity), "{}", row.name),
                    _ => {}
                }
            }
            assert!(row.statuses.is_empty() || row.answer == Answer::Status, "{}", row.name);
            assert!(row.statuses.iter().all(|code| codes::describe(*code).is_some()), "{}", row.name);
            for term in row.cost {
                if let Times::Argument(at) = term.times {
                    let kind = row.params[usize::from(at)].kind;
                    assert!(matches!(kind, ParamKind::Length(_) | ParamKind::Capacity), "{}", row.name);
                }
            }
            assert_eq!(
                Function::from_number(u32::try_from(index).expect("few")).map(Function::row),
                Some(row)
            );
        }
        assert_eq!(Function::from_number(u32::MAX), None);
    }

    #[test]
    fn the_page_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/host-functions.md");
        if std::env::var_os("CHAINSTACK_BLESS").is_some() {
            std::fs::write(path, reference()).expect("the page is written");
        }
        let page = std::fs::read_to_string(path).expect("the page is there");
        assert!(page == reference(), "{path} is stale: run the test again with CHAINSTACK_BLESS=1");
    }
}
