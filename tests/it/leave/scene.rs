//! Coins, tokens and a deed in escrow: the samples with one item each, and every state that an item can be brought into.

use std::collections::{BTreeMap, BTreeSet, VecDeque, btree_map::Entry};

use chainstack_audit::{Deadline, Lock, Options, Property, audit};
use chainstack_primitives::{
    Call,
    manifest::{
        Cell, CellKind, Clock, Machine, Manifest, Node, account_holder, escrow_holder, validate_value,
    },
};
use chainstack_runtime::state::reserved;
use serde_json::{Value, json};

use crate::chain::{self, Chain, artifact, key, manifest_of, with_manifest};

/// Who brings coins, tokens and the deed.
pub(super) const OWNER: &str = "//Alice";
/// Who is to get them, if not the owner.
pub(super) const OTHER: &str = "//Bob";
/// Who has issued tokens and deeds.
pub(super) const ISSUER: &str = "//Charlie";
/// The custodian, who has deployed the samples.
const CUSTODIAN: &str = "//Dave";
/// Who has no role anywhere.
pub(super) const STRANGER: &str = "//Ferdie";

/// What is in escrow: coins, tokens, and the deed with this number.
pub(super) const COINS: u128 = 1_000;
pub(super) const TOKENS: u128 = 300;
pub(super) const DEED: u64 = 7;

/// Key of the item that each sample has.
pub(super) const ITEM: [u8; 8] = 1_u64.to_le_bytes();

/// A contract with escrow.
pub(super) struct Sample {
    pub(super) name: &'static str,
    /// Who holds its roles.
    pub(super) roles: &'static [(&'static str, &'static str)],
    /// The argument by which its methods name an item.
    item: &'static str,
    /// Methods of an item that is there: who calls it with which value.
    moves: &'static [(&'static str, &'static str, u128)],
    /// Who gets what is held in each of its states.
    pub(super) receivers: &'static [(&'static str, &'static str)],
}

pub(super) const SAMPLES: [Sample; 3] = [
    Sample {
        name: "escrow",
        roles: &[("buyer", OWNER), ("seller", OTHER)],
        item: "deal",
        moves: &[("release", OWNER, 0), ("decline", OTHER, 0)],
        receivers: &[("Funded", OWNER), ("Released", OTHER), ("Declined", OWNER)],
    },
    Sample {
        name: "auction",
        roles: &[("seller", OWNER)],
        item: "lot",
        moves: &[("cancel", OWNER, 0), ("buy", OTHER, 5_000)],
        // Sold, if the code did not hand the lot over.
        receivers: &[("Open", OWNER), ("Cancelled", OWNER), ("Sold", OWNER)],
    },
    Sample {
        name: "custody",
        roles: &[("custodian", CUSTODIAN), ("beneficiary", OTHER)],
        item: "vault",
        moves: &[("release", CUSTODIAN, 0), ("decline", OTHER, 0)],
        receivers: &[("Held", OWNER), ("Released", OTHER), ("Declined", OWNER)],
    },
];

pub(super) fn sample(name: &str) -> &'static Sample {
    SAMPLES.iter().find(|sample| sample.name == name).expect("a sample")
}

/// A chain with an item of each sample, in whatever state.
#[derive(Clone)]
pub(super) struct Scene {
    pub(super) chain: Chain,
    /// Who gets what the owner does not.
    pub(super) other: &'static str,
}

impl Scene {
    /// The samples as they are committed.
    pub(super) fn new() -> Self {
        Self::with(None, OTHER)
    }

    /// As [`Self::new`], for `other`; or with another manifest in one sample.
    pub(super) fn with(changed: Option<(&str, &Manifest)>, other: &'static str) -> Self {
        let mut chain = Chain::new();
        let gold = json!({
            "name": "Gold", "symbol": "GLD", "decimals": 0, "supply": "1000", "owner": ISSUER, "pausable": true,
        });
        let _gold = chain.deploy("gold", ISSUER, &artifact("erc20"), &gold);
        let _deeds = chain.deploy("deeds", ISSUER, &artifact("deed"), &Value::Null);
        for sample in &SAMPLES {
            let code = artifact(sample.name);
            let code = match changed {
                Some((name, manifest)) if name == sample.name => with_manifest(&code, manifest),
                _ => code,
            };
            let _address = chain.deploy(sample.name, CUSTODIAN, &code, &Value::Null);
        }
        let given = chain.call("gold", "transfer", &[("to", OWNER), ("amount", &TOKENS.to_string())]);
        let mint = [("id", "7"), ("to", OWNER), ("soulbound", "false")];
        let minted = chain.call("deeds", "mint", &mint);
        for call in [given, minted] {
            let _output = chain.must(ISSUER, call);
        }
        // Uploaded before the clock of the locks starts: what will stand in for the code.
        for name in SAMPLES.iter().map(|each| each.name).chain(["gold", "deeds"]) {
            let manifest = chain.manifest(name).clone();
            let _hashes =
                [chain::trapping(&manifest), chain::idle(&manifest)].map(|code| chain.upload(&code));
        }
        let mut scene = Self { chain, other };
        let soon = scene.chain.next_height() + 16;
        for (due, sample) in (soon..).zip(&SAMPLES) {
            let opening = scene.opening(sample, "1", due);
            let _output = scene.chain.must(OWNER, opening);
        }
        scene
    }

    /// Opens an item that can be had back from height `due` on.
    pub(super) fn opening(&self, sample: &Sample, item: &str, due: u64) -> Call {
        let due = due.to_string();
        let chain = &self.chain;
        match sample.name {
            "escrow" => {
                let args = [("deal", item), ("seller", self.other), ("deadline", &due)];
                chain.paying("escrow", "open", &args, COINS)
            }
            "auction" => {
                let lot = [("lot", item), ("asset", "deeds"), ("id", "7")];
                let price = [("start", "5000"), ("floor", "100"), ("closes", due.as_str())];
                chain.sending("auction", "open", &[lot, price].concat(), ("deeds", 1))
            }
            _ => {
                let amount = TOKENS.to_string();
                let vault = [("vault", item), ("beneficiary", self.other), ("token", "gold")];
                let args = [vault.as_slice(), &[("amount", &amount), ("until", &due)]].concat();
                chain.sending("custody", "bring", &args, ("gold", TOKENS))
            }
        }
    }

    pub(super) fn manifest(&self, sample: &Sample) -> &Manifest {
        self.chain.manifest(sample.name)
    }

    /// The one machine of a sample: that of its items.
    fn machine(&self, sample: &Sample) -> &Machine {
        self.manifest(sample).machines.first().expect("a machine")
    }

    fn items(&self, sample: &Sample) -> &Cell {
        let manifest = self.manifest(sample);
        self.machine(sample).cell.and_then(|id| manifest.cell(id)).expect("a cell of items")
    }

    /// Name of the state that the item is in; none if it is gone.
    pub(super) fn state(&self, sample: &Sample) -> Option<String> {
        let entry = self.chain.entry(sample.name, self.items(sample).id, &ITEM)?;
        let found = entry.value.first().expect("a state");
        let state = self.machine(sample).states.iter().find(|state| state.id == *found);
        Some(state.expect("a declared state").name.to_string())
    }

    /// Whether every exit that the item's state has waits for something.
    pub(super) fn must_wait(&self, sample: &Sample) -> bool {
        let state = self.state(sample).expect("an item");
        let id = self.machine(sample).states.iter().find(|found| *found.name == *state).expect("declared").id;
        let mut exits = self
            .manifest(sample)
            .exits
            .iter()
            .filter(|exit| exit.from.iter().any(|set| set.states.contains(&id)));
        exits.all(|exit| exit.window.is_some())
    }

    /// Whether the item's escrow holds something.
    pub(super) fn holds(&self, sample: &Sample) -> bool {
        let escrow = |cell: &&Cell| matches!(cell.kind, CellKind::Escrow(_));
        let cell = self.manifest(sample).cells.iter().find(escrow).expect("an escrow");
        let holder = escrow_holder(&self.chain.address(sample.name), cell.id, &ITEM);
        let entry = |cell: u16| self.chain.entry(sample.name, cell, &holder);
        entry(reserved::NATIVE_ESCROWS).or(entry(reserved::ASSET_ESCROWS)).is_some()
    }

    /// Value of a head field of the item by index, a `u64`.
    fn field(&self, sample: &Sample, index: u8) -> u64 {
        let cell = self.items(sample);
        let entry = self.chain.entry(sample.name, cell.id, &ITEM).expect("an item");
        let CellKind::Map(map) = &cell.kind else { panic!("items are kept in a map") };
        let mut rest = &entry.value[1..];
        for (found, field) in (0..).zip(&map.head) {
            let before = rest;
            validate_value(self.manifest(sample), &field.ty, &mut rest).expect("a field");
            if found == index {
                let bytes = &before[..before.len() - rest.len()];
                return u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
            }
        }
        panic!("no field {index}")
    }

    /// The height by which the audit of the committed artifact says that the item's escrow can be emptied.
    pub(super) fn lock(&self, sample: &Sample) -> u64 {
        let manifest = manifest_of(&artifact(sample.name));
        let report = audit(&manifest, &Options::default());
        let mut claims = report.claims.iter().filter(|claim| claim.property == Property::P5);
        let claim = claims.next().expect("a claim of the longest lock");
        assert!(claims.next().is_none(), "one escrow, one lock");
        let Some(Lock::Until(moments)) = &claim.lock else { panic!("{}", claim.sentence) };
        let [Deadline { clock: Clock::Height, bound, item: Some(item), .. }] = moments.as_slice() else {
            panic!("not one height of the item: {}", claim.sentence)
        };
        let [Node::Head(field)] = bound.as_slice() else { panic!("not one field: {}", claim.sentence) };
        assert_eq!(*item, *self.items(sample).name, "{}", claim.sentence);
        self.field(sample, *field)
    }

    /// Seals empty blocks until the next one has this height.
    fn wait(&mut self, height: u64) {
        while self.chain.next_height() < height {
            let _nothing = self.chain.seal(Vec::new());
        }
    }

    /// What a party can do with the item of a sample, methods and exits, now.
    fn moves(&self, sample: &Sample) -> Vec<(&'static str, Call)> {
        let methods = sample.moves.iter().map(|(method, by, value)| {
            (*by, self.chain.paying(sample.name, method, &[(sample.item, "1")], *value))
        });
        let exits = self.manifest(sample).exits.iter();
        let exits = exits.map(|exit| (STRANGER, self.chain.poke(sample.name, exit.id, &ITEM)));
        methods.chain(exits).collect()
    }

    /// Methods that a party calls with an item that is there.
    pub(super) fn methods(&self, sample: &Sample) -> Vec<(&'static str, Call)> {
        self.moves(sample).into_iter().take(sample.moves.len()).collect()
    }

    /// This scene, and one for each other state that the sample's item can be brought into, with its escrow full or
    /// empty: by whoever acts, now or when time has passed, with the code as it is or with code that does nothing. The
    /// one without a state has no item any more.
    pub(super) fn states(self, sample: &Sample) -> BTreeMap<(Option<String>, bool), Self> {
        let mut waiting = VecDeque::from([self.clone()]);
        let mut found = BTreeMap::from([((self.state(sample), self.holds(sample)), self)]);
        while let Some(scene) = waiting.pop_front() {
            if scene.state(sample).is_none() {
                continue;
            }
            let mut late = scene.clone();
            late.wait(scene.lock(sample));
            let mut idle = scene.clone();
            idle.chain.replace_code(sample.name, &chain::idle(scene.manifest(sample)));
            for before in [scene, late, idle] {
                for (by, call) in before.moves(sample) {
                    let mut next = before.clone();
                    let _done = next.chain.run(by, call);
                    let reached = (next.state(sample), next.holds(sample));
                    if let Entry::Vacant(free) = found.entry(reached) {
                        let _first = free.insert(next.clone());
                        waiting.push_back(next);
                    }
                }
            }
        }
        found
    }

    /// Methods of the sample that no move here takes, though they need an item that is there; states that were not
    /// reached.
    pub(super) fn overlooked(self, sample: &Sample) -> Vec<String> {
        use chainstack_primitives::manifest::ItemBinding;
        let of_items = self.manifest(sample).transitions.iter();
        let of_items = of_items.filter(|method| matches!(method.item, ItemBinding::Existing { .. }));
        let taken = |name: &str| sample.moves.iter().any(|(method, ..)| *method == name);
        let methods = of_items.map(|method| method.method.to_string()).filter(|name| !taken(name));
        let mut missed: Vec<String> = methods.collect();
        let declared: Vec<String> =
            self.machine(sample).states.iter().map(|state| state.name.to_string()).collect();
        let reached: BTreeSet<String> =
            self.states(sample).into_keys().filter_map(|(state, _)| state).collect();
        missed.extend(declared.into_iter().filter(|state| !reached.contains(state)));
        missed
    }

    /// What the token's ledger has of an account.
    pub(super) fn tokens(&self, who: &str) -> Option<u128> {
        let entry = self.chain.entry("gold", 1, &account_holder(&key(who)))?;
        Some(u128::from_le_bytes(entry.value.as_slice().try_into().expect("an amount")))
    }

    /// Whether somebody owns the deed.
    pub(super) fn owns_the_deed(&self, who: &str) -> bool {
        let entry = self.chain.entry("deeds", 1, &DEED.to_le_bytes()).expect("a deed");
        entry.value.starts_with(&account_holder(&key(who)))
    }
}
