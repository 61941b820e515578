//! The stable numeric codes of everything the chain can answer, in one table.
//!
//! Receipts, RPC errors, `chainstack explain` and the documents read this table; the room that decides
//! uses the constants. A code is never reused. Ranges: 1-99 execution, 100-199 refused by the declared
//! machine, 1000-1099 transactions, 2000-2099 bytecode admission, 2100-2199 manifest, 3000-3299 proofs.

/// One row of [`TABLE`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeInfo {
    /// The stable number.
    pub code: u16,
    /// Its name, in the form users search for.
    pub name: &'static str,
    /// What happened.
    pub what: &'static str,
    /// What to try next.
    pub hint: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $code:literal, $name:literal, $what:literal, $hint:literal;)*) => {
        $(#[doc = $what] pub const $constant: u16 = $code;)*

        /// Every execution, machine and transaction code, in ascending order.
        pub const TABLE: &[CodeInfo] = &[
            $(CodeInfo { code: $code, name: $name, what: $what, hint: $hint },)*
        ];
    };
}

codes! {
    OK = 0, "Ok", "the transaction was carried out", "nothing to do";
    REVERTED = 1, "Reverted", "the contract refused with one of its declared errors; costs the gas used until then", "read the error's fields; the contract's manifest says what each error means";
    TRAP = 2, "Trap", "the contract's code stopped abnormally; costs the price `trap` besides the gas used", "replay with `chainstack tx trace` to see where";
    OUT_OF_GAS = 3, "OutOfGas", "the gas limit did not suffice", "raise --gas-limit; `--dry-run` shows what the call needs";
    INSUFFICIENT_BALANCE = 4, "InsufficientBalance", "the account's free balance is less than the amount to move", "fund the account or move less";
    BALANCE_OVERFLOW = 5, "BalanceOverflow", "the receiving balance would pass the greatest amount", "move less";
    DEPOSIT_LIMIT = 6, "DepositLimit", "storage deposits would pass max_deposit", "raise --max-deposit";
    CONTRACT_NOT_FOUND = 7, "ContractNotFound", "there is no contract at the address", "check the address, or deploy first";
    CODE_NOT_FOUND = 8, "CodeNotFound", "no code with this hash was uploaded", "upload the code first";
    CONTRACT_EXISTS = 9, "ContractExists", "a contract already stands at the derived address", "choose another salt";
    PARADIGM_NOT_FOUND = 10, "ParadigmNotFound", "genesis lists no paradigm of this name", "`chainstack paradigm list` shows them";
    ZERO_ADDRESS = 11, "ZeroAddress", "the all-zero key is refused as receiver, owner and signer", "give a real address";
    NOT_SUPPORTED = 12, "NotSupported", "this operation is not supported yet", "see the change log for when it arrives";
    CALL_DEPTH = 13, "CallDepth", "contracts called each other deeper than the limit", "shorten the chain of calls";
    CODE_EXISTS = 14, "CodeExists", "this code was already uploaded", "instantiate it by its hash";
    STACK_OVERFLOW = 15, "StackOverflow", "the metered stack of the call chain was exhausted", "recurse less";
    PROTOCOL_ADDRESS = 16, "ProtocolAddress", "accounts of the protocol itself take no transfers", "give an account or a contract";

    UNKNOWN_METHOD = 100, "UnknownMethod", "the manifest declares no such method", "`call ADDR --help` lists the methods";
    BAD_ARGUMENTS = 101, "BadArguments", "the arguments are not the declared types", "`call ADDR METHOD --help` shows them";
    UNDECLARED_CELL = 102, "UndeclaredCell", "the code used a cell that the manifest does not declare, or in a way its kind does not allow", "declare the cell";
    UNDECLARED_TOUCH = 103, "UndeclaredTouch", "the code touched an entry outside the transition's touches", "declare the touch";
    UNDECLARED_EVENT = 104, "UndeclaredEvent", "the code emitted an event the transition does not declare, or with other fields", "declare the event";
    UNDECLARED_ERROR = 105, "UndeclaredError", "the code reverted with an error the transition does not declare, or with other fields", "declare the error";
    UNDECLARED_CALL = 106, "UndeclaredCall", "the code called a contract or method outside the transition's calls", "declare the call";
    UNDECLARED_SEND = 107, "UndeclaredSend", "the code moved value outside the transition's sends", "declare the send";
    WRONG_CALLER = 108, "WrongCaller", "the caller does not hold the role the transition asks for", "call as the holder of the role";
    VALUE_NOT_ACCEPTED = 109, "ValueNotAccepted", "the call carries more value than the transition accepts", "send no value";
    CEILING_GAS = 110, "CeilingGas", "the call used more gas than the transition's ceiling", "raise the declared ceiling";
    CEILING_READS = 111, "CeilingReads", "the call read more entries than the transition's ceiling", "raise the declared ceiling";
    CEILING_WRITES = 112, "CeilingWrites", "the call wrote more entries than the transition's ceiling", "raise the declared ceiling";
    CEILING_ENTRIES = 113, "CeilingEntries", "the call created more entries than the transition's ceiling", "raise the declared ceiling";
    CEILING_EVENTS = 114, "CeilingEvents", "the call emitted more events than the transition's ceiling", "raise the declared ceiling";
    IN_FLIGHT = 115, "InFlight", "the contract is already being called further up the stack", "wait for the outer call, or use notify";
    VALUE_TOO_LARGE = 116, "ValueTooLarge", "the value is larger than its cell declares", "store less, or declare more";
    BAD_VALUE = 117, "BadValue", "the value is not of the cell's declared type", "write the declared fields";
    BAD_KEY = 118, "BadKey", "the key is not of the cell's declared key types", "give the declared key fields";
    SUM_OVERFLOW = 119, "SumOverflow", "the sum of the ledger would pass the greatest amount", "credit less";
    READ_ONLY = 120, "ReadOnly", "a view tried to change state, emit, pay or call a transition", "declare a transition";
    MAX_ENTRIES = 121, "MaxEntries", "the cell is at its declared number of entries", "delete entries first";
    BAD_OUTPUT = 122, "BadOutput", "the output is not of the declared return type", "return the declared type";
    UNDECLARED_NOTIFY = 123, "UndeclaredNotify", "the code queued a notification outside the transition's notifies", "declare it";
    NOTIFY_FAILED = 124, "NotifyFailed", "a notified contract failed or did not answer as expected", "the receiver must accept";
    ROLE_VACANT = 125, "RoleVacant", "nobody holds the role", "a vacant role cannot act any more";
    NOT_OFFERED = 126, "NotOffered", "the role was not offered to the caller", "the holder must offer it first";
    ITEM_NOT_FOUND = 127, "ItemNotFound", "the cell has no entry under this key", "check the key";
    NOT_A_VIEW = 128, "NotAView", "the method changes state", "send it as a call";
    BAD_HOST_ARGUMENT = 129, "BadHostArgument", "the code gave a host function a range outside its memory or a malformed argument", "check pointers and lengths";
    WRONG_STATE = 130, "WrongState", "a machine is in a state from which the transition or exit may not be taken", "`inspect machine` shows the states; `contract state` the present one";
    GUARD_REFUSED = 131, "GuardRefused", "the guard of the transition or exit does not hold", "`inspect machine` shows the guard";
    GUARD_ARITHMETIC = 132, "GuardArithmetic", "a guard or window has no value: overflow, or division by zero", "other arguments may have one";
    NOT_OPEN = 133, "NotOpen", "the transition or exit is not open yet", "wait until its window opens";
    PAST_WINDOW = 134, "PastWindow", "the transition or exit is closed for ever", "poke the exit that the refusal names";
    ITEM_EXISTS = 135, "ItemExists", "the item that the call would create is there already", "choose another key";
    ITEM_NOT_CREATED = 136, "ItemNotCreated", "the code did not create the item that its transition declares as new", "set the entry under the item's key";
    UNDECLARED_TARGET = 137, "UndeclaredTarget", "the code moved a machine where its transition does not lead, or left it where it may not stay", "declare the target, or choose a declared one";
    INVARIANT_BROKEN = 138, "InvariantBroken", "an invariant of the contract would not hold any more", "`inspect manifest` shows the invariants";
    ESCROW_NOT_EMPTY = 139, "EscrowNotEmpty", "the item would go while an escrow holds coins for it", "take an exit first, or pay the escrow out";
    UNDECLARED_ESCROW = 140, "UndeclaredEscrow", "the code used an escrow that its transition does not declare, or for an item that it is not bound to", "declare the escrow";
    UNKNOWN_EXIT = 141, "UnknownExit", "the manifest declares no such exit", "`inspect machine` lists the exits";
    RECEIVER_REFUSED = 142, "ReceiverRefused", "an account that an exit pays would be one that takes no coins", "name an account that can be paid";
    NOT_CONSENTED = 143, "NotConsented", "an escrow would take an asset that its holder did not consent to send", "list the asset in the call's sends, or in the calling contract's transition";
    ASSET_IN_FLIGHT = 144, "AssetInFlight", "the contract that keeps the asset is being called further up the stack", "use the escrow before or after that call, or from a notification";
    ASSET_REFUSED = 145, "AssetRefused", "the asset's own condition for escrows does not hold: it is paused, locked or soulbound", "`inspect storage` of the asset's contract shows the condition";
    NOT_AN_ASSET = 146, "NotAnAsset", "no cell of balances or owners that may be escrowed stands there", "check contract and cell of the asset";
    OTHER_ASSET = 147, "OtherAsset", "the escrow holds another asset already", "empty it first, or declare one escrow for each";
    ESCROWED = 148, "Escrowed", "the unique asset is in an escrow, out of reach of its contract's code", "the escrow's own exits and methods let it out";
    NOT_OWNER = 149, "NotOwner", "the unique asset belongs to somebody else", "ask its contract for the owner";
    NOT_APPROVED = 150, "NotApproved", "the call needs more approvals of a set of accounts than it has", "members approve it with `chainstack call ... --approve`; `state` shows what is approved";
    NOT_A_MEMBER = 151, "NotAMember", "the account is not a member of the set, or was not when it would have counted", "`state` shows the members";
    ALREADY_A_MEMBER = 152, "AlreadyAMember", "the account is a member of the set already", "nothing to do";
    SET_FULL = 153, "SetFull", "the set has as many members as its role allows", "remove one first";
    SET_AT_THRESHOLD = 154, "SetAtThreshold", "the set would have fewer members than its threshold", "add one first";
    SET_FIXED = 155, "SetFixed", "the set has no admin: its members never change", "nothing can be done";
    BAD_MEMBERS = 156, "BadMembers", "the first members of a set are too few, too many, or one of them stands there twice", "give each once, at least as many as the threshold";
    ALREADY_APPROVED = 157, "AlreadyApproved", "the caller has approved this call, and it still counts", "a member counts once; `$approve.revoke` takes it back";
    NO_APPROVAL = 158, "NoApproval", "the caller has not approved this call, or the approval was used", "check the hash; `state` shows what is approved";
    NO_PROPOSAL = 159, "NoProposal", "no upgrade is proposed", "it was never, or vetoed, withdrawn or applied; `state` shows it";
    UPGRADE_TOO_EARLY = 160, "UpgradeTooEarly", "the proposed upgrade has not waited as long as the contract promises", "apply it later";
    UPGRADE_REFUSED = 161, "UpgradeRefused", "the new version does not keep what the contract in use promises", "`chainstack diff` shows every change";
    CELL_NOT_EMPTY = 162, "CellNotEmpty", "the new version drops a cell that is not known to be empty", "keep the cell, or empty it first";

    MALFORMED = 1000, "Malformed", "the bytes are not one canonically encoded transaction", "encode with the client library";
    TOO_LONG = 1001, "TooLong", "the transaction is longer than the limit", "see the limits page";
    VERSION_NOT_SUPPORTED = 1002, "VersionNotSupported", "the transaction format is not of this protocol version", "update the client";
    WRONG_CHAIN = 1003, "WrongChain", "the transaction was signed for another chain", "sign it for this chain";
    NONCE_TOO_LOW = 1004, "NonceTooLow", "a transaction with this nonce was already accepted", "ask for the account's nonce again";
    NONCE_TOO_HIGH = 1005, "NonceTooHigh", "the nonce is too far ahead of the account's", "send the missing transactions first";
    EXPIRED = 1006, "Expired", "the chain is past valid_until", "sign it again";
    VALID_TOO_FAR = 1007, "ValidTooFar", "valid_until is more than 4096 blocks ahead", "choose a nearer height";
    FEE_BELOW_BASE = 1008, "FeeBelowBase", "max_fee_per_gas is below the base fee", "raise --max-fee";
    INSUFFICIENT_FUNDS = 1009, "InsufficientFunds", "the free balance does not cover gas limit × max fee + value + max deposit", "fund the account or lower the limits";
    ZERO_KEY = 1010, "ZeroKey", "the all-zero key is refused as signer", "sign with a real key";
    MALFORMED_KEY = 1011, "MalformedKey", "the signer is not a public key", "check the signer";
    MALFORMED_SIGNATURE = 1012, "MalformedSignature", "the signature is not in the accepted form", "sign again";
    BAD_SIGNATURE = 1013, "BadSignature", "the signature does not verify", "sign the exact body for this chain";
    GAS_LIMIT_TOO_LOW = 1020, "GasLimitTooLow", "the gas limit does not cover what every such transaction costs", "raise --gas-limit";
    GAS_LIMIT_TOO_HIGH = 1021, "GasLimitTooHigh", "the gas limit is above the block's", "lower --gas-limit";
    MEMPOOL_FULL = 1022, "MempoolFull", "the node's pool is full of better-paying transactions", "raise the fee or retry later";
    REPLACEMENT_UNDERPRICED = 1023, "ReplacementUnderpriced", "a waiting transaction with this nonce pays about as much", "raise the fee by at least a tenth";
    ALREADY_KNOWN = 1024, "AlreadyKnown", "the node already has these bytes", "look up its status";
    ACCOUNT_QUEUE_FULL = 1025, "AccountQueueFull", "too many transactions of the account are waiting", "wait for some to be included";
    AMOUNT_OVERFLOW = 1026, "AmountOverflow", "gas limit × max fee + value + max deposit passes the greatest amount", "lower the limits";
    SIGNER_IS_CONTRACT = 1027, "SignerIsContract", "a contract's address cannot sign", "sign with a key";
    BLOCK_FULL = 1028, "BlockFull", "the block has no gas left for the transaction", "it stays in the pool";
    EMPTY_BATCH = 1029, "EmptyBatch", "a batch needs at least one call", "add a call";
}

/// The row of `code`, if it is of this table.
#[must_use]
pub fn describe(code: u16) -> Option<&'static CodeInfo> {
    TABLE.binary_search_by_key(&code, |row| row.code).ok().and_then(|index| TABLE.get(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_so_no_code_is_given_twice() {
        for pair in TABLE.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} before {}", pair[0].name, pair[1].name);
        }
        for row in TABLE {
            assert_eq!(describe(row.code), Some(row));
        }
        assert_eq!(describe(999), None);
    }
}
