//! Every method, declared once: `rpc.discover`, the page `node/docs/rpc.md` and the lines of the CLI's reference that
//! name the methods behind a command are made of this table, and tests hold the program to it.

use super::schema::{
    Shape::{
        self, Account, Amount, Any, Bool, Bytes, Hash, Is, List, Named, Null, Number, OneOf, Place, Small,
        Text,
    },
    object,
};

/// A method of the RPC.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Its parameters, by position.
    pub params: &'static [Param],
    /// What it answers.
    pub result: Shape,
    /// What a subscription sends besides; `None` for a method that is none.
    pub items: Option<Shape>,
    /// The commands of the CLI that call it.
    pub commands: &'static [&'static str],
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// Its shape.
    pub shape: Shape,
    /// Whether it may be left out, or be null.
    pub optional: bool,
    /// What it says.
    pub doc: &'static str,
}

/// `params! { "name": shape, "what it says"; "other" optional: shape, "what it says" }`.
macro_rules! params {
    (@optional) => { false };
    (@optional optional) => { true };
    ($($name:literal $($optional:ident)?: $shape:expr, $doc:literal);* $(;)?) => {
        &[$(Param {
            name: $name,
            shape: $shape,
            optional: params!(@optional $($optional)?),
            doc: $doc,
        }),*]
    };
}

const NONE: &[Param] = &[];
const WHICH: Shape = OneOf(&[Number, Hash, Is("latest")]);
const ID: &[Param] = params! { "id": Hash, "the transaction" };
const CONTRACT: &[Param] = params! { "contract": Account, "the contract" };
const NUMBER_OR_NULL: Shape = OneOf(&[Number, Null]);
const MET: Shape = OneOf(&[Is("yes"), Is("no"), Is("depends")]);
const TEXT_OR_NULL: Shape = OneOf(&[Text, Null]);
const MANIFEST: Shape = object! { "code_hash": Hash, "manifest": Bytes };
const ENTRY: Shape = object! { "value": Bytes, "payer": Account, "deposit": Amount };
const REVERTED: Shape = object! { "reverted": object! { "height": Number } };
const ENDED: Shape = object! { "ended": object! { "why": Text, "next": Place } };
/// Commands that send a transaction.
const SENDERS: &[&str] = &["account transfer", "paradigm deploy", "deploy", "call", "poke"];

/// Shapes that several methods share, by name.
pub const NAMED: &[(&str, Shape)] = &[
    (
        "ContractCall",
        object! {
            "height": Number, "transaction": Number, "id": Hash, "call": NUMBER_OR_NULL, "method": TEXT_OR_NULL,
            "exit": OneOf(&[Small, Null]), "outcome": OneOf(&[Is("ok"), Is("failed"), Is("undone")]), "code": Small,
            "name": TEXT_OR_NULL, "gas": Number, "events": Number,
        },
    ),
    ("Event", object! { "contract": Account, "event": Small, "data": Bytes }),
    (
        "EventRow",
        object! {
            "height": Number, "transaction_id": Hash, "transaction": Number, "index": Number, "contract": Account,
            "event": Small, "data": Bytes,
        },
    ),
    ("Frame", object! { "contract": Account, "method": Text }),
    (
        "Header",
        object! {
            "hash": Hash, "version": Number, "chain": Hash, "height": Number, "time_ms": Number, "state_root": Hash,
            "history_root": Hash, "next_validators_hash": Hash, "parent": Hash, "tx_root": Hash,
            "receipt_root": Hash, "shares_root": Hash, "validators_hash": Hash, "last_commit_hash": Hash,
            "base_fee": Amount, "gas_used": Number, "proposer": Account, "beacon": Hash, "scale": Bytes,
        },
    ),
    (
        "Receipt",
        object! {
            "id": Hash, "height": Number, "index": Number, "code": Small, "name": TEXT_OR_NULL,
            "failed_call": NUMBER_OR_NULL, "gas": Number, "fee": Amount, "deposit_locked": Amount,
            "deposit_released": Amount, "output_hash": Hash, "events_root": Hash, "event_count": Number,
            "events": List(&Named("Event")), "revert": Bytes, "events_next" optional: Place,
            "text" optional: TEXT_OR_NULL, "stack" optional: List(&Named("Frame")), "output" optional: Bytes,
        },
    ),
    (
        "Move",
        object! {
            "kind": OneOf(&[Is("transition"), Is("exit")]), "name": Text, "enabled": MET,
            "needs": List(&object! {
                "need": Text, "met": MET, "code": OneOf(&[Small, Null]), "name": TEXT_OR_NULL, "text": TEXT_OR_NULL,
            }),
        },
    ),
    ("Refusal", object! { "code": Small, "name": TEXT_OR_NULL, "message": Text }),
    (
        "Transaction",
        object! {
            "id": Hash, "signer": Account, "version": Number, "chain": Hash, "nonce": Number, "valid_until": Number,
            "gas_limit": Number, "max_fee_per_gas": Amount, "tip_per_gas": Amount, "max_deposit": Amount,
            "call": Any,
        },
    ),
];

const STATUS: Shape = object! {
    "chain": Hash, "name": Text, "engine": Text, "version": Text, "height": Number, "finalized": Number,
    "head": Hash, "state_root": Hash, "time_ms": Number, "base_fee": Amount, "peers": Number, "mempool": Number,
};

const SIMULATION: Shape = object! {
    "refused": OneOf(&[Named("Refusal"), Null]), "code": Small, "name": TEXT_OR_NULL,
    "failed_call": NUMBER_OR_NULL, "gas": Number, "fee": OneOf(&[Amount, Null]), "output": Bytes,
    "revert": Bytes, "deposit_locked": Amount, "deposit_released": Amount, "events": List(&Named("Event")),
    "text" optional: TEXT_OR_NULL, "stack" optional: List(&Named("Frame")),
};

const ACCOUNT: Shape = object! {
    "address": Account, "exists": Bool, "nonce": Number, "next_nonce": Number, "balance": Amount,
    "code_hash": Hash, "contract": Bool,
};

const INFO: Shape = object! {
    "address": Account, "code_hash": Hash, "manifest_hash": Hash, "creator": Account, "version": Number,
    "balance": Amount,
};

const ESCROW: Shape = object! {
    "cell": Small, "asset": OneOf(&[Is("native"), object! { "contract": Account, "cell": Small }, Null]),
    "amount": OneOf(&[Amount, Null]), "key": OneOf(&[Bytes, Null]),
};

const FILTER: Shape = object! {
    "contract" optional: Account, "event" optional: Small, "from" optional: Number, "to" optional: Number,
    "after" optional: Place, "limit" optional: Number,
};

/// A method without parameters that no command calls.
const PLAIN: Method = Method { name: "", doc: "", params: NONE, result: Null, items: None, commands: &[] };

/// The table, in the order of the page.
pub const METHODS: &[Method] = &[
    Method {
        name: "chain_status",
        doc: "How the chain stands. `mempool` counts what waits; `base_fee` is the next block's.",
        result: STATUS,
        commands: &[
            "status",
            "events",
            "inspect",
            "account transfer",
            "paradigm deploy",
            "deploy",
            "call",
            "poke",
        ],
        ..PLAIN
    },
    Method {
        name: "chain_block",
        doc: "A block with its decoded transactions.",
        params: params! { "which" optional: WHICH, "a height, a hash, or `\"latest\"`, which is meant if it is left out" },
        result: object! {
            "hash": Hash, "header": Named("Header"), "transactions": List(&Named("Transaction")),
            "size_bytes": Number, "scale": Bytes,
        },
        commands: &["block show", "tx show"],
        ..PLAIN
    },
    Method {
        name: "chain_header",
        doc: "A block's header.",
        params: params! { "which" optional: WHICH, "as for `chain_block`" },
        result: Named("Header"),
        ..PLAIN
    },
    Method {
        name: "chain_receipt",
        doc: "The receipt of an included transaction. `events` are the first 1,000; if there are more, `events_next` \
              is where `event_query` goes on.",
        params: ID,
        result: Named("Receipt"),
        commands: &["tx show"],
        ..PLAIN
    },
    Method { name: "chain_params", doc: "The parameters in force.", result: Any, ..PLAIN },
    Method {
        name: "chain_spec",
        doc: "The chain's first block, as it was described; `genesis` is its SCALE encoding.",
        result: object! {
            "name": Text, "chain": Hash, "time_ms": Number,
            "balances": List(&object! { "address": Account, "balance": Amount }),
            "paradigms": List(&Text),
            "validators": List(&object! { "address": Account, "power": Number }),
            "genesis": Bytes,
        },
        ..PLAIN
    },
    Method {
        name: "tx_submit",
        doc: "Takes a signed transaction into the pool. It is not in a block yet: see `tx_status`.",
        params: params! { "transaction": Bytes, "the signed transaction's SCALE encoding" },
        result: object! { "id": Hash },
        commands: &["account transfer", "paradigm deploy", "deploy", "call", "tx send"],
        ..PLAIN
    },
    Method {
        name: "tx_submit_many",
        doc: "As `tx_submit` for up to 1,024 transactions in order, each with a verdict of its own.",
        params: params! { "transactions": List(&Bytes), "the signed transactions" },
        result: List(&OneOf(&[object! { "id": Hash }, object! { "error": Named("Refusal") }])),
        ..PLAIN
    },
    Method {
        name: "tx_simulate",
        doc: "Runs a transaction's body at the head, unsigned and without a trace. `refused` says why it could not be \
              included as it stands; the rest holds in any case.",
        params: params! {
            "signer": Account, "who would sign";
            "body": Bytes, "SCALE encoding of the transaction's body"
        },
        result: SIMULATION,
        commands: SENDERS,
        ..PLAIN
    },
    Method {
        name: "tx_status",
        doc: "Where a transaction is.",
        params: ID,
        result: object! {
            "status": OneOf(&[Is("unknown"), Is("pending"), Is("included")]),
            "receipt" optional: Named("Receipt"),
        },
        commands: &[
            "account transfer",
            "paradigm deploy",
            "deploy",
            "call",
            "tx send",
            "tx status",
            "dev fund",
        ],
        ..PLAIN
    },
    Method {
        name: "tx_trace",
        doc: "A receipt with `output`, `text` and `stack`, recomputed by running the block again up to the \
              transaction; the state before the block must still be kept.",
        params: ID,
        result: Named("Receipt"),
        commands: &["tx trace"],
        ..PLAIN
    },
    Method {
        name: "state_account",
        doc: "An account. `next_nonce` counts what waits in the pool.",
        params: params! {
            "account": Account, "whose";
            "height" optional: Number, "at an earlier height"
        },
        result: ACCOUNT,
        commands: &["account balance", "account transfer", "paradigm deploy", "deploy", "call", "poke"],
        ..PLAIN
    },
    Method {
        name: "state_cell",
        doc: "An entry of a cell, or null.",
        params: params! {
            "contract": Account, "the contract";
            "cell": Small, "the cell's id";
            "key": Bytes, "the encoded key";
            "height" optional: Number, "at an earlier height"
        },
        result: OneOf(&[ENTRY, Null]),
        commands: &["state"],
        ..PLAIN
    },
    Method {
        name: "state_range",
        doc: "Entries of a cell at the head in the order of their keys.",
        params: params! {
            "contract": Account, "the contract";
            "cell": Small, "the cell's id";
            "after" optional: Bytes, "the key before the first one wanted";
            "limit" optional: Number, "1,000 at most, which is meant if it is left out"
        },
        result: List(&object! { "value": Bytes, "payer": Account, "deposit": Amount, "key": Bytes }),
        commands: &["state", "inspect"],
        ..PLAIN
    },
    Method {
        name: "state_proof",
        doc: "The proof of an account, and of an entry of it, under a state root.",
        params: params! {
            "account": Account, "whose";
            "cell" optional: Small, "the id of a cell, with the key of an entry after it";
            "key" optional: Bytes, "the encoded key";
            "height" optional: Number, "at an earlier height"
        },
        result: object! { "height": Number, "state_root": Hash, "proof": Bytes },
        commands: &["proof get"],
        ..PLAIN
    },
    Method {
        name: "contract_info",
        doc: "What a contract is.",
        params: CONTRACT,
        result: INFO,
        commands: &["inspect", "audit", "diff"],
        ..PLAIN
    },
    Method {
        name: "contract_manifest",
        doc: "The manifest of a contract, or of uploaded code, in SCALE.",
        params: params! { "which": OneOf(&[Account, Hash]), "a contract or a code hash" },
        result: MANIFEST,
        commands: &["deploy", "call", "poke", "query", "state", "events", "proof get", "tx show"],
        ..PLAIN
    },
    Method {
        name: "contract_code",
        doc: "The code of a contract, or uploaded code, as it was uploaded: at most `CODE_SIZE_MAX` bytes. Its hash \
              is in `contract_info`: whoever rests a claim on the bytes compares them with it.",
        params: params! { "which": OneOf(&[Account, Hash]), "a contract or a code hash" },
        result: object! { "code_hash": Hash, "code": Bytes },
        commands: &["inspect", "audit", "diff"],
        ..PLAIN
    },
    Method {
        name: "contract_query",
        doc: "Asks a view. `code` 0 comes with `output` and `gas`, any other with `revert`, `text` and `stack`.",
        params: params! {
            "contract": Account, "the contract";
            "method": Text, "the view";
            "args": Bytes, "its encoded arguments";
            "height" optional: Number, "at an earlier height"
        },
        result: object! {
            "code": Small, "name": TEXT_OR_NULL, "height": Number, "output" optional: Bytes,
            "gas" optional: Number, "revert" optional: Bytes, "text" optional: TEXT_OR_NULL,
            "stack" optional: List(&Named("Frame")),
        },
        commands: &["query"],
        ..PLAIN
    },
    Method {
        name: "contract_state",
        doc: "What the host keeps for a contract: parameters, holders of roles, sums and counts of cells, states of its \
              own machines, members of sets, the first of the calls they approved, and other code that is proposed.",
        params: CONTRACT,
        result: object! {
            "info": INFO, "height": Number, "params": OneOf(&[Bytes, Null]),
            "roles": List(&object! { "id": Small, "holder": OneOf(&[Account, Null]) }),
            "sums": List(&object! { "cell": Small, "sum": Amount }),
            "counts": List(&object! { "cell": Small, "count": Amount }),
            "machines": List(&object! { "id": Small, "state": Small }),
            "sets": List(&object! { "id": Small, "members": List(&Account) }),
            "approvals": List(&object! { "call": Hash, "member": Account, "height": Number }),
            "upgrade": OneOf(&[object! { "code": Hash, "proposed": Number, "proposer": Account }, Null]),
        },
        commands: &["state", "inspect"],
        ..PLAIN
    },
    Method {
        name: "contract_outlook",
        doc: "Which transitions and exits of a contract are open to a call in the next block, and why the others are not: \
              each rule is asked by itself, by the code that refuses calls. What an answer depends on and was not said is \
              named in `text`. With an item, those that concern it; with a method, that one alone. `escrows` are those of the \
              item, or of the contract itself, with what each holds: `asset` is null if that is nothing, `key` is that of \
              a unique asset.",
        params: params! {
            "contract": Account, "the contract";
            "caller" optional: Account, "who would call or poke";
            "cell" optional: Small, "the id of the map of an item, with its key after it";
            "key" optional: Bytes, "the item's encoded key";
            "method" optional: Text, "one transition";
            "args" optional: List(&OneOf(&[Bytes, Null])), "its encoded arguments in declared order, null where not known";
            "value" optional: Amount, "native value that would come along"
        },
        result: object! {
            "height": Number, "block": object! { "height": Number, "time_ms": Number }, "moves": List(&Named("Move")),
            "escrows": List(&ESCROW),
        },
        commands: &["state", "call", "poke"],
        ..PLAIN
    },
    Method {
        name: "contract_calls",
        doc: "Calls and pokes of a contract that transactions ask for, oldest first, with what became of them. Calls that \
              other contracts make are in no block. An answer ends with the blocks asked for, with 1,000 calls or after \
              some thousand transactions; `next` is where to go on, null at the head. `gas` and `events` are those of the \
              whole transaction. Of a batch that failed, the call to blame is `failed` and the others are `undone`.",
        params: params! {
            "contract": Account, "the contract";
            "from": Number, "the first height";
            "transaction" optional: Number, "the first transaction there";
            "blocks" optional: Number, "256 at most, which is meant if it is left out"
        },
        result: object! {
            "to": Number, "calls": List(&Named("ContractCall")),
            "next": OneOf(&[object! { "height": Number, "transaction": Number }, Null]),
        },
        commands: &["inspect"],
        ..PLAIN
    },
    Method {
        name: "paradigm_list",
        doc: "The paradigms of genesis.",
        result: List(&object! { "name": Text, "code_hash": Hash, "size_bytes": Number }),
        commands: &["paradigm list"],
        ..PLAIN
    },
    Method {
        name: "paradigm_params",
        doc: "The manifest of a paradigm, which declares its parameters.",
        params: params! { "name": Text, "the paradigm" },
        result: MANIFEST,
        commands: &["paradigm show", "paradigm new", "paradigm deploy", "tx show"],
        ..PLAIN
    },
    Method {
        name: "event_query",
        doc: "Events in the order of the chain: at most `limit` (1,000), from a bounded part of the chain \
              (`EVENT_ROWS_MAX` rows). Until `next` is null there may be more, also behind an empty page: give it as \
              `after`. `transaction` and `index` are places, in the block and in the transaction.",
        params: params! { "filter" optional: FILTER, "which events, and where to go on" },
        result: object! { "events": List(&Named("EventRow")), "next": OneOf(&[Place, Null]) },
        commands: &["events"],
        ..PLAIN
    },
    Method {
        name: "subscribe_blocks",
        doc: "Each block from now on.",
        result: Text,
        items: Some(OneOf(&[Named("Header"), REVERTED, ENDED])),
        ..PLAIN
    },
    Method {
        name: "subscribe_events",
        doc: "Each event from a place on, or from the next block on.",
        params: params! {
            "contract" optional: Account, "only of this contract";
            "after" optional: Place, "where to begin, as `next` of `event_query`"
        },
        result: Text,
        items: Some(OneOf(&[Named("EventRow"), REVERTED, ENDED])),
        ..PLAIN
    },
    Method {
        name: "subscribe_tx",
        doc: "Each inclusion of a transaction, also one that has been.",
        params: ID,
        result: Text,
        items: Some(OneOf(&[object! { "id": Hash, "height": Number, "index": Number }, REVERTED, ENDED])),
        ..PLAIN
    },
    Method {
        name: "node_health",
        doc: "Whether the node is well.",
        result: object! { "healthy": Bool, "height": Number, "syncing": Bool },
        commands: &["doctor"],
        ..PLAIN
    },
    Method { name: "node_peers", doc: "Its peers: none under `solo`.", result: List(&Any), ..PLAIN },
    Method {
        name: "dev_seal",
        doc: "Seals a block now, empty or not.",
        result: object! { "height": Number },
        commands: &["dev seal"],
        ..PLAIN
    },
    Method {
        name: "dev_warp",
        doc: "Moves the clock forward and seals a block at the new time.",
        params: params! { "ms": Number, "by so many milliseconds; ten years at most" },
        result: object! { "time_ms": Number },
        commands: &["dev warp"],
        ..PLAIN
    },
    Method {
        name: "dev_snapshot",
        doc: "A place to come back to.",
        result: object! { "snapshot": Number },
        commands: &["dev snapshot"],
        ..PLAIN
    },
    Method {
        name: "dev_revert",
        doc: "Takes the chain back to a snapshot, and forgets what waits.",
        params: params! { "snapshot": Number, "which" },
        result: object! { "height": Number },
        commands: &["dev revert"],
        ..PLAIN
    },
    Method {
        name: "dev_fund",
        doc: "Sends coins from the faucet's account.",
        params: params! { "account": Account, "to whom"; "amount": OneOf(&[Amount, Number]), "base units" },
        result: object! { "id": Hash },
        commands: &["dev fund"],
        ..PLAIN
    },
];

/// The methods of a node: those of development chains only if it is one.
pub fn declared(is_development: bool) -> impl Iterator<Item = &'static Method> {
    METHODS.iter().filter(move |method| is_development || !method.name.starts_with("dev_"))
}

/// The methods that a command of the CLI calls, in the order of the table.
pub fn behind(command: &str) -> impl Iterator<Item = &'static str> {
    METHODS.iter().filter(move |method| method.commands.contains(&command)).map(|method| method.name)
}
