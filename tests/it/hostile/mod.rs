//! A hostile guest in WAT: one test for each thing that its declaration does not allow, through a signed block. Refused
//! with its exact code, in words that name contract, method, what was found and what is allowed; and the state root is
//! that of the state before, with fee and nonce alone.
//!
//! Each attempt is made twice: as declared, and with one piece of the declaration replaced so that it is allowed. The
//! same code must be carried out then, which shows that nothing but that piece refused it.

mod attempt;

use chainstack_primitives::codes;

use attempt::{ATTEMPT, Attempt};

/// One test for each attempt.
macro_rules! attempts {
    ($($(#[doc = $doc:literal])* $name:ident { $($field:ident: $value:expr),* $(,)? })*) => {
        $(
            $(#[doc = $doc])*
            #[test]
            fn $name() {
                Attempt { $($field: $value,)* ..ATTEMPT }.check();
            }
        )*
    };
}

attempts! {
    /// Of a machine, where its transition does not lead.
    undeclared_target {
        declares: r#"item = { existing = "jobs", key = ["=1"] }
            to = { job = ["Open", "Done"] }
            touches = []"#,
        does: "(call $transition (i32.const 1) (i32.const 2))",
        code: codes::UNDECLARED_TARGET,
        says: &["machine `job`: state id 2 asked", "`Open` or `Done` expected"],
        allowed_with: &[(r#"["Open", "Done"]"#, r#"["Open", "Lost"]"#)],
    }

    /// Of a machine that its transition does not move at all.
    undeclared_machine {
        declares: r#"item = { existing = "jobs", key = ["=1"] }
            touches = []"#,
        does: "(call $transition (i32.const 1) (i32.const 1))",
        code: codes::UNDECLARED_TARGET,
        says: &["machine id 1 is not among what `go` moves"],
        allowed_with: &[("errors = [\"Status\"]", "errors = [\"Status\"]\nto = { job = [\"Open\", \"Done\"] }")],
    }

    /// An item that the call is not bound to.
    undeclared_item {
        declares: r#"item = { existing = "jobs", key = ["=1"] }
            touches = [{ cell = "jobs", key = ["item.id"], ops = ["set"] }]"#,
        does: "(call $set (i32.const 2) (i32.const 8) (i32.const 300) (i32.const 34))",
        code: codes::UNDECLARED_TOUCH,
        says: &["set of cell `jobs` under key 0x0200000000000000 is not among the touches"],
        allowed_with: &[(r#"["item.id"]"#, r#"["*"]"#)],
    }

    /// An item that the call is not to create.
    undeclared_new_item {
        declares: r#"item = { existing = "jobs", key = ["=1"] }
            touches = [{ cell = "jobs", key = ["*"], ops = ["set"] }]"#,
        does: "(i64.store (i32.const 0) (i64.const 7))
            (call $set (i32.const 2) (i32.const 0) (i32.const 300) (i32.const 32))",
        code: codes::UNDECLARED_TOUCH,
        says: &["the items of cell `jobs` have a machine: only a transition bound to a new one creates it"],
        allowed_with: &[(r#"existing = "jobs", key = ["=1"]"#, r#"new = "jobs", key = ["=7"]"#)],
    }

    /// A cell that no declaration has.
    undeclared_cell {
        declares: "touches = \"unknown\"",
        does: "(drop (call $cell_get (i32.const 99) (i32.const 0) (i32.const 8) (i32.const 700) (i32.const 9)))",
        code: codes::UNDECLARED_CELL,
        says: &["cell id 99 is not declared"],
        allowed_with: &[("[cells.balances]", "[cells.more]\nid = 99\nkind = \"map\"\nkey = { id = \"u64\" }\ntail_max_bytes = 1\n[cells.balances]")],
    }

    /// What a touch does not list: it lets an entry be read.
    undeclared_touch {
        declares: r#"touches = [{ cell = "notes", key = ["=1"], ops = ["read"] }]"#,
        does: "(drop (call $cell_delete (i32.const 1) (i32.const 0) (i32.const 8)))",
        code: codes::UNDECLARED_TOUCH,
        says: &["delete of cell `notes` under key 0x0100000000000000 is not among the touches"],
        allowed_with: &[(r#"ops = ["read"]"#, r#"ops = ["delete"]"#)],
    }

    /// A head field that the touch does not list.
    undeclared_head_field {
        declares: r#"touches = [{ cell = "notes", key = ["=1"], ops = ["set"], head = ["size"] }]"#,
        does: "(i32.store8 (i32.const 256) (i32.const 1))
            (call $set (i32.const 1) (i32.const 0) (i32.const 256) (i32.const 5))",
        code: codes::UNDECLARED_TOUCH,
        says: &["head field 0 of cell `notes` is not among those the touch lists"],
        allowed_with: &[(r#"head = ["size"]"#, r#"head = ["size", "flag"]"#)],
    }

    /// A head field that is written once.
    write_once_head_field {
        declares: r#"item = { existing = "jobs", key = ["=1"] }
            touches = [{ cell = "jobs", key = ["=1"], ops = ["set"], head = [] }]"#,
        does: "(call $set (i32.const 2) (i32.const 0) (i32.const 512) (i32.const 32))",
        code: codes::UNDECLARED_TOUCH,
        says: &["head field 0 of cell `jobs` is write-once"],
        allowed_with: &[("{ by = \"account\" }", "{ by = { type = \"account\", write_once = false } }"), ("head = []", "head = [\"by\"]")],
    }

    /// A value longer than its cell has room for.
    over_long_value {
        declares: "touches = \"unknown\"",
        does: "(call $set (i32.const 1) (i32.const 0) (i32.const 256) (i32.const 14))",
        code: codes::VALUE_TOO_LARGE,
        says: &["value of 14 bytes found, cell `notes` allows 13"],
        allowed_with: &[("tail_max_bytes = 8", "tail_max_bytes = 9")],
    }

    /// A head whose bytes are no value of its type.
    garbage_head {
        declares: "touches = \"unknown\"",
        does: "(i32.store8 (i32.const 256) (i32.const 2))
            (call $set (i32.const 1) (i32.const 0) (i32.const 256) (i32.const 5))",
        code: codes::BAD_VALUE,
        says: &["head field 0 of cell `notes`"],
        allowed_with: &[("type = \"bool\"", "type = \"u8\"")],
    }

    /// A head that is cut short.
    short_head {
        declares: "touches = \"unknown\"",
        does: "(call $set (i32.const 1) (i32.const 0) (i32.const 256) (i32.const 4))",
        code: codes::BAD_VALUE,
        says: &["value of 4 bytes found, the head of cell `notes` has 5"],
        allowed_with: &[("type = \"u32\", write_once", "type = \"u16\", write_once")],
    }

    /// One write more than the ceiling.
    extra_write {
        declares: "touches = \"unknown\"\nceilings = { gas = 2_000_000, writes = 1, new_entries = 1 }",
        does: "(call $set (i32.const 1) (i32.const 8) (i32.const 256) (i32.const 5))
            (call $set (i32.const 1) (i32.const 0) (i32.const 256) (i32.const 5))",
        code: codes::CEILING_WRITES,
        says: &["ceiling of 1 writes, 1 used already, 1 more asked"],
        allowed_with: &[("2_000_000, writes = 1", "2_000_000, writes = 2")],
    }

    /// One event more than the ceiling.
    event_past_the_ceiling {
        declares: "touches = []\nemits = [\"Seen\"]\nceilings = { gas = 2_000_000, events = 1 }",
        does: "(call $emit (i32.const 1) (i32.const 0) (i32.const 0))
            (call $emit (i32.const 1) (i32.const 0) (i32.const 0))",
        code: codes::CEILING_EVENTS,
        says: &["ceiling of 1 events, 1 used already, 1 more asked"],
        allowed_with: &[("events = 1 }", "events = 2 }")],
    }

    /// An event that the method does not list.
    undeclared_event {
        declares: "touches = []",
        does: "(call $emit (i32.const 1) (i32.const 0) (i32.const 0))",
        code: codes::UNDECLARED_EVENT,
        says: &["event id 1 is not among what the method emits"],
        allowed_with: &[("errors = [\"Status\"]", "errors = [\"Status\"]\nemits = [\"Seen\"]")],
    }

    /// Coins, with nothing about them declared.
    undeclared_transfer {
        declares: "touches = []",
        does: "(call $expect (call $transfer (i32.const 300) (i32.const 16)))",
        code: codes::UNDECLARED_SEND,
        says: &["sends allow 0 native in one call, 0 sent already, 1 more asked"],
        allowed_with: &[("errors = [\"Status\"]", "errors = [\"Status\"]\nsends = [{ asset = \"native\", max = 1 }]")],
    }

    /// More coins in all than declared.
    transfer_past_the_declared {
        declares: "touches = []\nsends = [{ asset = \"native\", max = 3000 }]",
        does: "(call $expect (call $transfer (i32.const 300) (i32.const 48)))
            (call $expect (call $transfer (i32.const 300) (i32.const 32)))",
        code: codes::UNDECLARED_SEND,
        says: &["sends allow 3000 native in one call, 2000 sent already, 1001 more asked"],
        allowed_with: &[("max = 3000", "max = 3001")],
    }

    /// Into an escrow.
    undeclared_escrow {
        declares: r#"item = { existing = "jobs", key = ["=1"] }
            touches = []
            escrows = [{ cell = "held", pays_out = true }]"#,
        does: "(call $expect (call $escrow_in (i32.const 4) (i32.const 0) (i32.const 8) (i32.const 16)))",
        code: codes::UNDECLARED_ESCROW,
        says: &["escrow cell id 4 is not among what `go` uses so"],
        allowed_with: &[("{ cell = \"held\", pays_out = true }", "{ cell = \"held\", pays_in = true }")],
    }

    /// Out of an escrow.
    undeclared_escrow_out {
        declares: r#"item = { existing = "jobs", key = ["=1"] }
            touches = []
            escrows = [{ cell = "held", pays_in = true }]
            sends = [{ asset = "native", max = "any" }]"#,
        does: "(call $expect (call $escrow_out (i32.const 4) (i32.const 0) (i32.const 8) (i32.const 300) (i32.const 16)))",
        code: codes::UNDECLARED_ESCROW,
        says: &["escrow cell id 4 is not among what `go` uses so"],
        allowed_with: &[("pays_in = true }]\n            sends", "pays_out = true }]\n            sends")],
    }

    /// Out of the escrow of an item that the call is not bound to.
    escrow_of_another_item {
        declares: r#"item = { existing = "jobs", key = ["=2"] }
            touches = []
            escrows = [{ cell = "held", pays_out = true }]
            sends = [{ asset = "native", max = "any" }]"#,
        does: "(call $expect (call $escrow_out (i32.const 4) (i32.const 0) (i32.const 8) (i32.const 300) (i32.const 16)))",
        code: codes::UNDECLARED_ESCROW,
        says: &["escrow `held`: `go` is not bound to this item, or it is not there"],
        allowed_with: &[(r#"["=2"]"#, r#"["=1"]"#)],
    }

    /// A contract that it may not call.
    undeclared_callee {
        declares: r#"touches = []
            calls = [{ contract = "self", method = "calm" }]"#,
        does: "(call $expect (call $call (i32.const 512) (i32.const 64) (i32.const 4)))",
        code: codes::UNDECLARED_CALL,
        says: &["method `calm` of contract 0x", "not declared"],
        allowed_with: &[("contract = \"self\"", "contract = \"arg.other\"")],
    }

    /// A method that it may not call, of a contract that it may.
    undeclared_method_of_a_callee {
        declares: r#"touches = []
            calls = [{ contract = "arg.other", method = "note" }]"#,
        does: "(call $expect (call $call (i32.const 512) (i32.const 64) (i32.const 4)))",
        code: codes::UNDECLARED_CALL,
        says: &["method `calm` of contract 0x", "not declared"],
        allowed_with: &[("method = \"note\"", "method = \"calm\"")],
    }

    /// A notification.
    undeclared_notification {
        declares: r#"touches = []
            calls = [{ contract = "arg.other", method = "calm" }]"#,
        does: "(call $notify (i32.const 512) (i32.const 64) (i32.const 4) (i32.const 256) (i32.const 0)
            (i32.const 256) (i32.const 0))",
        code: codes::UNDECLARED_NOTIFY,
        says: &["method `calm` of contract 0x", "not declared"],
        allowed_with: &[("\n            calls =", "\n            notifies =")],
    }

    /// Itself, while it runs.
    re_entry {
        declares: r#"touches = []
            reenter = "none"
            calls = [{ contract = "self", method = "calm" }]"#,
        does: "(call $self (i32.const 700)) (call $expect (call $call (i32.const 700) (i32.const 64) (i32.const 4)))",
        status: Some(codes::IN_FLIGHT),
        allowed_with: &[("reenter = \"none\"", "reenter = \"all\"")],
    }

    /// Somebody who does not hold the role.
    wrong_caller {
        declares: "touches = []\ncaller = [\"owner\"]",
        by: "//Bob",
        code: codes::WRONG_CALLER,
        says: &["role `owner`", "caller 0x", " found, expected "],
        allowed_with: &[("touches = []\ncaller = [\"owner\"]", "touches = []\ncaller = \"any\"")],
    }

    /// A contract that the holder of a role has called, and that passes itself off as that holder.
    wrong_caller_behind_its_signer {
        declares: r#"touches = []
            calls = [{ contract = "arg.other", method = "owners_only" }]"#,
        does: "(call $expect (call $call (i32.const 512) (i32.const 68) (i32.const 11)))",
        status: Some(codes::WRONG_CALLER),
        allowed_with: &[("caller = [\"owner\"]", "caller = \"any\"")],
    }

    /// Too early.
    before_the_window {
        declares: "touches = []\nwindow = { clock = \"height\", opens = \"100000\" }",
        code: codes::NOT_OPEN,
        says: &["height ", "open from 100000 on"],
        allowed_with: &[("opens = \"100000\"", "opens = \"2\"")],
    }

    /// Too late.
    after_the_window {
        declares: "touches = []\nwindow = { clock = \"height\", closes = \"2\" }",
        code: codes::PAST_WINDOW,
        says: &["height ", "closed from 2 on"],
        allowed_with: &[("closes = \"2\"", "closes = \"100000\"")],
    }

    /// A sum that an invariant bounds.
    breaking_a_sum {
        declares: "touches = \"unknown\"",
        does: "(call $expect (call $ledger_add (i32.const 3) (i32.const 300) (i32.const 32) (i32.const 32)))",
        code: codes::INVARIANT_BROKEN,
        says: &["invariant `backed` does not hold"],
        allowed_with: &[("sum(balances) <= 1000", "sum(balances) <= 1001")],
    }
}
