//! How an attempt is made: the guest around it, and what must be so afterwards.

use chainstack_client::manifest::from_toml;
use chainstack_primitives::codes;
use serde_json::Value;

use crate::chain::{Chain, with_manifest};

/// What every guest declares: cells of each kind, a machine of items, and methods that prepare an attempt.
const DECLARATION: &str = r#"
[contract]
name = "guest"

[errors.Status]
id = 1
fields = { status = "u32" }

[events.Seen]
id = 1

[roles.owner]
id = 1
kind = "account"
initial = "signer"

[cells.notes]
id = 1
kind = "map"
key = { id = "u64" }
head = { flag = { type = "bool", write_once = false }, size = { type = "u32", write_once = false } }
tail_max_bytes = 8

[cells.jobs]
id = 2
kind = "map"
key = { id = "u64" }
head = { by = "account" }
tail_max_bytes = 4

[cells.balances]
id = 3
kind = "ledger"
key = { owner = "account" }
sum = true

[cells.held]
id = 4
kind = "escrow"
item = "jobs"
asset = "native"

[machines.job]
id = 1
cell = "jobs"
states = { Open = 0, Done = 1, Lost = 2 }
initial = "Open"

[invariants.backed]
id = 1
rule = "sum(balances) <= 1000"

[transitions.fund]
value_max = "any"
touches = []
ceilings = { gas = 100_000 }

[transitions.note]
touches = [{ cell = "notes", key = ["*"], ops = ["set"] }]
ceilings = { gas = 500_000, writes = 1, new_entries = 1 }

[transitions.open]
args = { job = "u64" }
item = { new = "jobs", key = ["arg.job"] }
touches = [{ cell = "jobs", key = ["arg.job"], ops = ["set"] }]
ceilings = { gas = 500_000, writes = 1, new_entries = 1 }

[transitions.hold]
args = { job = "u64" }
item = { existing = "jobs", key = ["arg.job"] }
touches = []
escrows = [{ cell = "held", pays_in = true }]
ceilings = { gas = 500_000, writes = 1, new_entries = 1 }

[transitions.calm]
touches = []
ceilings = { gas = 100_000 }

[transitions.owners_only]
caller = ["owner"]
touches = []
ceilings = { gas = 100_000 }

[transitions.go]
args = { other = "account" }
"#;

/// The guest's module but for what `go` does. Keys 1 and 2 lie at 0 and 8, amounts 1, 1001 and 2000 at 16, 32 and 48,
/// method names from 64 on; zeros at 256, the caller at 300, the argument of `go` at 512.
const MODULE: &str = r#"(module
    (import "chainstack" "input" (func $input (param i32 i32) (result i32)))
    (import "chainstack" "caller" (func $caller (param i32)))
    (import "chainstack" "self" (func $self (param i32)))
    (import "chainstack" "revert" (func $revert (param i32 i32 i32)))
    (import "chainstack" "cell_get" (func $cell_get (param i32 i32 i32 i32 i32) (result i32)))
    (import "chainstack" "cell_set" (func $cell_set (param i32 i32 i32 i32 i32)))
    (import "chainstack" "cell_delete" (func $cell_delete (param i32 i32 i32) (result i32)))
    (import "chainstack" "ledger_add" (func $ledger_add (param i32 i32 i32 i32) (result i32)))
    (import "chainstack" "transition" (func $transition (param i32 i32)))
    (import "chainstack" "escrow_in" (func $escrow_in (param i32 i32 i32 i32) (result i32)))
    (import "chainstack" "escrow_out" (func $escrow_out (param i32 i32 i32 i32 i32) (result i32)))
    (import "chainstack" "emit" (func $emit (param i32 i32 i32)))
    (import "chainstack" "transfer" (func $transfer (param i32 i32) (result i32)))
    (import "chainstack" "invoke" (func $invoke (param i32 i32 i32 i32 i32 i32 i64) (result i32)))
    (import "chainstack" "notify" (func $notify (param i32 i32 i32 i32 i32 i32 i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\01")
    (data (i32.const 8) "\02")
    (data (i32.const 16) "\01")
    (data (i32.const 32) "\e9\03")
    (data (i32.const 48) "\d0\07")
    (data (i32.const 64) "calmowners_only")
    ;; Reverts with a status that is not 0.
    (func $expect (param $status i32)
        (if (local.get $status) (then
            (i32.store (i32.const 600) (local.get $status))
            (call $revert (i32.const 1) (i32.const 600) (i32.const 4)))))
    (func $set (param $cell i32) (param $key i32) (param $value i32) (param $size i32)
        (call $cell_set (local.get $cell) (local.get $key) (i32.const 8) (local.get $value) (local.get $size)))
    (func $call (param $contract i32) (param $name i32) (param $length i32) (result i32)
        (call $invoke (local.get $contract) (local.get $name) (local.get $length) (i32.const 256) (i32.const 0)
            (i32.const 256) (i64.const -1)))
    (func (export "fund"))
    (func (export "note") (call $set (i32.const 1) (i32.const 0) (i32.const 256) (i32.const 5)))
    (func (export "open")
        (drop (call $input (i32.const 512) (i32.const 8)))
        (call $caller (i32.const 300))
        (call $set (i32.const 2) (i32.const 512) (i32.const 300) (i32.const 32)))
    (func (export "hold")
        (call $expect (call $escrow_in (i32.const 4) (i32.const 0) (i32.const 8) (i32.const 48))))
    (func (export "calm"))
    (func (export "owners_only"))
    (func (export "go")
        (drop (call $input (i32.const 512) (i32.const 32)))
        (call $caller (i32.const 300))
        BODY))"#;

/// What is tried.
pub(super) struct Attempt {
    /// What `go` declares beside its arguments.
    pub(super) declares: &'static str,
    /// What `go` does: instructions.
    pub(super) does: &'static str,
    /// Who signs.
    pub(super) by: &'static str,
    /// The code of the refusal.
    pub(super) code: u16,
    /// What the guest was told, if it was told by a status and reverted with it.
    pub(super) status: Option<u16>,
    /// What the refusal says, beside the name of contract and method.
    pub(super) says: &'static [&'static str],
    /// Pieces of the declaration, and what to replace each by so that all of this is allowed.
    pub(super) allowed_with: &'static [(&'static str, &'static str)],
}

/// What most attempts have in common: Alice signs, who has deployed the guest.
pub(super) const ATTEMPT: Attempt = Attempt {
    declares: "",
    does: "",
    by: "//Alice",
    code: codes::REVERTED,
    status: None,
    says: &[],
    allowed_with: &[],
};

impl Attempt {
    fn code(&self, changes: &[(&str, &str)]) -> Vec<u8> {
        let ceilings = if self.declares.contains("ceilings") {
            ""
        } else {
            "ceilings = { gas = 2_000_000, reads = 9, writes = 9, new_entries = 9, events = 9 }\n"
        };
        let mut text = format!("{DECLARATION}{ceilings}errors = [\"Status\"]\n{}", self.declares);
        for (found, replaced) in changes {
            assert!(text.contains(found), "nothing to replace: {found}");
            text = text.replacen(found, replaced, 1);
        }
        let manifest = from_toml(&text).unwrap_or_else(|error| panic!("{}", error.shown_in(&text)));
        let module =
            wat::parse_str(MODULE.replace("BODY", self.does)).unwrap_or_else(|error| panic!("{error}"));
        with_manifest(&module, &manifest)
    }

    /// A chain with the guest, two jobs of Alice's, a note, coins free and coins held for job 1; and an honest
    /// contract of the same declaration beside it.
    fn chain(&self, changes: &[(&str, &str)]) -> Chain {
        let mut chain = Chain::new();
        let code = self.code(changes);
        for name in ["guest", "other"] {
            let _address = chain.deploy(name, "//Alice", &code, &Value::Null);
        }
        let prepared = [
            chain.paying("guest", "fund", &[], 9_000),
            chain.call("guest", "note", &[]),
            chain.call("guest", "open", &[("job", "1")]),
            chain.call("guest", "open", &[("job", "2")]),
            chain.call("guest", "hold", &[("job", "1")]),
        ];
        for call in prepared {
            let _output = chain.must("//Alice", call);
        }
        chain
    }

    pub(super) fn check(&self) {
        let mut chain = self.chain(&[]);
        let go = chain.call("guest", "go", &[("other", "other")]);
        let done = chain.refused(self.by, go);
        assert_eq!(done.code(), self.code, "{}", done.text);
        for word in self.says.iter().chain(&["guest.go at "]) {
            assert!(done.text.contains(word), "{word} expected: {}", done.text);
        }
        let told = self.status.map(|status| {
            let id = 1_u16.to_le_bytes();
            [id.as_slice(), u32::from(status).to_le_bytes().as_slice()].concat()
        });
        assert_eq!(done.receipt.revert.to_vec(), told.unwrap_or_default(), "{}", done.text);

        assert!(!self.allowed_with.is_empty(), "say what would allow it");
        let mut chain = self.chain(self.allowed_with);
        let go = chain.call("guest", "go", &[("other", "other")]);
        let done = chain.run(self.by, go);
        assert_eq!(done.code(), codes::OK, "allowed with {:?}: {}", self.allowed_with, done.text);
    }
}
